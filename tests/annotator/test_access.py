"""What the look-ups themselves say, whoever asks: addresses and sockets go through them (``test_routes.py``)."""

from __future__ import annotations

import pytest
from django.http import Http404
from django.utils import timezone

from annotator import access
from annotator.models import Job, Stage
from tests.annotator.worlds import World, make_world

pytestmark = pytest.mark.django_db
EVERYWHERE = [(0, 99)]


@pytest.fixture
def world() -> World:
    return make_world(frame_count=100)


def frames_of(world: World, role: str) -> list[tuple[int, int]]:
    return access.editable_ranges(world.people[role], world.layer)


def test_without_jobs_annotators_edit_every_frame_and_viewers_none(world: World) -> None:
    assert {role: frames_of(world, role) for role in ("reviewer", "annotator", "viewer")} == {
        "reviewer": EVERYWHERE,
        "annotator": EVERYWHERE,
        "viewer": [],
    }


def test_with_jobs_an_annotator_edits_the_frames_of_their_own_until_they_are_accepted(world: World) -> None:
    for first, who, stage in (
        (0, None, Stage.ANNOTATION),
        (20, world.people["annotator"], Stage.ANNOTATION),
        (10, world.people["annotator"], Stage.REVIEW),
        (30, world.people["annotator"], Stage.ACCEPTED),
    ):
        Job.objects.create(video=world.video, layer=world.layer, first=first, last=first + 9, assignee=who, stage=stage)
    assert frames_of(world, "annotator") == [(10, 19), (20, 29)]
    assert frames_of(world, "reviewer") == EVERYWHERE


def test_nobody_edits_in_an_archived_project(world: World) -> None:
    world.project.archived_at = timezone.now()
    world.project.save()
    world.layer.refresh_from_db()
    assert {role: frames_of(world, role) for role in ("reviewer", "annotator", "viewer")} == {
        "reviewer": [],
        "annotator": [],
        "viewer": [],
    }


def test_a_deactivated_account_has_no_role_anywhere(world: World) -> None:
    user = world.people["annotator"]
    assert access.role_in(user, world.workspace.pk) == "annotator"
    user.is_active = False
    user.save()
    with pytest.raises(Http404):
        access.role_in(user, world.workspace.pk)
    assert not access.my_workspaces(user).exists()


def test_a_deactivated_site_admin_is_no_admin(world: World) -> None:
    user = world.people["stranger"]
    user.is_superuser, user.is_active = True, False
    user.save()
    with pytest.raises(Http404):
        access.role_in(user, world.workspace.pk)
