"""Who may do what. Fetching an object here IS the permission check: views, endpoints and sockets hold no object that
did not come from one of these functions.

A stranger gets ``Http404``: they can't tell a thing they may not see from one that doesn't exist. A member whose role
is too weak gets ``PermissionDenied`` with a sentence that says which role it needs.
"""

from __future__ import annotations

from typing import Literal, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, Q, QuerySet
from django.http import Http404
from django.utils import timezone

from annotator.models import (
    Agent,
    ApiToken,
    Comment,
    Consensus,
    ConsensusCopy,
    Gold,
    Invitation,
    Issue,
    Job,
    Layer,
    LayerKind,
    Membership,
    Parcel,
    Preview,
    Project,
    Removal,
    Role,
    Run,
    Scope,
    SecondFactor,
    Stage,
    StoredWeights,
    Sweep,
    Transfer,
    Upload,
    Video,
    Webhook,
    Workspace,
)
from annotator.models.user import User

Need = Literal["view", "annotate", "review", "manage", "admin"]
Person = User | AnonymousUser
Found = TypeVar("Found", bound=Model)

NOTHING = "There is nothing here, or it isn't shared with you."


class SecondFactorNeeded(PermissionDenied):
    """A workspace asks its members for two-factor sign-in, and this one hasn't set it up."""

    def __init__(self, workspace: str) -> None:
        super().__init__(
            f"{workspace} is open only to members with two-factor sign-in. Set it up in your account, by a browser: "
            "everything is open to you again then."
        )


class LeadsOn(Http404):
    """Nothing here, but something around it.

    Args:
        way_on, way_on_name: the address and name of what is there; empty: nothing is.
    """

    def __init__(self, message: str, *, way_on: str, way_on_name: str) -> None:
        super().__init__(message)
        self.way_on = way_on
        self.way_on_name = way_on_name


class Gone(LeadsOn):
    """Something that the person might see, were it still there. The message says what became of it."""

    def __init__(self, removal: Removal) -> None:
        super().__init__(str(removal), way_on=removal.way_on, way_on_name=removal.way_on_name)


RANK: dict[str, int] = {role: rank for rank, role in enumerate(reversed(Role.values))}
NEEDED: dict[Need, Role] = {
    "view": Role.VIEWER,
    "annotate": Role.ANNOTATOR,
    "review": Role.REVIEWER,
    "manage": Role.MANAGER,
    "admin": Role.ADMIN,
}

WITHIN: dict[str, Role] = {Scope.READ: Role.VIEWER, Scope.ANNOTATE: Role.REVIEWER, Scope.MANAGE: Role.ADMIN}
"""The strongest role that whoever asks by a token has, by the token's scope."""


def may(role: str, need: Need) -> bool:
    """Whether ``role`` is at least what ``need`` asks for."""
    return RANK[role] >= RANK[NEEDED[need]]


def role_in(user: Person, workspace_id: int) -> str:
    """The user's role; by a token, as much of it as its scope takes. Raises Http404 for anybody who is no member; a
    superuser is an admin everywhere."""
    role = _own_role_in(user, workspace_id)
    scope = _scope_of(user)
    return min(role, WITHIN[scope], key=RANK.__getitem__) if scope else role


def _own_role_in(user: Person, workspace_id: int) -> str:
    if user.is_superuser and user.is_active:
        asks = Workspace.objects.filter(pk=workspace_id).values_list("second_factor_from", "name").first()
        role: str = Role.ADMIN
    else:
        mine = _memberships(user).filter(workspace_id=workspace_id)
        found = mine.values_list("role", "workspace__second_factor_from", "workspace__name").first()
        if found is None:
            raise Http404(NOTHING)
        role, asks = found[0], found[1:]
    if asks is not None and asks[0] is not None and asks[0] <= timezone.now() and not _has_second_factor(user):
        raise SecondFactorNeeded(asks[1])
    return role


def require_second_factor(user: Person) -> None:
    """Raises SecondFactorNeeded where the user has none, and a workspace of theirs asks for it by now."""
    asking = asking_for_second_factor(user).filter(second_factor_from__lte=timezone.now()).first()
    if asking is not None:
        raise SecondFactorNeeded(asking.name)


