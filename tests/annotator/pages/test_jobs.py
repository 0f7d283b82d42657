from __future__ import annotations

from typing import Any

from annotator.models import Job, Notification, Stage
from tests.people import Team, client_of

FRAMES = "0\N{EN DASH}299"


def page(team: Team, query: str = "") -> str:
    return client_of(team.mona).get(f"/projects/{team.project.pk}/jobs/{query}").content.decode()


def hand_out(team: Team, **sent: Any) -> str:
    address = f"/projects/{team.project.pk}/jobs/hand-out/"
    return client_of(team.mona).post(address, {"do": "assign", **sent}, follow=True).content.decode()


def test_a_video_is_divided(team: Team) -> None:
    team.job.delete()
    sent = {"video": team.video.pk, "frames": 100}
    answer = client_of(team.mona).post(f"/projects/{team.project.pk}/jobs/split/", sent, follow=True)
    assert "divided into 3 more jobs" in answer.content.decode()
    assert Job.objects.count() == 3


def test_the_stages_are_summed_up_in_frames(team: Team) -> None:
    Job.objects.update(stage=Stage.REVIEW, last=74)
    Job.objects.create(video=team.video, layer=team.layer, first=75, last=299)
    shown = " ".join(page(team).split())
    assert "Review: 1 job, 25 % of the frames" in shown
    assert "Annotation: 1 job, 75 % of the frames" in shown


def test_a_split_that_is_refused_says_why(team: Team) -> None:
    sent = {"video": team.video.pk, "frames": 100}
    answer = client_of(team.mona).post(f"/projects/{team.project.pk}/jobs/split/", sent, follow=True)
    assert "belongs to a job already" in answer.content.decode()


def test_ticked_jobs_are_handed_out_and_what_is_not_named_stays(team: Team) -> None:
    assert "Done for 1 job." in hand_out(team, job=[team.job.pk], assignee=team.mona.pk, reviewer="keep")
    team.job.refresh_from_db()
    assert (team.job.assignee, team.job.reviewer) == (team.mona, team.rita)
    hand_out(team, job=[team.job.pk], assignee="", reviewer="")
    team.job.refresh_from_db()
    assert (team.job.assignee, team.job.reviewer) == (None, None)


def test_who_may_not_do_it_gets_no_job(team: Team) -> None:
    assert "Vic may not annotate" in hand_out(team, job=[team.job.pk], assignee=team.vic.pk)
    assert "isn&#x27;t there any more" in hand_out(team, job=[team.job.pk], assignee="999999")
    assert "Tick the jobs first" in hand_out(team, assignee=team.bob.pk)
    team.job.refresh_from_db()
    assert team.job.assignee == team.bob


def test_jobs_of_other_projects_are_left_alone(team: Team) -> None:
    other = team.workspace.projects.create(name="Other")
    address = f"/projects/{other.pk}/jobs/hand-out/"
    client_of(team.mona).post(address, {"do": "remove", "job": [team.job.pk]})
    assert Job.objects.filter(pk=team.job.pk).exists()


def test_ticked_jobs_that_were_removed_meanwhile_are_counted(team: Team) -> None:
    said = hand_out(team, job=[team.job.pk, 999_999], assignee=team.mona.pk)
    assert "1 of the ticked jobs was removed meanwhile." in said
    assert "Done for 1 job." in said


def test_a_job_takes_its_step_from_the_table(team: Team) -> None:
    client_of(team.bob).post(f"/jobs/{team.job.pk}/step/", {"step": "submit"})
    team.job.refresh_from_db()
    assert team.job.stage == Stage.REVIEW


def test_the_table_is_narrowed_down(team: Team) -> None:
    assert FRAMES in page(team)
    assert FRAMES in page(team, "?show=annotation")
    assert FRAMES not in page(team, "?show=review")
    assert FRAMES not in page(team, "?show=mine")


def test_people_find_their_jobs_at_home(team: Team) -> None:
    assert f"frames {FRAMES}" in client_of(team.bob).get("/").content.decode()
    assert f"frames {FRAMES}" not in client_of(team.rita).get("/").content.decode()
    client_of(team.bob).post(f"/jobs/{team.job.pk}/step/", {"step": "submit"})
    assert f"frames {FRAMES}" not in client_of(team.bob).get("/").content.decode()
    assert f"frames {FRAMES}" in client_of(team.rita).get("/").content.decode()


def test_ticked_jobs_are_planned_and_what_is_not_said_stays(team: Team) -> None:
    assert "Done for 1 job." in hand_out(team, do="plan", job=[team.job.pk], priority="3", due="2030-12-31")
    hand_out(team, do="plan", job=[team.job.pk], priority="keep", due="")
    shown = page(team)
    assert "Urgent" in shown
    assert "31 Dec 2030" in shown
    assert "A day is written as" in hand_out(team, do="plan", job=[team.job.pk], due="soon")
    hand_out(team, do="plan", job=[team.job.pk], no_due="yes")
    assert "31 Dec 2030" not in page(team)


def test_a_job_has_a_page_with_its_steps_and_its_history(team: Team) -> None:
    bob, rita = client_of(team.bob), client_of(team.rita)
    bob.post(f"/jobs/{team.job.pk}/step/", {"step": "submit"})
    sent = {"step": "return", "reason": "The <b>tails</b>.", "back": "job"}
    answer = rita.post(f"/jobs/{team.job.pk}/step/", sent, follow=True)
    assert answer.redirect_chain == [(f"/jobs/{team.job.pk}/", 302)]
    assert Notification.objects.get(user=team.bob).read_at is None
    shown = bob.get(f"/jobs/{team.job.pk}/").content.decode()
    assert "The &lt;b&gt;tails&lt;/b&gt;." in shown
    assert "300 of 300 show none" in shown
    assert "Submit for review" in shown
    assert Notification.objects.get(user=team.bob).read_at is not None, "what one has looked at is read"


def test_the_next_job_is_taken_from_home_and_opened(team: Team) -> None:
    Job.objects.update(assignee=None)
    bob = client_of(team.bob)
    assert "Take the next job" in bob.get("/").content.decode()
    opened = bob.post(f"/projects/{team.project.pk}/jobs/take/", {"to": "annotate"})
    assert opened["Location"] == f"/videos/{team.video.pk}/edit/?job={team.job.pk}&frame=0"
    assert "Take the next job" not in bob.get("/").content.decode()
    assert (
        "No job to annotate is left"
        in bob.post(f"/projects/{team.project.pk}/jobs/take/", {"to": "annotate"}, follow=True).content.decode()
    )


def test_a_manager_says_whether_people_take_jobs(team: Team) -> None:
    Job.objects.update(assignee=None)
    client_of(team.mona).post(f"/projects/{team.project.pk}/taking/", {"lets": "no"})
    assert "Take the next job" not in client_of(team.bob).get("/").content.decode()


def test_the_table_shows_whose_late_and_nobodys_jobs(team: Team) -> None:
    assert FRAMES in page(team, f"?who={team.bob.pk}")
    assert FRAMES not in page(team, f"?who={team.mona.pk}")
    assert FRAMES not in page(team, "?show=pool")
    assert FRAMES not in page(team, "?show=overdue")
    Job.objects.update(assignee=None, due="2020-01-01")
    assert FRAMES in page(team, "?show=pool")
    assert "overdue" in page(team, "?show=overdue")
