from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.actions.agents import create_agent
from annotator.actions.entrances import Closed
from annotator.actions.errors import ActionError
from annotator.actions.people import change_site_admin, deactivate_account
from annotator.actions.runs.presence import agent_of
from annotator.actions.workspaces import (
    accept_invitation,
    change_role,
    create_workspace,
    invitation_of,
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


GOING = {
    "demoted": lambda people, mona: change_role(
        by=people.alice, membership=membership(people, people.mona), role=Role.REVIEWER
    ),
    "removed": lambda people, mona: remove_member(by=people.alice, membership=membership(people, people.mona)),
    "gone by herself": lambda people, mona: remove_member(by=mona, membership=membership(people, people.mona)),
    "deactivated": lambda people, mona: deactivate_account(by=people.alice, user=mona),
    "demoted behind the application's back": lambda people, mona: Membership.objects.filter(user=mona).update(
        role=Role.VIEWER
    ),
    "deleted behind the application's back": lambda people, mona: mona.delete(),
}


@pytest.mark.parametrize("how", GOING)
def test_what_an_admin_let_in_ends_with_their_being_admin(people: People, how: str) -> None:
    change_role(by=people.alice, membership=membership(people, people.mona), role=Role.ADMIN)
    mona = User.objects.get(pk=people.mona.pk)
    _, hers = invite(by=mona, workspace=people.workspace, role=Role.ADMIN)
    _, alices = invite(by=people.alice, workspace=people.workspace, role=Role.ADMIN)
    _, token = create_agent(by=mona, workspace=people.workspace, name="gpu-box")
    _, alices_token = create_agent(by=people.alice, workspace=people.workspace, name="other-box")
    closed = GOING[how](people, mona)
    if isinstance(closed, Closed):
        assert closed == Closed(1, ("gpu-box",))
        assert "1 open invitation and the machine gpu-box." in str(closed)
    with pytest.raises(ActionError, match=r"taken back|leads nowhere"):
        accept_invitation(user=people.eve, token=hers)
    with pytest.raises(ActionError, match=r"taken back|leads nowhere"):
        sign_up(token=hers, username="zoe", email="zoe@example.org", password=PASSWORD)
    assert agent_of(token) is None
    assert agent_of(alices_token) is not None
    accept_invitation(user=people.eve, token=alices)


def test_a_site_admin_lets_in_everywhere_and_no_longer_when_they_are_none_any_more(people: People) -> None:
    change_site_admin(user=people.eve, is_admin=True)
    change_site_admin(user=people.vic, is_admin=True)
    invitation, token = invite(by=people.eve, workspace=people.workspace, role=Role.VIEWER)
    _, machine = create_agent(by=people.eve, workspace=people.workspace, name="gpu-box")
    _, own_machine = create_agent(by=people.eve, workspace=people.eves_workspace, name="own")
    assert (invitation_of(token), agent_of(machine) is not None) == (invitation, True)
    assert change_site_admin(user=people.eve, is_admin=False) == Closed(1, ("gpu-box",))
    with pytest.raises(ActionError, match="taken back"):
        invitation_of(token)
    assert agent_of(machine) is None
    assert agent_of(own_machine) is not None


def test_who_becomes_admin_again_finds_nothing_open_any_more(people: People) -> None:
    mona = membership(people, people.mona)
    change_role(by=people.alice, membership=mona, role=Role.ADMIN)
    _, token = invite(by=people.mona, workspace=people.workspace, role=Role.ADMIN)
    change_role(by=people.alice, membership=mona, role=Role.VIEWER)
    change_role(by=people.alice, membership=mona, role=Role.ADMIN)
    with pytest.raises(ActionError, match="taken back"):
        invitation_of(token)


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
