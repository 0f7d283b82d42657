"""Old links: what they say, and where they lead on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import HttpResponse

from annotator.actions.jobs import remove_job
from annotator.actions.videos import delete_video
from annotator.models import Removal, User, Video, VideoState
from tests.people import Team, client_of, make_team

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_built_assets(settings: Any) -> None:
    settings.DJANGO_VITE = {"default": {"dev_mode": True}}


@pytest.fixture
def team() -> Team:
    return make_team()


def page(user: User, path: str) -> HttpResponse:
    answer = client_of(user).get(path)
    assert answer.status_code == 404
    return answer  # type: ignore[return-value]


def test_a_deleted_video_says_who_deleted_it_and_leads_to_its_project(team: Team) -> None:
    path, layer = f"/videos/{team.video.pk}/edit/", team.layer.pk
    delete_video(by=team.mona, video=Video.objects.get(pk=team.video.pk))
    text = page(team.vic, path).content.decode()
    assert "“lions.mp4” was deleted by Mona." in text
    assert f'href="/projects/{team.project.pk}/">Go to Savannah</a>' in text
    answer = client_of(team.vic).get(f"/api/layers/{layer}/window?first=0&last=9")
    assert (answer.status_code, answer.json()) == (404, {"message": "“lions.mp4” was deleted by Mona."})


def test_what_was_deleted_earlier_has_its_day(team: Team) -> None:
    path = f"/videos/{team.video.pk}/edit/"
    delete_video(by=team.mona, video=Video.objects.get(pk=team.video.pk))
    Removal.objects.update(at=datetime(2025, 3, 5, 12, tzinfo=UTC))
    assert "was deleted by Mona on 5 March 2025." in page(team.bob, path).content.decode()


def test_a_removed_job_leads_to_its_video(team: Team) -> None:
    path = f"/videos/{team.video.pk}/edit/?job={team.job.pk}"
    remove_job(by=team.mona, job=team.job)
    text = page(team.bob, path).content.decode()
    assert "The job of frames 0 to 299 of “lions.mp4” was deleted by Mona." in text
    assert f'href="/videos/{team.video.pk}/edit/">Go to lions.mp4</a>' in text


def test_a_stranger_learns_nothing_of_what_was_deleted(team: Team) -> None:
    path = f"/videos/{team.video.pk}/edit/"
    delete_video(by=team.mona, video=Video.objects.get(pk=team.video.pk))
    text = page(team.eve, path).content.decode()
    assert "lions" not in text
    assert "There is nothing here, or it isn&#x27;t shared with you." in text


def test_a_video_that_is_not_ready_leads_to_its_project(team: Team) -> None:
    Video.objects.update(state=VideoState.INGESTING)
    text = page(team.bob, f"/videos/{team.video.pk}/edit/").content.decode()
    assert "isn&#x27;t ready yet" in text
    assert f'href="/projects/{team.project.pk}/">' in text


def test_an_address_of_no_page_says_so(team: Team) -> None:
    assert "There is no page at this address." in page(team.bob, "/nonsense/").content.decode()
