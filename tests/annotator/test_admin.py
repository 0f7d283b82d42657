"""What is changed in Django's admin is noticed by whoever has something open."""

from __future__ import annotations

import pytest

from annotator.actions.agents import create_agent
from annotator.announce import publish
from annotator.announce.notices import LookAgain, Notice
from annotator.models import Agent, Membership, Role, User
from tests.annotator.desk import Desk
from tests.annotator.worlds import draw
from tests.people import Team, client_of, make_team
from tracking.protocol import Stop

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[Notice]:
    told: list[Notice] = []
    monkeypatch.setattr(publish, "_send_on_commit", told.append)
    return told


def test_a_membership_deleted_there_has_everybody_look_again(team: Team, notices: list[Notice]) -> None:
    team.alice.is_staff = team.alice.is_superuser = True
    team.alice.save()
    membership = Membership.objects.get(user=team.bob)
    address = f"/admin/annotator/membership/{membership.pk}/"
    client_of(team.alice).post(f"{address}delete/", {"post": "yes"})
    assert not Membership.objects.filter(pk=membership.pk).exists()
    assert notices == [LookAgain()]


def test_an_account_changed_there_too(team: Team, notices: list[Notice]) -> None:
    team.alice.is_staff = team.alice.is_superuser = True
    team.alice.save()
    client_of(team.alice).post(
        "/admin/annotator/user/",
        {"action": "delete_selected", "_selected_action": [team.vic.pk], "post": "yes"},
    )
    assert LookAgain() in notices


def test_what_an_admin_had_let_in_ends_there_too(team: Team) -> None:
    team.alice.is_staff = team.alice.is_superuser = True
    team.alice.save()
    Membership.objects.filter(user=team.mona).update(role=Role.ADMIN)
    create_agent(by=team.mona, workspace=team.workspace, name="box")
    membership = Membership.objects.get(user=team.mona)
    sent = {"workspace": team.workspace.pk, "user": team.mona.pk, "role": "viewer"}
    client_of(team.alice).post(f"/admin/annotator/membership/{membership.pk}/change/", sent)
    assert Agent.objects.get().revoked_why == "A site admin changed accounts or roles."


@pytest.mark.parametrize("how", ["deleted", "deactivated", "archived"])
def test_runs_end_there_of_whom_it_shuts_out(desk: Desk, how: str) -> None:
    root = User.objects.create_superuser("root", "root@example.org")
    agent = Agent.objects.get()
    agent.info |= {"runs_at_once": 2}
    agent.save()
    mine, others = (desk.start(draw(desk.world, 0), by=by) for by in ("annotator", "manager"))
    account = desk.world.annotator
    match how:
        case "deleted":
            client_of(root).post(f"/admin/annotator/user/{account.pk}/delete/", {"post": "yes"})
        case "deactivated":
            kept = {"username": account.username, "email": account.email}
            joined = {"date_joined_0": "2026-01-01", "date_joined_1": "12:00"}
            client_of(root).post(f"/admin/annotator/user/{account.pk}/change/", kept | joined)
        case "archived":
            project = desk.world.project
            kept = {"workspace": project.workspace_id, "name": project.name, "created_by": root.pk}
            since = {"archived_at_0": "2026-01-01", "archived_at_1": "12:00"}
            client_of(root).post(f"/admin/annotator/project/{project.pk}/change/", kept | since)
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.state, mine.message) == ("stopped", "root changed what whoever started it may do.")
    assert others.state == ("stopped" if how == "archived" else "running")
    assert str(mine.pk) in [message.run for message in desk.told(Stop)]


def test_labels_are_only_looked_at_there(team: Team) -> None:
    team.alice.is_staff = team.alice.is_superuser = True
    team.alice.save()
    browser = client_of(team.alice)
    address = f"/admin/annotator/label/{team.car.pk}/change/"
    assert browser.get(address).status_code == 200
    assert browser.post(address, {"name": "car", "colour": "red"}).status_code == 403
    assert browser.get("/admin/annotator/label/add/").status_code == 403
    assert browser.post(f"/admin/annotator/label/{team.car.pk}/delete/", {"post": "yes"}).status_code == 403
