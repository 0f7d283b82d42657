"""What the jobs workers do with a video that came in.

First it is opened: its frames are listed, and from then on people can work with it. Then it is made quick: every
picture is decoded once, for the thumbnails, for what is damaged, and for the proxy where one is needed. A worker that
dies leaves nothing that counts: the next one begins that step again.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import av.error
from django.db import transaction
from django.db.models import Q
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from annotator.media import storage
from annotator.media.opening import Opened, open_video
from annotator.media.proxy import make_proxy
from annotator.media.strip import Seen, look_through
from annotator.models import ProxyState, Video, VideoState
from tracking.containers import MediaError, in_words
from tracking.frame_index import DAMAGED, FrameIndex

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.4
ATTEMPTS = 3
QUICK, LONG = "default", "playback"
"""Queues: what somebody waits for, and what takes as long as a video. Each has a worker of its own."""
TO_OPEN = (VideoState.QUEUED, VideoState.INGESTING)
TO_MAKE = (ProxyState.WAITING, ProxyState.MAKING)


class VideoRemoved(Exception):
    """Somebody removed the video while it was prepared."""


class WorkerStops(Exception):
    """The worker was told to end."""


@task(queue_name=QUICK)
def ingest(video_id: int) -> None:
    """Open one video. Safe to run again after it was broken off anywhere."""
    video = Video.objects.filter(pk=video_id).first()
    if video is None or video.state == VideoState.READY:
        return
    try:
        with _stoppable(again=lambda: ingest.enqueue(video_id)) as going_on:
            _open(video, going_on)
    except VideoRemoved:
        storage.remove_video_files(video)
    except MediaError as error:
        _fail(video, str(error))
        # What can't be read would only take up room; the person has the original.
        storage.remove_video_files(video)
    except Exception as error:
        log.exception("Video %s could not be opened", video.pk)
        _fail(video, f"The video could not be prepared: {_reason(video, error)}. {TRY_AGAIN}")


@task(queue_name=LONG)
def make_quick(video_id: int) -> None:
    """Make the proxy and the thumbnails of an open video. Safe to run again after it was broken off anywhere."""
    video = Video.objects.filter(pk=video_id, state=VideoState.READY).first()
    if video is None:
        return
    lacks_strip = video.proxy_state == ProxyState.UNNEEDED and not video.strip
    if not lacks_strip and video.proxy_state not in TO_MAKE:
        return
    try:
        with _stoppable(again=lambda: make_quick.enqueue(video_id)) as going_on:
            _make_quick(video, going_on)
    except VideoRemoved:
        storage.remove_video_files(video)
    except MediaError as error:
        _fail_proxy(video, str(error))
    except Exception as error:
        log.exception("The proxy of video %s could not be made", video.pk)
        _fail_proxy(video, f"The copy for quick playback could not be made: {_reason(video, error)}. {TRY_AGAIN}")


TRY_AGAIN = "Try again; if it fails again, tell your admin."


def requeue_interrupted(queues: Collection[str] = (QUICK, LONG)) -> int:
    """Give tasks of these queues that a killed worker left half-done back to them, and queue videos that no task is to
    prepare. Returns how many.

    Only for the one worker of a queue: a task that runs elsewhere looks the same.
    """
    count = 0
    for unfinished in DBTaskResult.objects.running().filter(queue_name__in=queues):
        if unfinished.task_path in _TASKS and len(unfinished.worker_ids) >= ATTEMPTS:
            _give_up(unfinished)
        else:
            unfinished.status, unfinished.started_at = TaskResultStatus.READY, None
            unfinished.save(update_fields=["status", "started_at"])
            count += 1
    with transaction.atomic():
        if QUICK in queues:
            count += _queue_forgotten(ingest, Video.objects.filter(state__in=TO_OPEN))
        if LONG in queues:
            lacks = Q(proxy_state__in=TO_MAKE) | Q(proxy_state=ProxyState.UNNEEDED, strip={})
            count += _queue_forgotten(make_quick, Video.objects.filter(lacks, state=VideoState.READY))
    return count


def _queue_forgotten(work: Any, videos: Any) -> int:
    tasks = DBTaskResult.objects.filter(task_path=work.module_path, finished_at=None)
    queued = {task.args_kwargs["args"][0] for task in tasks}
    forgotten = videos.exclude(pk__in=queued)
    for video in forgotten:
        work.enqueue(video.pk)
    return len(forgotten)


def _give_up(unfinished: DBTaskResult[[int], None]) -> None:
    """Each attempt ended the worker itself: one file must not keep it from everything else."""
    unfinished.set_failed(RuntimeError("The worker ended during each attempt."))
    video = Video.objects.filter(pk=unfinished.args_kwargs["args"][0]).first()
    if video is None:
        return
    if unfinished.task_path == ingest.module_path:
        _fail(
            video,
            f"The jobs worker ended {ATTEMPTS} times while it prepared this video. Convert it to H.264 in MP4 and "
            "upload that; if that fails too, tell your admin.",
        )
    else:
        _fail_proxy(video, f"The worker ended {ATTEMPTS} times while it made the copy for quick playback. {TRY_AGAIN}")


def _open(video: Video, going_on: Callable[[], None]) -> None:
    report = _Reporter(video, going_on)
    storage.remove_prepared(video)
    report.write(state=VideoState.INGESTING, stage="Reading frames", progress=0)
    opened = open_video(
        storage.video_file(video, storage.SOURCE), lambda share: report.now_and_then(progress=round(share, 3))
    )
    _write_opened(video, opened)
    index = opened.index
    with transaction.atomic():
        report.write(
            state=VideoState.READY,
            error="",
            stage="",
            progress=1,
            direct=opened.packets is not None,
            left_out=index.left_out,
            # Also where the source seeks quickly (``opened.quick``): the editor doesn't read the source itself yet.
            proxy_state=ProxyState.WAITING,
            proxy_error="",
            width=index.width,
            height=index.height,
            frame_count=len(index),
            fps=index.fps,
            duration_s=index.duration_s,
            codec=index.codec,
        )
        make_quick.enqueue(video.pk)


def _write_opened(video: Video, opened: Opened) -> None:
    with storage.arriving(storage.video_file(video, storage.INDEX)) as path:
        opened.index.save(path)
    if opened.packets is not None:
        with storage.arriving(storage.video_file(video, storage.PACKETS)) as path:
            path.write_bytes(opened.packets)


def _make_quick(video: Video, going_on: Callable[[], None]) -> None:
    report = _Reporter(video, going_on)
    storage.remove_prepared(video, but=(storage.SOURCE, storage.INDEX, storage.PACKETS))
    index = FrameIndex.load(storage.video_file(video, storage.INDEX))
    if video.proxy_state == ProxyState.UNNEEDED:
        seen = _only_look(video, index, report)
        made: dict[str, object] = {}
    else:
        report.write(proxy_state=ProxyState.MAKING, proxy_progress=0, proxy_bytes=0, proxy_error="")
        seen = _make_proxy(video, index, report)
        size = storage.video_file(video, storage.PROXY).stat().st_size
        made = {"proxy_state": ProxyState.READY, "proxy_progress": 1, "proxy_bytes": size}
    left_out = index.left_out | ({DAMAGED: seen.damaged} if seen.damaged else {})
    report.write(strip=seen.strip.as_json(), left_out=left_out, **made)


def _make_proxy(video: Video, index: FrameIndex, report: _Reporter) -> Seen:
    with (
        storage.arriving(storage.video_file(video, storage.PROXY)) as proxy,
        storage.arriving(storage.video_file(video, storage.STRIP)) as strip,
    ):
        return make_proxy(
            storage.video_file(video, storage.SOURCE),
            index,
            proxy=proxy,
            strip=strip,
            progress=lambda share, size: report.now_and_then(proxy_progress=round(share, 3), proxy_bytes=size),
        )


def _only_look(video: Video, index: FrameIndex, report: _Reporter) -> Seen:
    with storage.arriving(storage.video_file(video, storage.STRIP)) as strip:
        source = storage.video_file(video, storage.SOURCE)
        return look_through(source, index, strip=strip, progress=lambda _: report.now_and_then())


def _reason(video: Video, error: Exception) -> str:
    """An error of the system in our words; any other is a fault of ours, whose words help only who reads the log."""
    if isinstance(error, OSError | av.error.FFmpegError):
        return in_words(error, storage.video_file(video, storage.SOURCE))
    return "something went wrong in the server, whose log says more"


def _fail(video: Video, message: str) -> None:
    Video.objects.filter(pk=video.pk).update(state=VideoState.FAILED, error=message, stage="", progress=0)


def _fail_proxy(video: Video, message: str) -> None:
    Video.objects.filter(pk=video.pk).update(
        proxy_state=ProxyState.FAILED, proxy_error=message, proxy_progress=0, proxy_bytes=0
    )


class _Reporter:
    """Writes to the video's row, seldom enough not to matter; notices when the row is gone."""

    def __init__(self, video: Video, going_on: Callable[[], None]) -> None:
        self.video = video
        self.going_on = going_on
        self.reported_at = 0.0

    def now_and_then(self, **fields: object) -> None:
        self.going_on()
        now = time.monotonic()
        if now - self.reported_at >= REPORT_EVERY_S:
            self.reported_at = now
            self.write(**fields)

    def write(self, **fields: object) -> None:
        rows = Video.objects.filter(pk=self.video.pk)
        if not (rows.update(**fields) if fields else rows.exists()):
            raise VideoRemoved


@contextmanager
def _stoppable(again: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Gives a function that raises WorkerStops once the worker was told to end; then ``again`` queues the work anew. It
    would be killed half-way otherwise, which counts as an attempt that failed."""
    told: list[int] = []
    former = signal.getsignal(signal.SIGTERM)

    def note(number: int, frame: FrameType | None) -> None:
        told.append(number)
        if callable(former):
            former(number, frame)

    def going_on() -> None:
        if told:
            raise WorkerStops

    listens = threading.current_thread() is threading.main_thread()
    if listens:
        signal.signal(signal.SIGTERM, note)
    try:
        yield going_on
    except WorkerStops:
        again()
    finally:
        if listens:
            signal.signal(signal.SIGTERM, former)


_TASKS = (ingest.module_path, make_quick.module_path)