def asking_for_second_factor(user: Person) -> QuerySet[Workspace]:
    """The workspaces that ask the user for two-factor sign-in, now or soon, which they haven't set up. Site admins, who
    are let in everywhere, are asked by all of them."""
    asking = Workspace.objects.filter(second_factor_from__isnull=False).order_by("second_factor_from")
    without = ~Exists(SecondFactor.objects.filter(user_id=user.pk or 0))
    if user.is_superuser and user.is_active:
        return asking.filter(without)
    return asking.filter(without, memberships__in=_memberships(user))


def _has_second_factor(user: Person) -> bool:
    return SecondFactor.objects.filter(user_id=user.pk or 0).exists()


def _scope_of(user: Person) -> str:
    return "" if isinstance(user, AnonymousUser) else user.token_scope


def check(user: Person, workspace_id: int, need: Need) -> str:
    """The user's role, if it is enough. Raises Http404 or PermissionDenied."""
    role = role_in(user, workspace_id)
    if not may(role, need):
        if (scope := _scope_of(user)) and may(_own_role_in(user, workspace_id), need):
            enough = " or ".join(each for each, most in WITHIN.items() if may(most, need))
            raise PermissionDenied(f"This needs a token with the scope {enough}; this one has the scope {scope}.")
        raise PermissionDenied(
            f"This needs the role {NEEDED[need].label.lower()}; yours is {Role(role).label.lower()}."
        )
    return role


def my_workspaces(user: Person) -> QuerySet[Workspace]:
    if user.is_superuser and user.is_active:
        return Workspace.objects.all()
    return Workspace.objects.filter(memberships__in=_memberships(user))


def access_workspace(user: Person, workspace_id: int, need: Need) -> Workspace:
    check(user, workspace_id, need)
    return _get(Workspace.objects.all(), workspace_id)


def access_membership(user: Person, membership_id: int, need: Need) -> Membership:
    membership = _get(Membership.objects.select_related("workspace", "user"), membership_id)
    check(user, membership.workspace_id, need)
    return membership


def access_invitation(user: Person, invitation_id: int, need: Need) -> Invitation:
    invitation = _get(Invitation.objects.select_related("workspace"), invitation_id)
    check(user, invitation.workspace_id, need)
    return invitation


def access_person(user: Person, person_id: int) -> User:
    """An account, for site admins."""
    if not _is_site_admin(user):
        raise PermissionDenied("This is for site admins.")
    return _get(User.objects.filter(not_here=False), person_id)


def access_server(user: Person) -> None:
    """What is of the whole installation: for site admins, by a token of theirs only with the scope manage."""
    if not _is_site_admin(user):
        raise PermissionDenied("This is for site admins.")
    require_scope_manage(user)


def access_project(user: Person, project_id: int, need: Need) -> Project:
    project = _get(Project.objects.select_related("workspace"), project_id)
    check(user, project.workspace_id, need)
    if need in ("annotate", "review"):
        require_at_work(project)
    return project


def access_analytics(user: Person, project_id: int) -> tuple[Project, int | None]:
    """A project whose work is looked at, also when it is archived, and whose work that is: None, everybody's, for
    managers; annotators and reviewers see their own."""
    project = access_project(user, project_id, "view")
    role = check(user, project.workspace_id, "annotate")
    return project, None if may(role, "manage") else user.pk


def require_at_work(project: Project) -> None:
    """Raises PermissionDenied for an archived project, whose labels, jobs and annotations nobody changes."""
    if project.archived_at is not None:
        raise PermissionDenied(
            f"The project “{project.name}” is archived: its annotations, labels and jobs stay as they are. "
            "A manager can restore it in its settings."
        )


def access_video(user: Person, video_id: int, need: Need) -> Video:
    video = _find(user, Video.objects.select_related("project__workspace"), video_id, Removal.Kind.VIDEO)
    check(user, video.project.workspace_id, need)
    return video


def access_api_token(user: User, token_id: int) -> ApiToken:
    """A token by which programs use the API: its owner's alone."""
    return _get(ApiToken.objects.filter(user_id=user.pk, revoked_at=None), token_id)


