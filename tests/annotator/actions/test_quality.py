"""Gold: hidden from annotators, and what submitted jobs are scored against."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.test import Client

from annotator.actions.edits.apply import apply_edit
from annotator.actions.errors import ActionError
from annotator.actions.job_reviewers import name_reviewers
from annotator.actions.jobs import move
from annotator.actions.quality import Report as ScoreReport
from annotator.actions.quality import mark_gold, passes, score_job, set_pass_mark, unmark_gold
from annotator.models import Job, JobScore, Layer
from tests.annotator.worlds import World, create, draw, edit, keyframe, make_world, put
from tracking import comparing

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def gold(world: World) -> Layer:
    """A car at 10 px on frames 0..19, of which all but the last five are gold."""
    layer = Layer.objects.create(video=world.video, kind="ground_truth", name="truth")
    draw_on(world, layer, 0, 19)
    mark_gold(by=world.people["manager"], layer=layer, first=0, last=14)
    return layer


def draw_on(world: World, layer: Layer, first: int, last: int, left: float = 10) -> UUID:
    track = uuid4()
    rows = [keyframe(first, left), keyframe(last + 1, left, outside=True)]
    apply_edit(user=world.people["manager"], layer_id=layer.pk, edit=edit(create(track, world.car), put(track, rows)))
    return track


def client(world: World, by: str) -> Client:
    found = Client()
    found.force_login(world.people[by])
    return found


def submitted(world: World, first: int = 0, last: int = 99) -> Job:
    """A job of the annotator's, submitted and scored."""
    job = Job.objects.create(video=world.video, layer=world.layer, first=first, last=last, assignee=world.annotator)
    move(user=world.annotator, job=job, transition="submit")
    for score in JobScore.objects.filter(job=job, state="queued"):
        score_job.func(str(score.pk))
    return job


def report(job: Job) -> ScoreReport:
    score = JobScore.objects.get(job=job)
    assert score.state == "done", score.message
    return ScoreReport.model_validate(score.report)


def test_a_job_that_agrees_has_full_marks_and_only_of_the_gold_in_it(world: World, gold: Layer) -> None:
    draw_on(world, world.layer, 0, 19)
    draw_on(world, world.layer, 50, 60)  # Not gold: nobody knows.
    whole = report(submitted(world, last=9)).whole
    assert (whole.gold, whole.matched, whole.missed, whole.extra, whole.switches) == (10, 10, 0, 0, 0)
    assert (whole.overlap, whole.idf1, whole.hota) == (1, 1, pytest.approx(1))


def test_what_is_missed_and_what_is_too_much_is_counted_by_label(world: World, gold: Layer) -> None:
    draw_on(world, world.layer, 5, 19)
    draw_on(world, world.layer, 0, 2, left=500)
    found = report(submitted(world))
    assert found.frames == 15
    assert (found.whole.missed, found.whole.extra) == (5, 3)
    assert [each.label for each in found.scores] == [None, world.car.pk]
    assert found.whole.idf1 == pytest.approx(2 * 10 / (15 + 13))


def test_an_identity_that_switches_lowers_the_score_though_every_box_is_right(world: World, gold: Layer) -> None:
    draw_on(world, world.layer, 0, 6)
    draw_on(world, world.layer, 7, 19)
    whole = report(submitted(world)).whole
    assert (whole.matched, whole.missed, whole.switches) == (15, 0, 1)
    assert whole.idf1 == pytest.approx(8 / 15)


def test_a_job_without_gold_is_not_scored(world: World, gold: Layer) -> None:
    assert not JobScore.objects.filter(job=submitted(world, first=15)).exists()


def test_without_trackeval_counts_are_there_and_why_the_rest_is_not(
    world: World, gold: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "why_no_scores", lambda: "Get it: pip install")
    draw_on(world, world.layer, 0, 19)
    found = report(submitted(world))
    assert (found.note, found.whole.idf1, found.whole.matched) == ("Get it: pip install", None, 15)


