"""The jobs worker as a process: what it does with tasks that take too much, end their process, or aren't wanted."""

from __future__ import annotations

import json
import os
import signal
import time
import zipfile
from datetime import timedelta
from functools import cache
from pathlib import Path

import psutil
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from pytest_django import Settings

from annotator.actions import transfers
from annotator.actions.importing import AS_IT_IS
from annotator.formats import FORMATS, geometry
from annotator.formats.base import Dataset, Format, LabelInfo, TrackData, VideoInfo
from annotator.models import (
    JobsWorker,
    Layer,
    Membership,
    Project,
    Role,
    Transfer,
    TransferState,
    Video,
    VideoState,
    Workspace,
)
from annotator.worker.beats import DEAD_AFTER_S, Beats, is_alive_here
from tests.annotator.worker.workers import until, working
from tests.annotator.worlds import World, make_world
from tests.formats.pictures import mask
from tracking.shapes.chunks import Flag, Kind, Row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
QUICK = ("--queue", "default")
FRAMES = 60_000


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path


@pytest.fixture
def world(data: Path) -> World:
    return make_world(FRAMES)


def document(shapes: int, tracks: int = 1) -> bytes:
    rows = shapes_of_a_track(shapes)
    listed = ",".join(f'{{"number": {number}, "label": "car", "shapes": {rows}}}' for number in range(1, tracks + 1))
    return f'{{"format": "framewise", "version": 1, "tracks": [{listed}]}}'.encode()


@cache
def shapes_of_a_track(count: int) -> str:
    return json.dumps([{"frame": frame, "box": [10, 20, 40 + frame % 50, 60]} for frame in range(count)])


def slow() -> bytes:
    """Takes several seconds to import."""
    return document(FRAMES, tracks=12)


def bring(world: World, content: bytes, layer: Layer | None = None, format_id: str = "framewise") -> Transfer:
    file = SimpleUploadedFile("in.json", content)
    user = world.people["reviewer"]
    return transfers._receive(user, Transfer(layer=layer or world.layer, created_by=user), format_id, file, AS_IT_IS)


def written(fmt: Format, folder: Path) -> tuple[bytes, bytes]:
    """A track of a small shape as a format writes it; and the same in an archive, if it isn't one already."""
    target, packed = folder / f"out{fmt.suffix}", folder / "packed.zip"
    row = point if Kind.POINTS in fmt.kinds else mask
    track = TrackData(1, "car", [row(frame, 10 + frame, 20) for frame in (0, 5)])
    fmt.write(Dataset(VideoInfo("clip.mp4", 1280, 720, 10, 25.0), (LabelInfo("car"),), (track,), 1), target, {})
    if not zipfile.is_zipfile(target):
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(target, target.name)
    return target.read_bytes(), (packed if packed.exists() else target).read_bytes()


def point(frame: int, x: float, y: float) -> Row:
    return geometry.point_row(Kind.POINTS, frame, Flag.KEYFRAME, 1.0, [(x, y)], [2])


def state(transfer: Transfer) -> str:
    transfer.refresh_from_db()
    return str(transfer.state)


def is_over(*several: Transfer) -> bool:
    return all(state(each) not in transfers.OPEN for each in several)


def another_layer(world: World, name: str) -> Layer:
    """Of another workspace, in which the same reviewer is."""
    workspace = Workspace.objects.create(name=name)
    Membership.objects.create(workspace=workspace, user=world.people["reviewer"], role=Role.REVIEWER)
    project = Project.objects.create(workspace=workspace, name=name)
    project.labels.create(name="car", colour="#112233", geometry_kinds=["box"])
    video = Video.objects.create(
        project=project,
        name="a.mp4",
        state=VideoState.READY,
        proxy_state="ready",
        width=1280,
        height=720,
        frame_count=100,
    )
    return Layer.objects.create(video=video)