def require_scope_manage(user: Person) -> None:
    """What is of one's account, and lasts: by a token, only with the scope manage. Raises PermissionDenied."""
    if (scope := _scope_of(user)) and scope != Scope.MANAGE:
        raise PermissionDenied(f"This needs a token with the scope {Scope.MANAGE}; this one has the scope {scope}.")


def access_webhook(user: Person, webhook_id: int, need: Need) -> Webhook:
    webhook = _get(Webhook.objects.select_related("project__workspace"), webhook_id)
    check(user, webhook.project.workspace_id, need)
    return webhook


def access_upload(user: Person, upload_id: UUID) -> Upload:
    """An upload belongs to the person who began it, as long as they may manage its project."""
    upload = _get(Upload.objects.select_related("project__workspace").filter(created_by_id=user.pk), upload_id)
    check(user, upload.project.workspace_id, "manage")
    return upload


def access_layer(user: Person, layer_id: int, need: Need) -> Layer:
    layer = _find(user, Layer.objects.select_related("video__project__workspace"), layer_id, Removal.Kind.LAYER)
    require_shown(user, layer)
    check(user, layer.video.project.workspace_id, need)
    if need != "view":
        require_at_work(layer.video.project)
    return layer


def require_shown(user: Person, layer: Layer | None) -> None:
    """Raises Http404 where a layer is hidden from the user, who is a member (``hidden_layers``)."""
    if layer is None or layer.kind not in (LayerKind.GROUND_TRUTH, LayerKind.REPLICA):
        return
    if hidden_layers(user, layer.video.project).filter(pk=layer.pk).exists():
        raise Http404(NOTHING)


def hidden_layers(user: Person, project: Project) -> QuerySet[Layer]:
    """The layers of a project that the user doesn't see: gold, from who is scored against it; the copies of a consensus
    that isn't merged, from everybody who annotates but a copy's own annotator. A reviewer sees them unless they
    annotate one themselves, a manager sees all."""
    layers = Layer.objects.filter(video__project=project)
    role = role_in(user, project.workspace_id)
    if may(role, "manage"):
        return layers.none()
    copies = ConsensusCopy.objects.filter(consensus__merged_at=None).exclude(job__assignee=user.pk)
    if may(role, "review"):
        copies = copies.filter(consensus__in=Consensus.objects.filter(copies__job__assignee=user.pk))
        return layers.filter(pk__in=copies.values("layer"))
    return layers.filter(Q(gold__isnull=False) | Q(pk__in=copies.values("layer")))


def access_consensus(user: Person, consensus_id: int, need: Need) -> Consensus:
    """A consensus, to be looked at by reviewers; by those who annotate a copy of it once it is merged."""
    consensus = _get(Consensus.objects.select_related("video__project__workspace", "merged_into"), consensus_id)
    role = check(user, consensus.video.project.workspace_id, "review" if need == "view" else need)
    blind = consensus.merged_at is None and not may(role, "manage")
    if blind and consensus.copies.filter(job__assignee=user.pk).exists():
        raise PermissionDenied("You annotate a copy of this consensus: you see the others' once it is merged.")
    if need != "view":
        require_at_work(consensus.video.project)
    return consensus


def access_quality(user: Person, project_id: int) -> Project:
    """A project whose gold and scores are looked at: by reviewers and above, also when it is archived."""
    project = access_project(user, project_id, "view")
    check(user, project.workspace_id, "review")
    return project


def access_gold(user: Person, gold_id: int) -> Gold:
    """Frames that are taken out of the gold: by managers."""
    gold = _get(Gold.objects.select_related("layer__video__project"), gold_id)
    access_layer(user, gold.layer_id, "manage")
    return gold


TO_MAKE: dict[str, Need] = {
    LayerKind.REPLICA: "annotate",
    LayerKind.GROUND_TRUTH: "review",
    LayerKind.MODEL: "review",
}
"""What it needs to make a layer of a kind; a main one comes with its video."""


def access_video_for_layer(user: Person, video_id: int, kind: LayerKind) -> Video:
    """A video of which somebody makes a layer: annotators a replica of their own, reviewers any kind."""
    video = access_video(user, video_id, TO_MAKE.get(kind, "review"))
    require_at_work(video.project)
    return video