def test_gold_that_went_before_the_job_was_scored_is_said(world: World, gold: Layer) -> None:
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    move(user=world.annotator, job=job, transition="submit")
    unmark_gold(gold.gold.get())
    score = JobScore.objects.get()
    score_job.func(str(score.pk))
    score.refresh_from_db()
    assert (score.state, "isn't any more" in score.message) == ("failed", True)


@pytest.mark.parametrize(("mark", "passed"), [(None, None), (100, True)])
def test_a_job_passes_from_the_mark_on(world: World, gold: Layer, mark: int | None, passed: bool | None) -> None:
    draw_on(world, world.layer, 0, 19)
    assert passes(report(submitted(world)), mark) is passed


def test_a_job_below_the_pass_mark_is_marked_for_reviewers_and_not_for_who_did_it(world: World, gold: Layer) -> None:
    set_pass_mark(world.project, 80)
    submitted(world)
    address = f"/projects/{world.project.pk}/jobs/"
    assert "IDF1 0 %, below 80 %" in client(world, "reviewer").get(address).content.decode()
    assert "IDF1" not in client(world, "annotator").get(address).content.decode()


def told(world: World, by: str) -> list[str]:
    """What a person's bell says of scores."""
    listed = client(world, by).get("/api/me/notifications").json()["notifications"]
    return [each["message"] for each in listed if each["kind"] == "below_mark"]


def test_reviewers_are_told_of_a_submitted_job_below_the_pass_mark_and_who_did_it_is_not(
    world: World, gold: Layer
) -> None:
    set_pass_mark(world.project, 80)
    submitted(world)
    (said,) = told(world, "reviewer")
    assert "submitted a job below the pass mark: IDF1 0 % of 80 %" in said
    assert (len(told(world, "manager")), told(world, "annotator"), told(world, "viewer")) == (1, [], [])


def test_of_several_reviewers_all_are_told_and_nobody_else(world: World, gold: Layer) -> None:
    set_pass_mark(world.project, 80)
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    name_reviewers(by=world.people["admin"], job=job, reviewers=[world.people["reviewer"], world.people["manager"]])
    move(user=world.annotator, job=job, transition="submit")
    score_job.func(str(JobScore.objects.get(job=job).pk))
    assert [len(told(world, each)) for each in ("reviewer", "manager", "admin")] == [1, 1, 0]


def test_where_a_job_has_its_reviewer_only_they_are_told(world: World, gold: Layer) -> None:
    set_pass_mark(world.project, 80)
    Job.objects.create(
        video=world.video,
        layer=world.layer,
        first=0,
        last=99,
        assignee=world.annotator,
        reviewer=world.people["reviewer"],
    )
    move(user=world.annotator, job=Job.objects.get(), transition="submit")
    score_job.func(str(JobScore.objects.get().pk))
    assert (len(told(world, "reviewer")), told(world, "manager")) == (1, [])


@pytest.mark.parametrize(("mark", "decided"), [(None, False), (1, False), (80, True)], ids=str)
def test_nobody_is_told_of_a_job_that_passes_or_that_is_decided_already(
    world: World, gold: Layer, mark: int | None, decided: bool
) -> None:
    set_pass_mark(world.project, mark)
    if not decided:
        draw_on(world, world.layer, 0, 19)
    job = Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    move(user=world.annotator, job=job, transition="submit")
    if decided:
        move(user=world.people["reviewer"], job=job, transition="accept")
    score_job.func(str(JobScore.objects.get().pk))
    assert told(world, "reviewer") == []


@pytest.mark.parametrize("percent", [0, 101])
def test_a_pass_mark_is_a_share(world: World, percent: int) -> None:
    with pytest.raises(ActionError, match=f"1 to 100 per cent; {percent} came"):
        set_pass_mark(world.project, percent)


# ---------------------------------------------------------------- marking