def test_it_does_what_waits_and_writes_down_that_it_did(world: World, data: Path) -> None:
    """Of every format, with the memory that an import gets."""
    brought = {}
    for fmt in FORMATS:
        folder = data / fmt.id
        folder.mkdir()
        for number, content in enumerate(written(fmt, folder)):
            brought[f"{fmt.id} {number}"] = bring(world, content, format_id=fmt.id)
    with working(data, *QUICK):
        until(lambda: is_over(*brought.values()), "all imports are over")
    assert {name: each.message for name, each in brought.items() if state(each) != TransferState.DONE} == {}
    assert world.layer.tracks.count() >= len(brought)
    assert set(DBTaskResult.objects.values_list("status", flat=True)) == {"SUCCESSFUL"}


def test_a_task_that_takes_too_much_memory_is_ended_and_says_how_much(world: World, data: Path) -> None:
    transfer, after = bring(world, slow()), bring(world, document(10))
    with working(data, *QUICK, FRAMEWISE_TRANSFER_MEMORY="30"):
        until(lambda: is_over(transfer, after), "both are over")
    assert state(transfer) == TransferState.FAILED
    assert "more than 30 MiB of memory" in transfer.message
    assert "FRAMEWISE_TRANSFER_MEMORY" in transfer.message
    assert not transfers.transfer_file(transfer).exists()
    assert (state(after), world.layer.tracks.count()) == ("done", 1)


def test_a_task_that_takes_too_long_is_ended_and_says_how_long(world: World, data: Path) -> None:
    transfer = bring(world, slow())
    with working(data, *QUICK, FRAMEWISE_TRANSFER_MINUTES="0.01"):
        until(lambda: is_over(transfer), "the import is over")
    assert state(transfer) == TransferState.FAILED
    assert "longer than 0.6 s" in transfer.message
    assert not world.layer.tracks.exists()


def test_cancelling_ends_the_process_at_once(world: World, data: Path) -> None:
    transfer = bring(world, slow())
    with working(data, *QUICK) as worker:
        pid = worker.until_task()
        until(lambda: state(transfer) == "running", "it runs")
        transfers.cancel_transfer(transfer=transfer)
        until(lambda: not psutil.pid_exists(pid), "its process is gone", 3)
        until(lambda: not transfers.transfer_file(transfer).parent.exists(), "its files are gone", 3)
    assert state(transfer) == TransferState.CANCELLED
    assert not world.layer.tracks.exists()


def test_a_removed_transfer_ends_its_process_and_leaves_no_files(world: World, data: Path) -> None:
    transfer = bring(world, slow())
    folder = transfers.transfer_file(transfer).parent
    with working(data, *QUICK) as worker:
        pid = worker.until_task()
        until(lambda: state(transfer) == "running", "it runs")
        Transfer.objects.filter(pk=transfer.pk).delete()
        until(lambda: not psutil.pid_exists(pid) and not folder.exists(), "its process and files are gone", 5)


def test_a_task_that_ends_its_process_is_tried_three_times_and_then_says_so(world: World, data: Path) -> None:
    transfer = bring(world, slow())
    killed: list[int] = []
    with working(data, *QUICK) as worker:
        while not is_over(transfer):
            for pid in worker.tasks():
                if pid not in killed:
                    killed.append(pid)
                    os.kill(pid, signal.SIGKILL)
    assert len(killed) == 3
    assert state(transfer) == TransferState.FAILED
    assert "ended its process 3 times (it was killed" in transfer.message
    assert DBTaskResult.objects.get().status == "FAILED"


def test_the_tasks_of_a_killed_worker_die_with_it_and_are_taken_up_by_the_next(world: World, data: Path) -> None:
    transfer = bring(world, slow())
    with working(data, *QUICK) as worker:
        pid = worker.until_task()
        worker.kill()
        until(lambda: not psutil.pid_exists(pid), "its task is gone too", 5)
    assert state(transfer) in transfers.OPEN
    with working(data, *QUICK):
        until(lambda: is_over(transfer), "the import is over")
    assert (state(transfer), world.layer.tracks.count()) == ("done", 12)


