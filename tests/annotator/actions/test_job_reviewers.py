"""Several reviewers of a job: any of them accepts it, or all have to."""

from __future__ import annotations

import pytest

from annotator.actions.errors import ActionError
from annotator.actions.job_pool import pool
from annotator.actions.job_reviewers import have_all_accept, name_reviewers
from annotator.actions.jobs import assign, move, steps_for
from annotator.actions.workspaces import remove_member
from annotator.models import AuditEntry, Job, Membership, Notification, User
from tests.people import Team, client_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def rosa(team: Team) -> User:
    """Reviews beside Rita."""
    person = User.objects.create_user("rosa", "rosa@example.org")
    Membership.objects.create(workspace=team.workspace, user=person, role="reviewer")
    return person


def steps(job: Job, *people: User) -> list[list[str]]:
    return [[step.id for step in steps_for(person, Job.objects.get(pk=job.pk))] for person in people]


def test_all_are_told_and_any_of_them_accepts(team: Team, rosa: User) -> None:
    name_reviewers(by=team.mona, job=team.job, reviewers=[team.rita, rosa])
    job = move(user=team.bob, job=team.job, transition="submit")
    told = Notification.objects.filter(kind="to_review").values_list("user", flat=True)
    assert set(told) == {team.rita.pk, rosa.pk}
    assert steps(job, team.rita, rosa, team.bob) == [["accept", "return", "pass-on"]] * 2 + [[]]
    assert move(user=rosa, job=job, transition="accept").stage == "accepted"


def test_who_isnt_named_may_not(team: Team, rosa: User) -> None:
    name_reviewers(by=team.mona, job=team.job, reviewers=[team.rita])
    job = move(user=team.bob, job=team.job, transition="submit")
    with pytest.raises(ActionError, match="the job's reviewers"):
        move(user=rosa, job=job, transition="accept")


def test_where_all_have_to_the_last_one_accepts_it_and_a_return_begins_anew(team: Team, rosa: User) -> None:
    have_all_accept(project=team.project, all_accept=True)
    name_reviewers(by=team.mona, job=team.job, reviewers=[team.rita, rosa])
    job = move(user=team.bob, job=team.job, transition="submit")
    job = move(user=team.rita, job=job, transition="accept")
    assert (job.stage, job.state) == ("review", "in_progress")
    assert steps(job, team.rita, rosa) == [["return", "pass-on"], ["accept", "return", "pass-on"]]
    with pytest.raises(ActionError, match="You accepted this job already"):
        move(user=team.rita, job=job, transition="accept")
    page = client_of(team.mona).get(f"/jobs/{job.pk}/").content.decode()
    assert ("All of them have to accept it" in page, "Rita accepted for their part" in page) == (True, True)
    assert f"job={job.pk}" not in client_of(team.rita).get("/").content.decode()
    assert f"job={job.pk}" in client_of(rosa).get("/").content.decode()
    job = move(user=rosa, job=job, transition="return", reason="The tails.")
    job = move(user=team.bob, job=job, transition="submit")
    # What Rita said of what was there before counts no more.
    assert move(user=rosa, job=job, transition="accept").stage == "review"
    assert move(user=team.rita, job=job, transition="accept").stage == "accepted"
    assert AuditEntry.objects.filter(what__contains="accepted by all reviewers who are named").count() == 1


def test_a_managers_word_is_enough(team: Team, rosa: User) -> None:
    have_all_accept(project=team.project, all_accept=True)
    name_reviewers(by=team.mona, job=team.job, reviewers=[team.rita, rosa])
    job = move(user=team.bob, job=team.job, transition="submit")
    assert move(user=team.mona, job=job, transition="accept").stage == "accepted"


def test_who_leaves_the_review_or_the_workspace_is_named_no_more(team: Team, rosa: User) -> None:
    name_reviewers(by=team.mona, job=team.job, reviewers=[team.rita, rosa, team.mona])
    job = move(user=team.bob, job=team.job, transition="submit")
    job = move(user=team.rita, job=job, transition="pass-on", reason="I know these lions.")
    assert set(job.reviewers) == {rosa, team.mona}
    remove_member(by=team.alice, membership=Membership.objects.get(user=rosa))
    assert Job.objects.get().reviewers == [team.mona]
    assert not pool(user=team.rita, projects=[team.project], to="review").exists()


def test_whom_a_job_cant_have(team: Team, rosa: User) -> None:
    for people, words in (
        ([team.bob], "their own work"),
        ([team.vic], "may not review"),
        ([team.eve], "no member"),
        ([rosa, rosa], "named twice"),
    ):
        with pytest.raises(ActionError, match=words):
            name_reviewers(by=team.mona, job=team.job, reviewers=people)
    name_reviewers(by=team.mona, job=team.job, reviewers=[team.rita, rosa])
    with pytest.raises(ActionError, match="rosa can't review their own work"):
        assign(by=team.mona, job=team.job, assignee=rosa, reviewer=team.rita)
    assign(by=team.mona, job=team.job, assignee=team.bob, reviewer=rosa)
    assert Job.objects.get().reviewers == [rosa]
    assign(by=team.mona, job=team.job, assignee=team.bob, reviewer=None)
    assert Job.objects.get().reviewers == []


def test_they_are_named_on_the_jobs_page_and_by_programs(team: Team, rosa: User) -> None:
    client = client_of(team.mona)
    client.post(f"/jobs/{team.job.pk}/reviewers/", {"reviewer": [rosa.pk, team.rita.pk]})
    assert Job.objects.get().reviewers == [team.rita, rosa]
    assert "and 1 more" in client.get(f"/projects/{team.project.pk}/jobs/").content.decode()
    sent = {"people": [rosa.pk]}
    answer = client.put(f"/api/jobs/{team.job.pk}/reviewers", sent, content_type="application/json").json()
    assert (answer["reviewer"], answer["reviewers"], answer["agreed"]) == ("rosa", ["rosa"], [])
