"""One's own account, and getting one by an invitation."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotator.actions.errors import ActionError
from annotator.actions.identities import identity_of
from annotator.actions.issues.mails import PREFERENCE
from annotator.actions.people import change_account, change_password, change_preferences
from annotator.actions.second_factors import codes_left, has_second_factor
from annotator.actions.workspaces import accept_invitation, invitation_of, sign_up
from annotator.asking import signed_in_by
from annotator.models import User, Workspace
from annotator.pages.common import attempt, fits, form_page, person
from annotator.pages.forms import AccountForm, PasswordForm, SignUpForm
from annotator.sign_in import address_of

THEMES = (("", "As the system"), ("light", "Light"), ("dark", "Dark"))


@form_page
def account(request: HttpRequest) -> HttpResponse:
    """Four forms; ``form`` says which of them was sent."""
    user = person(request)
    sent = request.POST.get("form", "")
    names = AccountForm(request.POST if sent == "names" else None, initial=AccountForm.of(user))
    address = address_of(request)
    password = PasswordForm(request.POST if sent == "password" else None)
    if fits(names, lambda values: change_account(user=User.objects.get(pk=user.pk), address=address, **values)):
        messages.success(request, "Saved.")
        return redirect("account")
    if fits(
        password,
        lambda values: change_password(
            user=user, current=values["current"], password=values["password"], address=address
        ),
    ):
        update_session_auth_hash(request, user)
        messages.success(request, "The new password is in use. Other browsers have to sign in again.")
        return redirect("account")
    if sent == "theme":
        theme = request.POST.get("theme", "")
        chosen = theme if theme in ("light", "dark") else None
        attempt(request, lambda: change_preferences(user=user, changes={"theme": chosen}), "Saved.")
        return redirect("account")
    if sent == "mails":
        wanted = None if request.POST.get("mails") == "yes" else False
        attempt(request, lambda: change_preferences(user=user, changes={PREFERENCE: wanted}), "Saved.")
        return redirect("account")
    context = {
        "names": names,
        "password": password,
        "themes": THEMES,
        "mails": user.preferences.get(PREFERENCE) is not False,
        "tokens": user.api_tokens.filter(revoked_at=None).count(),
        "second_factor": has_second_factor(user),
        "openid": settings.OPENID,
        "identity": identity_of(user),
        "codes_left": codes_left(user),
        "theme": user.preferences.get("theme", ""),
        "memberships": user.memberships.select_related("workspace"),
    }
    return render(request, "account.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Where an invitation's link leads: who is signed in joins, everybody else makes an account first."""
    try:
        found = invitation_of(token)
    except ActionError as error:
        return render(request, "invitation_ended.html", {"message": str(error)}, status=410)
    if request.user.is_authenticated:
        return _join(request, token, found.workspace)
    form = SignUpForm(request.POST or None, initial={"email": found.email})
    made: list[User] = []
    if fits(form, lambda values: made.append(sign_up(token=token, **values)[0])):
        signed_in_by(request, "for the first time, by an invitation")
        login(request, made[0])
        return redirect("workspace", found.workspace_id)
    return render(request, "invitation.html", {"invitation": found, "form": form})


def _join(request: HttpRequest, token: str, workspace: Workspace) -> HttpResponse:
    if request.method == "POST":
        done = f"Welcome to {workspace}."
        if attempt(request, lambda: accept_invitation(user=person(request), token=token), done):
            return redirect("workspace", workspace.pk)
        return redirect("invitation", token)
    member = person(request).memberships.filter(workspace=workspace).exists()
    return render(request, "invitation.html", {"invitation": invitation_of(token), "member": member})
