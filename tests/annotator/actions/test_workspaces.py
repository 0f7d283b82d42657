from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.people import deactivate_account
from annotator.actions.workspaces import (
    accept_invitation,
    change_role,
    create_workspace,
    invite,
    remove_member,
    rename_workspace,
    revoke_invitation,
    sign_up,
)
from annotator.models import Invitation, Job, Membership, Role, Stage, User
from tests.people import PASSWORD, People, Team


def membership(people: People, user: User) -> Membership:
    return Membership.objects.get(workspace=people.workspace, user=user)


def test_who_makes_a_workspace_is_its_admin(people: People) -> None:
    workspace = create_workspace(user=people.vic, name="  Birds   of prey ")
    assert workspace.name == "Birds of prey"
    assert list(workspace.memberships.values_list("user__username", "role")) == [("vic", Role.ADMIN)]


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_workspace_has_a_name(people: People, name: str) -> None:
    with pytest.raises(ActionError, match="1 to 120 characters"):
        rename_workspace(workspace=people.workspace, name=name)


def test_an_invitation_keeps_no_token(people: People) -> None:
    invitation, token = invite(by=people.alice, workspace=people.workspace, role=Role.REVIEWER, email="Zoe@example.org")
    assert token not in str(Invitation.objects.filter(pk=invitation.pk).values().get())
    assert (invitation.email, invitation.expires_at > timezone.now()) == ("zoe@example.org", True)


def test_an_invitation_lets_one_person_in(people: People) -> None:
    _, token = invite(by=people.alice, workspace=people.workspace, role=Role.REVIEWER)
    accept_invitation(user=people.eve, token=token)
    assert membership(people, people.eve).role == Role.REVIEWER
    with pytest.raises(ActionError, match="has been used"):
        sign_up(token=token, username="zoe", email="zoe@example.org", password=PASSWORD)


def test_signing_up_makes_an_account_and_a_member(people: People) -> None:
    _, token = invite(by=people.alice, workspace=people.workspace, role=Role.ANNOTATOR)
    user, workspace = sign_up(token=token, username="zoe", email="zoe@example.org", password=PASSWORD, name="Zoe")
    assert (membership(people, user).role, workspace) == (Role.ANNOTATOR, people.workspace)


def test_signing_up_that_is_refused_leaves_the_invitation_good(people: People) -> None:
    _, token = invite(by=people.alice, workspace=people.workspace, role=Role.ANNOTATOR)
    with pytest.raises(ActionError, match="is taken"):
        sign_up(token=token, username="bob", email="zoe@example.org", password=PASSWORD)
    sign_up(token=token, username="zoe", email="zoe@example.org", password=PASSWORD)


def test_a_member_keeps_role_and_invitation(people: People) -> None:
    _, token = invite(by=people.alice, workspace=people.workspace, role=Role.VIEWER)
    accept_invitation(user=people.mona, token=token)
    assert membership(people, people.mona).role == Role.MANAGER
    accept_invitation(user=people.eve, token=token)


def test_a_revoked_an_expired_and_a_wrong_link_let_nobody_in(people: People) -> None:
    revoked, revoked_token = invite(by=people.alice, workspace=people.workspace, role=Role.VIEWER)
    revoke_invitation(invitation=revoked)
    expired, expired_token = invite(by=people.alice, workspace=people.workspace, role=Role.VIEWER)
    Invitation.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    for token, words in ((revoked_token, "taken back"), (expired_token, "ended"), ("nonsense", "leads nowhere")):
        with pytest.raises(ActionError, match=words):
            accept_invitation(user=people.eve, token=token)
    assert not Membership.objects.filter(workspace=people.workspace, user=people.eve).exists()


def test_an_accepted_invitation_is_not_revoked(people: People) -> None:
    invitation, token = invite(by=people.alice, workspace=people.workspace, role=Role.VIEWER)
    accept_invitation(user=people.eve, token=token)
    invitation.refresh_from_db()
    with pytest.raises(ActionError, match="Remove the member"):
        revoke_invitation(invitation=invitation)


def test_the_last_admin_stays(people: People) -> None:
    alice = membership(people, people.alice)
    for act in (
        lambda: change_role(by=people.alice, membership=alice, role=Role.MANAGER),
        lambda: remove_member(by=people.alice, membership=alice),
    ):
        with pytest.raises(ActionError, match="last one"):
            act()
    change_role(by=people.alice, membership=membership(people, people.mona), role=Role.ADMIN)
    change_role(by=people.alice, membership=alice, role=Role.VIEWER)
    assert membership(people, people.alice).role == Role.VIEWER


def test_an_admin_whose_account_is_deactivated_does_not_count(people: People) -> None:
    change_role(by=people.alice, membership=membership(people, people.mona), role=Role.ADMIN)
    deactivate_account(by=people.alice, user=people.mona)
    with pytest.raises(ActionError, match="last one"):
        remove_member(by=people.alice, membership=membership(people, people.alice))


def test_an_unknown_role_is_refused(people: People) -> None:
    with pytest.raises(ActionError, match="'emperor' came"):
        change_role(by=people.alice, membership=membership(people, people.bob), role="emperor")


def test_what_a_removed_member_had_to_do_is_free_again(team: Team) -> None:
    accepted = Job.objects.create(
        video=team.video, layer=team.layer, first=0, last=9, stage=Stage.ACCEPTED, assignee=team.bob
    )
    remove_member(by=team.alice, membership=membership(team, team.bob))
    remove_member(by=team.alice, membership=membership(team, team.rita))
    team.job.refresh_from_db()
    accepted.refresh_from_db()
    assert (team.job.assignee, team.job.reviewer, accepted.assignee) == (None, None, team.bob)