def test_a_worker_that_is_told_to_end_leaves_its_work_to_the_next_one_and_that_is_no_try(
    world: World, data: Path
) -> None:
    transfer = bring(world, document(FRAMES, tracks=60))
    with working(data, *QUICK) as worker:
        worker.until_task()
        worker.process.terminate()
        time.sleep(0.2)  # told twice, it doesn't wait for what is nearly done
    assert state(transfer) in transfers.OPEN
    waiting = DBTaskResult.objects.get()
    assert (waiting.status, waiting.worker_ids) == ("READY", [])


def test_a_workspace_with_many_imports_does_not_hold_another_s_one(world: World, data: Path) -> None:
    many = [bring(world, document(3000)) for _ in range(20)]
    one = bring(world, document(100), another_layer(world, "Elsewhere"))
    with working(data, *QUICK, FRAMEWISE_TASKS_AT_ONCE="1"):
        until(lambda: is_over(one), "the one is over")
        still_waiting = Transfer.objects.filter(pk__in=[each.pk for each in many], state=TransferState.QUEUED).count()
        until(lambda: is_over(*many), "all are over")
    assert state(one) == "done", one.message
    assert still_waiting >= 15
    assert {state(each) for each in many} == {"done"}


def test_a_long_task_of_one_workspace_does_not_make_another_wait(world: World, data: Path) -> None:
    long = bring(world, document(FRAMES, tracks=60))
    with working(data, *QUICK) as worker:
        worker.until_task()
        one = bring(world, document(100), another_layer(world, "Elsewhere"))
        until(lambda: is_over(one), "the short one is over")
        assert state(long) == "running"
        transfers.cancel_transfer(transfer=long)
        until(lambda: not worker.tasks(), "nothing runs")
    assert state(one) == "done", one.message


# ------------------------------------------------------------------ several workers


def test_what_a_killed_worker_of_several_did_is_begun_by_another(world: World, data: Path) -> None:
    transfer = bring(world, slow())
    with working(data, *QUICK, "--one-of-many") as killed:
        killed.until_task()
        killed.kill()
    # Nobody knows yet: it might live on another machine.
    other = Beats(["default"])
    assert other.beat()
    assert DBTaskResult.objects.running().count() == 1
    JobsWorker.objects.exclude(pk=other.key).update(seen_at=timezone.now() - timedelta(seconds=DEAD_AFTER_S + 1))
    with working(data, *QUICK, "--one-of-many"):
        until(lambda: is_over(transfer), "another worker did it")
    assert state(transfer) == TransferState.DONE
    assert Layer.objects.get(pk=world.layer.pk).tracks.count() == 12


def test_a_worker_that_was_taken_for_dead_leaves_what_it_did_to_the_other(world: World, data: Path) -> None:
    transfer = bring(world, slow())
    with working(data, *QUICK, "--one-of-many") as worker:
        first = worker.until_task()
        # It isn't over before its worker notices.
        os.kill(first, signal.SIGSTOP)
        taken = JobsWorker.objects.get()
        JobsWorker.objects.update(seen_at=timezone.now() - timedelta(seconds=DEAD_AFTER_S + 1))
        other = Beats(["playback"])
        other.beat()
        assert not JobsWorker.objects.filter(pk=taken.pk).exists()
        until(lambda: first not in worker.tasks(), "it ended the task")
        until(lambda: is_over(transfer), "it began it again, as somebody else")
    assert state(transfer) == TransferState.DONE
    assert "silent for so long" in worker.log.read_text()
    assert Layer.objects.get(pk=world.layer.pk).tracks.count() == 12


def test_a_worker_that_ends_in_order_is_no_worker_any_more(world: World, data: Path) -> None:
    with working(data, *QUICK, "--one-of-many"):
        until(JobsWorker.objects.exists, "it says that it lives")
        assert is_alive_here()
    assert not JobsWorker.objects.exists()
    assert not is_alive_here()