def access_layer_itself(user: Person, layer_id: int, need: Need) -> Layer:
    """A layer whose name changes, or that goes: its owner's, as long as they annotate; others need ``need``."""
    layer = access_layer(user, layer_id, "annotate")
    if not _owns(user, layer):
        check(user, layer.video.project.workspace_id, need)
    return layer


def may_change_itself(user: Person, layer: Layer, need: Need) -> bool:
    """Whether ``access_layer_itself`` lets the user in, who may see the layer, and the layer isn't a main one."""
    if layer.kind == LayerKind.MAIN or layer.video.project.archived_at is not None:
        return False
    return may(role_in(user, layer.video.project.workspace_id), "annotate" if _owns(user, layer) else need)


def access_layer_to_comment(user: Person, layer_id: int) -> Layer:
    """A layer on which somebody opens an issue: every member may, as that changes no annotation."""
    layer = access_layer(user, layer_id, "view")
    require_at_work(layer.video.project)
    return layer


def access_issue(user: Person, issue_id: UUID) -> Issue:
    """An issue, to be read."""
    issue = _get(Issue.objects.select_related(*ISSUE), issue_id)
    check(user, issue.layer.video.project.workspace_id, "view")
    require_shown(user, issue.layer)
    return issue


def access_issue_to_comment(user: Person, issue_id: UUID) -> Issue:
    """An issue in which somebody says something: every member may."""
    issue = access_issue(user, issue_id)
    require_at_work(issue.layer.video.project)
    return issue


def access_issue_to_settle(user: Person, issue_id: UUID) -> Issue:
    """An issue that is resolved or reopened: by who opened it, and by annotators and above."""
    issue = access_issue_to_comment(user, issue_id)
    if issue.opened_by_id is None or issue.opened_by_id != user.pk:
        check(user, issue.layer.video.project.workspace_id, "annotate")
    return issue


def access_comment(user: Person, comment_id: UUID, *, to_delete: bool = False) -> Comment:
    """A comment that changes: its author's alone. Deleted it may be by managers, too."""
    related = ("author", *(f"issue__{each}" for each in ISSUE))
    comment = _get(Comment.objects.select_related(*related), comment_id)
    workspace_id = comment.issue.layer.video.project.workspace_id
    role = check(user, workspace_id, "view")
    require_shown(user, comment.issue.layer)
    require_at_work(comment.issue.layer.video.project)
    if (comment.author_id is None or comment.author_id != user.pk) and not (to_delete and may(role, "manage")):
        whose = "its author or a manager" if to_delete else "its author"
        raise PermissionDenied(f"A comment is changed by {whose} alone.")
    return comment


ISSUE = ("layer__video__project__workspace", "track__label", "opened_by", "resolved_by")
"""What is read with an issue."""


def access_job(user: Person, job_id: int, need: Need) -> Job:
    jobs = Job.objects.select_related("video__project__workspace", "layer", "assignee", "reviewer")
    job = _find(user, jobs, job_id, Removal.Kind.JOB)
    job.layer.video = job.video
    require_shown(user, job.layer)
    check(user, job.video.project.workspace_id, need)
    if need != "view":
        require_at_work(job.video.project)
    return job


def access_run(user: Person, run_id: UUID, need: Need) -> Run:
    run = _get(Run.objects.select_related("layer__video__project__workspace", "agent", "created_by"), run_id)
    check(user, run.layer.video.project.workspace_id, need)
    require_shown(user, run.layer)
    if need != "view":
        require_at_work(run.layer.video.project)
    return run


def access_transfer(user: Person, transfer_id: UUID, need: Need) -> Transfer:
    transfer = _get(Transfer.objects.select_related("layer__video__project", "project"), transfer_id)
    check(user, transfer.whose.workspace_id, need)
    require_shown(user, transfer.layer)
    return transfer


def access_sweep(user: Person, sweep_id: UUID, need: Need) -> Sweep:
    sweep = _get(Sweep.objects.select_related("project__workspace", "created_by"), sweep_id)
    check(user, sweep.project.workspace_id, need)
    return sweep


def access_video_to_preview(user: Person, video_id: int) -> Video:
    """A video of which somebody has a machine look at a frame, as those do who let it find objects."""
    video = access_video(user, video_id, "annotate")
    require_at_work(video.project)
    return video


