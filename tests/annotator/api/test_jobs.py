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
        "bob": ["Start", "Submit for review", "Skip"],
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
        "reviewers": ["Rita"],
        "agreed": [],
        "priority": 1,
        "due": None,
        "steps": [],
    }


def test_a_step_that_is_not_ones_own_is_refused_with_a_message(team: Team) -> None:
    refused = step(team, team.rita, "submit")
    assert (refused.status_code, "assigned to" in refused.json()["message"]) == (400, True)
    team.job.refresh_from_db()
    assert team.job.stage == Stage.ANNOTATION


def test_the_next_job_that_is_nobodys_is_taken(team: Team) -> None:
    team.job.assignee = None
    team.job.save()
    url = f"/api/projects/{team.project.pk}/jobs/take"
    taken = client_of(team.bob).post(url, {"to": "annotate"}, content_type="application/json").json()
    assert (taken["id"], taken["assignee"]) == (team.job.pk, "Bob")
    refused = client_of(team.bob).post(url, {"to": "annotate"}, content_type="application/json")
    assert (refused.status_code, "is left to take" in refused.json()["message"]) == (400, True)


def test_a_job_is_not_handed_back_without_a_reason(team: Team) -> None:
    step(team, team.bob, "submit")
    assert "needs a reason" in step(team, team.rita, "return").json()["message"]
