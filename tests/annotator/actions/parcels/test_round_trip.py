"""A project goes out whole and comes in elsewhere."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.contrib.auth import authenticate

from annotator.actions.edits.past import read_past
from annotator.actions.edits.restore import Scope, restore
from annotator.actions.ingest import _require_awaited
from annotator.actions.parcels.packing import pack
from annotator.actions.parcels.parcels import bring_project
from annotator.actions.parcels.report import Report
from annotator.actions.videos import append_upload, begin_upload, finish_upload
from annotator.media import storage
from annotator.models import (
    Comment,
    ConsensusCopy,
    Event,
    Gold,
    Issue,
    Job,
    JobScore,
    JobStep,
    Layer,
    Project,
    Run,
    Stay,
    Track,
    User,
    VerdictSpan,
    Video,
    VideoState,
)
from tests.annotator.actions.parcels.worlds import (
    AT,
    SOURCE,
    brought,
    native,
    no_show,
    other_workspace,
    packed,
    rich_world,
)
from tests.annotator.worlds import World, frames_of, spans_of
from tracking.containers import MediaError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": []}}


@pytest.fixture
def rich() -> tuple[World, UUID]:
    return rich_world()


def main_layer(project: Project) -> Layer:
    return Layer.objects.get(video__project=project, kind="main")


def test_exports_of_both_projects_are_equal(rich: tuple[World, UUID], tmp_path: Path) -> None:
    world, _ = rich
    there = brought(packed(world.project, tmp_path / "out.zip"), other_workspace(world, "reviewer"), tmp_path)
    one, other = native(world.layer, tmp_path / "one.json"), native(main_layer(there), tmp_path / "other.json")
    assert one == other
    assert one["tracks"][0]["shapes"]


def test_everything_comes_along(rich: tuple[World, UUID], tmp_path: Path) -> None:
    world, _ = rich
    there = brought(
        packed(world.project, tmp_path / "out.zip"),
        other_workspace(world, "annotator", "reviewer", "manager"),
        tmp_path,
    )
    layer = main_layer(there)
    label = there.labels.get()
    assert (there.name, there.pass_mark, there.class_labels) == ("Crossing", 80, {"automobile": label.pk, "bird": None})
    assert [each.name for each in label.attributes.all()] == ["parked", "gear"]
    assert (layer.revision, layer.next_number) == (7, 3)
    assert set(Track.objects.filter(layer=layer).values_list("number", flat=True)) == {1, 2}
    assert not set(Track.objects.filter(layer=layer).values_list("pk")) & set(world.layer.tracks.values_list("pk"))
    events = list(Event.objects.filter(layer=layer))
    assert [event.revision for event in events] == [1, 2, 3, 4, 5, 6, 7]
    assert {event.created_at for event in events} == {AT}
    assert events[0].author == world.annotator
    run = Run.objects.get(layer=layer)
    assert (events[1].run, run.state) == (run, "stopped")
    track = Track.objects.get(layer=layer, number=1)
    original = world.layer.tracks.get(number=1)
    assert spans_of(track.pk) == spans_of(original.pk)
    span = VerdictSpan.objects.filter(track=track).exclude(reopened=None).get()
    assert span.reopened is not None
    assert span.reopened["by"] == world.annotator.pk
    issue = Issue.objects.get(layer=layer)
    assert (issue.track, issue.opened_by) == (track, world.people["reviewer"])
    comments = list(Comment.objects.filter(issue=issue))
    assert [each.text for each in comments] == ["Is it @annotator's?", "Yes."]
    assert comments[0].mentions == [[world.annotator.pk, "@annotator"]]
    job = Job.objects.get(layer=layer)
    assert (job.assignee, job.reviewer, str(job.due)) == (world.annotator, world.people["reviewer"], "2026-04-01")
    assert list(job.co_reviewers.all()) == [world.people["manager"]]
    assert [(step.whom, step.reason, step.at) for step in JobStep.objects.filter(job=job)] == [
        (world.annotator, "Please.", AT)
    ]
    assert [each["label"] for each in JobScore.objects.get(job=job).report["scores"]] == [None, label.pk]
    assert Gold.objects.get(layer__video__project=there).layer.name == "truth"
    copy = ConsensusCopy.objects.get(layer__video__project=there)
    assert (copy.consensus.video, copy.layer.name, copy.job, copy.consensus.state) == (
        there.videos.get(),
        "copy",
        job,
        "waiting",
    )
    assert Stay.objects.get(layer=layer).job == job
    video = there.videos.get()
    assert (video.state, video.frame_count) == (VideoState.QUEUED, 300)
    assert storage.video_file(video, storage.SOURCE).read_bytes() == SOURCE


def test_the_history_works_on(rich: tuple[World, UUID], tmp_path: Path) -> None:
    world, original = rich
    workspace = other_workspace(world)
    there = brought(packed(world.project, tmp_path / "out.zip"), workspace, tmp_path)
    layer = main_layer(there)
    track = Track.objects.get(layer=layer, number=1)
    assert frames_of(track.pk) == frames_of(original) == [0, 10, 50, 280]
    assert read_past(layer, 1).exact
    boss = User.objects.get(username="boss")
    restore(user=boss, layer_id=layer.pk, scope=Scope(1), edit_id=uuid4(), summary="Back")
    assert frames_of(track.pk) == [0, 280]
    assert frames_of(original) == [0, 10, 50, 280]


def test_who_is_not_here_is_a_name_and_no_account(rich: tuple[World, UUID], tmp_path: Path) -> None:
    world, _ = rich
    world.annotator.first_name, world.annotator.last_name = "Bob", "Builder"
    world.annotator.set_password("correct horse battery staple")
    world.annotator.save()
    workspace = other_workspace(world)
    there = brought(packed(world.project, tmp_path / "out.zip"), workspace, tmp_path)
    author = Event.objects.get(layer=main_layer(there), revision=1).author
    assert author is not None
    assert str(author) == "Bob Builder (not here)"
    assert author != world.annotator
    assert (author.is_active, author.has_usable_password(), author.memberships.count()) == (False, False, 0)
    assert "annotator@example.org" not in author.email
    for name in (author.username, author.email):
        assert authenticate(username=name, password="correct horse battery staple") is None
    job = Job.objects.get(layer=main_layer(there))
    assert (job.assignee, job.reviewer) == (None, None)
    # The same name again, not a second one; and out again it is the name alone.
    again = brought(packed(there, tmp_path / "again.zip"), workspace, tmp_path)
    assert again.name == "Crossing (imported)"
    assert User.objects.filter(first_name="Bob", not_here=True).count() <= 2


def test_the_file_says_nothing_that_opens_anything(rich: tuple[World, UUID], tmp_path: Path) -> None:
    from tests.annotator.actions.parcels.worlds import members_of

    world, _ = rich
    world.annotator.set_password("correct horse battery staple")
    world.annotator.save()
    members = members_of(packed(world.project, tmp_path / "out.zip"))
    people = members["people.jsonl"].decode()
    assert "annotator@example.org" in people
    assert "stranger" not in people  # Nobody who isn't named.
    assert world.annotator.password not in "".join(map(repr, members.values()))


def test_without_media_the_originals_take_their_places_later(rich: tuple[World, UUID], tmp_path: Path) -> None:
    world, _ = rich
    workspace = other_workspace(world)
    there = brought(packed(world.project, tmp_path / "out.zip", with_media=False), workspace, tmp_path)
    video = there.videos.get()
    assert (video.state, len(video.awaited)) == (VideoState.FAILED, 64)
    assert "Upload “cross.mp4” (20,000 bytes)" in video.error
    boss = User.objects.get(username="boss")
    upload = begin_upload(user=boss, project=there, name="cross.mp4", size=len(SOURCE))
    came = finish_upload(upload=append_upload(upload=upload, offset=0, data=SOURCE))
    assert came == video
    came.refresh_from_db()
    assert came.state == VideoState.QUEUED
    _require_awaited(came, storage.video_file(came, storage.SOURCE))
    storage.video_file(came, storage.SOURCE).write_bytes(b"x" * len(SOURCE))
    with pytest.raises(MediaError, match=r"isn't the file that “cross\.mp4” was annotated in"):
        _require_awaited(came, storage.video_file(came, storage.SOURCE))


def test_both_reports_count_what_went_along(rich: tuple[World, UUID], tmp_path: Path) -> None:
    world, _ = rich
    out = pack(world.project, tmp_path / "out.zip", with_media=True, show=no_show)
    counts = {each.words[0]: each.count for each in out.taken}
    assert (counts["object"], counts["change of the history"], counts["comment"]) == (2, 7, 2)
    reports: list[Report] = []
    bring_project(
        tmp_path / "out.zip",
        workspace=other_workspace(world, "annotator"),
        folder=tmp_path / "unpacked",
        show=no_show,
        finish=lambda _, report: reports.append(report),
    )
    taken = {each.words[0]: each.count for each in reports[0].taken}
    assert taken == counts | {"further reviewer of a job": 0}
    assert reports[0].here == ["annotator"]
    assert reports[0].not_here == ["admin", "manager", "reviewer"]
    assert dict(reports[0].left_out) == {
        "further reviewers of jobs who aren't here or may not do it here": 1,
        "jobs without their reviewer, who isn't here or may not do it here": 1,
        "runs that were under way: they are stopped here": 1,
    }


def test_a_failure_leaves_neither_rows_nor_files(
    rich: tuple[World, UUID], tmp_path: Path, settings: LazySettings
) -> None:
    world, _ = rich
    path = packed(world.project, tmp_path / "out.zip")

    def fail(project: Project, report: Report) -> None:
        raise RuntimeError("The power went.")

    with pytest.raises(RuntimeError):
        bring_project(path, workspace=other_workspace(world), folder=tmp_path / "unpacked", show=no_show, finish=fail)
    assert Project.objects.count() == Video.objects.count() == 1
    assert len(list((Path(settings.MEDIA_ROOT) / "videos").glob("*/source"))) == 1
    assert not User.objects.filter(not_here=True).exists()