def access_preview(user: Person, preview_id: UUID) -> Preview:
    """A preview belongs to the person who asked for it, as long as they may annotate where it is of."""
    mine = Preview.objects.select_related("video__project__workspace", "workspace").filter(created_by_id=user.pk)
    preview = _get(mine.exclude(created_by=None), preview_id)
    check(user, preview.whose.pk, "annotate")
    return preview


def access_machine_to_try(user: Person, agent_id: int, workspace_id: int) -> Agent:
    """A machine that works for a workspace, of which somebody has it look at something."""
    check(user, workspace_id, "annotate")
    return _get(Agent.objects.let_in().filter(Q(workspace_id=workspace_id) | Q(workspace=None)), agent_id)


def access_parcel(user: Person, parcel_id: UUID) -> Parcel:
    """The file of a whole project, on its way out or in: for admins, as it tells all that is in it."""
    parcel = _get(Parcel.objects.select_related("workspace", "project", "created_by"), parcel_id)
    check(user, parcel.workspace_id, "admin")
    return parcel


def access_agent(user: Person, agent_id: int, need: Need) -> Agent:
    """An agent of a workspace, for its members; one that serves all workspaces, for superusers."""
    agent = _get(Agent.objects.select_related("workspace"), agent_id)
    if agent.workspace_id is not None:
        check(user, agent.workspace_id, need)
    elif not _is_site_admin(user):
        raise Http404(NOTHING)
    return agent


def access_stored_weights(user: Person, weights_id: UUID, need: Need) -> StoredWeights:
    """A file of weights that a workspace has on the server."""
    stored = _get(StoredWeights.objects.select_related("workspace"), weights_id)
    check(user, stored.workspace_id, need)
    return stored


def editable_ranges(user: Person, layer: Layer) -> list[tuple[int, int]]:
    """The frames, both ends included, in which the user may change shapes of a layer.

    Reviewers and above: everywhere. An annotator: the ranges of their own unaccepted jobs on this layer; where it has
    no jobs at all, everywhere on the main one and on their own replica, and nowhere on others: what is compared with
    stays as it is. A viewer, and anybody in an archived project: nowhere.
    """
    role = role_in(user, layer.video.project.workspace_id)
    everywhere = [(0, max(layer.video.frame_count - 1, 0))]
    if not may(role, "annotate") or layer.video.project.archived_at is not None:
        return []
    jobs = Job.objects.filter(layer=layer)
    if may(role, "review"):
        return everywhere
    if not jobs.exists():
        return everywhere if layer.kind == LayerKind.MAIN or _owns_replica(user, layer) else []
    mine = jobs.filter(assignee_id=user.pk).exclude(stage=Stage.ACCEPTED)
    return list(mine.order_by("first").values_list("first", "last"))


def _is_site_admin(user: Person) -> bool:
    return user.is_superuser and user.is_active and _scope_of(user) in ("", Scope.MANAGE)


def _owns(user: Person, layer: Layer) -> bool:
    return layer.owner_id is not None and layer.owner_id == user.pk


def _owns_replica(user: Person, layer: Layer) -> bool:
    return layer.kind == LayerKind.REPLICA and _owns(user, layer)


def _memberships(user: Person) -> QuerySet[Membership]:
    """Where the user is a member; nowhere once the account is deactivated."""
    if isinstance(user, AnonymousUser):
        return Membership.objects.none()
    return Membership.objects.filter(user_id=user.pk, user__is_active=True)


def _get(rows: QuerySet[Found], key: object) -> Found:
    found = rows.filter(pk=key).first()
    if found is None:
        raise Http404(NOTHING)
    return found


def _find(user: Person, rows: QuerySet[Found], key: int, kind: Removal.Kind) -> Found:
    """Like ``_get``; members of the workspace in which it was learn what became of it. Raises Gone."""
    found = rows.filter(pk=key).first()
    if found is not None:
        return found
    removal = Removal.objects.filter(kind=kind, key=key).first()
    if removal is not None:
        role_in(user, removal.workspace_id)
        raise Gone(removal)
    raise Http404(NOTHING)
