from __future__ import annotations

from typing import Any

from annotator.models import Stage, User
from tests.people import Team, client_of


def step(team: Team, user: User, name: str) -> Any:
    url = f"/api/jobs/{team.job.pk}/steps"
    return client_of(user).post(url, {"step": name}, content_type="application/json")


def test_a_job_tells_each_person_their_steps(team: Team) -> None:
    verbs = {
        user.username: [each["verb"] for each in client_of(user).get(f"/api/jobs/{team.job.pk}").json()["steps"]]
        for user in (team.mona, team.rita, team.bob, team.vic)
    }
    assert verbs == {
        "mona": ["Start", "Submit for review"],
        "rita": [],
        "bob": ["Start", "Submit for review"],
        "vic": [],
    }


def test_a_step_answers_the_job_after_it(team: Team) -> None:
    assert step(team, team.bob, "submit").json() == {
        "id": team.job.pk,
        "video": team.video.pk,
        "first": 0,
        "last": 299,
        "stage": "review",
        "state": "new",
        "assignee": "Bob",
        "reviewer": "Rita",
        "steps": [],
    }


def test_a_step_that_is_not_ones_own_is_refused_with_a_message(team: Team) -> None:
    refused = step(team, team.rita, "submit")
    assert (refused.status_code, "assigned to" in refused.json()["message"]) == (400, True)
    team.job.refresh_from_db()
    assert team.job.stage == Stage.ANNOTATION