@pytest.mark.parametrize(("first", "last"), [(5, 3), (0, 1000)])
def test_gold_is_a_range_of_the_video(world: World, gold: Layer, first: int, last: int) -> None:
    with pytest.raises(ActionError, match=f"frames 0 to 999, in order; {first} to {last} came"):
        mark_gold(by=world.people["manager"], layer=gold, first=first, last=last)


def test_a_frame_is_gold_once_and_of_one_layer(world: World, gold: Layer) -> None:
    with pytest.raises(ActionError, match="Frames 0 to 14 are gold already"):
        mark_gold(by=world.people["manager"], layer=gold, first=14, last=20)
    other = Layer.objects.create(video=world.video, kind="ground_truth", name="another")
    with pytest.raises(ActionError, match="that is “truth”"):
        mark_gold(by=world.people["manager"], layer=other, first=50, last=60)


def test_only_a_ground_truth_layer_can_be_gold(world: World) -> None:
    with pytest.raises(ActionError, match="“main” is none"):
        mark_gold(by=world.people["manager"], layer=world.layer, first=0, last=9)


# ---------------------------------------------------------------- who sees it


@pytest.mark.parametrize(("by", "sees"), [("viewer", False), ("annotator", False), ("reviewer", True), ("admin", True)])
def test_gold_is_hidden_from_who_is_scored_against_it(world: World, gold: Layer, by: str, sees: bool) -> None:
    browser = client(world, by)
    listed = browser.get(f"/api/videos/{world.video.pk}/layers").json()["layers"]
    assert ("truth" in {layer["name"] for layer in listed}) is sees
    for address in ("tracks", "window?first=0&last=9", "changes", "overview", "issues", "inspection"):
        assert (browser.get(f"/api/layers/{gold.pk}/{address}").status_code == 200) is sees
    compared = browser.post(f"/api/layers/{world.layer.pk}/comparisons/{gold.pk}")
    assert (compared.status_code == 200) is sees


def test_a_checked_gold_layer_is_in_no_queue_that_an_annotator_sees(world: World, gold: Layer) -> None:
    draw(world, 0)
    assert client(world, "reviewer").post(f"/api/layers/{gold.pk}/inspection").status_code == 200
    seen = {
        by: {queue["layer"] for queue in client(world, by).get(f"/api/projects/{world.project.pk}/queues").json()}
        for by in ("annotator", "reviewer")
    }
    assert seen == {"annotator": {world.layer.pk}, "reviewer": {world.layer.pk, gold.pk}}


def test_a_layer_that_is_gold_no_more_is_seen_again(world: World, gold: Layer) -> None:
    unmark_gold(gold.gold.get())
    assert client(world, "annotator").get(f"/api/layers/{gold.pk}/tracks").status_code == 200


# ---------------------------------------------------------------- the page


def test_a_manager_marks_gold_sets_the_mark_and_reads_the_scores(world: World) -> None:
    layer = Layer.objects.create(video=world.video, kind="ground_truth", name="truth")
    draw_on(world, layer, 0, 19)
    browser, page = client(world, "manager"), f"/projects/{world.project.pk}/quality/"
    assert "Mark as gold" in browser.get(page).content.decode()
    browser.post(f"{page}gold/", {"layer": str(layer.pk), "first": "0", "last": "19"})
    browser.post(f"{page}pass-mark/", {"percent": "90"})
    draw_on(world, world.layer, 0, 19)
    submitted(world)
    shown = browser.get(page).content.decode()
    assert "Passed (90 %)" in shown
    rows = {table["id"]: table["rows"] for table in browser.get(f"/api{page[:-1]}").json()["tables"]}
    assert {name: [row["cells"][0] for row in each] for name, each in rows.items()} == {
        "jobs": ["cross.mp4 0-99"],
        "people": ["annotator"],
        "labels": ["car"],
        "videos": ["cross.mp4"],
    }
    assert browser.get(f"/api{page}people.csv").content.decode().splitlines()[1] == "annotator,1,20,1.0,1.0,1.0,0,0,0"
