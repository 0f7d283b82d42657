"""Every address of the web application."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, path
from django.views.generic import RedirectView

from annotator.api.router import api
from annotator.pages import (
    account,
    analytics,
    apply,
    audit,
    compare,
    connecting,
    consensus,
    deleting,
    jobs,
    notifications,
    openid,
    people,
    projects,
    quality,
    queues,
    storage,
    tokens,
    two_factor,
    webhooks,
    workspaces,
)
from annotator.pages.editor import editor
from annotator.pages.health import health
from annotator.pages.home import home
from annotator.pages.second_step import second_step
from annotator.pages.sign_in import AdminSignIn, SignIn

handler400 = "annotator.pages.errors.not_understood"
handler404 = "annotator.pages.errors.not_found"
handler500 = "annotator.pages.errors.failed"
urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/login/", AdminSignIn.as_view()),
    path("admin/password_change/", RedirectView.as_view(url="/account/#password")),
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("healthz/", health, name="health"),
    path("connect.py", connecting.script, name="connect-script"),
    path("", home, name="home"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-in/code/", second_step, name="sign-in-code"),
    path("sign-in/openid/", openid.begin, name="openid"),
    path("sign-in/openid/return/", openid.come_back, name="openid-return"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("account/openid/", openid.change_link, name="openid-link"),
    path("account/two-factor/", two_factor.two_factor, name="two-factor"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("notifications/read/", notifications.read, name="notifications-read"),
    path("invite/<str:token>/", account.invitation, name="invitation"),
    path("people/", people.people, name="people"),
    path("people/<int:person_id>/active/", people.set_active, name="person-active"),
    path("people/<int:person_id>/admin/", people.set_admin, name="person-admin"),
    path("people/<int:person_id>/password/", people.new_password, name="person-password"),
    path("people/<int:person_id>/two-factor/", people.reset_two_factor, name="person-two-factor"),
    path("people/storage/", storage.storage, name="storage"),
    path("people/log/", audit.of_server, name="server-log"),
    path("workspaces/new/", workspaces.new, name="workspace-new"),
    path("workspaces/<int:workspace_id>/", workspaces.projects, name="workspace"),
    path("workspaces/<int:workspace_id>/members/", workspaces.members, name="members"),
    path("workspaces/<int:workspace_id>/networks/", workspaces.networks, name="networks"),
    path("workspaces/<int:workspace_id>/log/", audit.of_workspace, name="workspace-log"),
    path("workspaces/<int:workspace_id>/settings/", workspaces.settings, name="workspace-settings"),
    path("workspaces/<int:workspace_id>/quota/", storage.set_limit, name="workspace-quota"),
    path("workspaces/<int:workspace_id>/second-factor/", workspaces.second_factor, name="workspace-second-factor"),
    path("workspaces/<int:workspace_id>/invitations/", workspaces.send_invitation, name="invite"),
    path("workspaces/<int:workspace_id>/machines/", workspaces.add_machine, name="machine-new"),
    path("workspaces/<int:workspace_id>/projects/new/", projects.new, name="project-new"),
    path("workspaces/<int:workspace_id>/import/", workspaces.bring, name="project-import"),
    path("invitations/<int:invitation_id>/end/", workspaces.end_invitation, name="invitation-end"),
    path("members/<int:membership_id>/role/", workspaces.set_role, name="member-role"),
    path("members/<int:membership_id>/end/", workspaces.end_membership, name="member-end"),
    path("machines/<int:agent_id>/end/", workspaces.end_machine, name="machine-end"),
    path("projects/<int:project_id>/", projects.videos, name="project"),
    path("projects/<int:project_id>/jobs/", jobs.jobs, name="jobs"),
    path("projects/<int:project_id>/jobs/split/", jobs.split, name="jobs-split"),
    path("projects/<int:project_id>/jobs/hand-out/", jobs.hand_out, name="jobs-hand-out"),
    path("projects/<int:project_id>/review/", queues.queues, name="queues"),
    path("projects/<int:project_id>/analytics/", analytics.analytics, name="analytics"),
    path("projects/<int:project_id>/apply/", apply.apply, name="apply"),
    path("projects/<int:project_id>/quality/", quality.quality, name="quality"),
    path("projects/<int:project_id>/quality/gold/", quality.add_gold, name="gold-new"),
    path("projects/<int:project_id>/quality/pass-mark/", quality.pass_mark, name="pass-mark"),
    path("gold/<int:gold_id>/end/", quality.end_gold, name="gold-end"),
    path("projects/<int:project_id>/labels/", projects.labels, name="labels"),
    path("projects/<int:project_id>/settings/", projects.settings, name="project-settings"),
    path("projects/<int:project_id>/lock/", projects.lock, name="project-lock"),
    path("projects/<int:project_id>/webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<int:webhook_id>/", webhooks.webhook, name="webhook"),
    path("webhooks/<int:webhook_id>/do/", webhooks.do, name="webhook-do"),
    path("webhooks/<int:webhook_id>/again/", webhooks.again, name="delivery-again"),
    path("projects/<int:project_id>/delete/", deleting.delete, name="project-delete"),
    path("projects/<int:project_id>/archive/", projects.archive, name="project-archive"),
    path("projects/<int:project_id>/jobs/take/", jobs.take, name="jobs-take"),
    path("projects/<int:project_id>/accepting/", jobs.set_accepting, name="project-accepting"),
    path("projects/<int:project_id>/taking/", jobs.set_taking, name="project-taking"),
    path("projects/<int:project_id>/consensus/", consensus.new, name="consensus-new"),
    path("consensus/<int:consensus_id>/", consensus.consensus, name="consensus"),
    path("consensus/<int:consensus_id>/do/", consensus.do, name="consensus-do"),
    path("consensus/<int:consensus_id>/decide/", consensus.settle, name="consensus-decide"),
    path("jobs/<int:job_id>/", jobs.job, name="job"),
    path("jobs/<int:job_id>/step/", jobs.step, name="job-step"),
    path("jobs/<int:job_id>/reviewers/", jobs.set_reviewers, name="job-reviewers"),
    path("videos/<int:video_id>/edit/", editor, name="editor"),
    path("videos/<int:video_id>/compare/", compare.compare, name="compare"),
]
