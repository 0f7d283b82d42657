"""What the jobs worker does with a video that came in: index, proxy, thumbnails. Until all of them are there the video
is not ready, and a worker that dies leaves nothing that counts: the next one begins again."""

from __future__ import annotations

import logging
import time

from django.db import transaction
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from annotator.media import storage
from annotator.media.proxy import make_proxy
from annotator.models import Video, VideoState
from tracking.frames import MediaError, build_index

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.4
ATTEMPTS = 3
UNPREPARED = (VideoState.QUEUED, VideoState.INGESTING)


class VideoRemoved(Exception):
    """Somebody removed the video while it was ingested."""


@task()
def ingest(video_id: int) -> None:
    """Prepare one video. Safe to run again after it was broken off anywhere."""
    video = Video.objects.filter(pk=video_id).first()
    if video is None or video.state == VideoState.READY:
        return
    try:
        _prepare(video)
    except VideoRemoved:
        storage.remove_video_files(video)
    except MediaError as error:
        _fail(video, str(error))
        # What can't be read would only take up room; the person has the original.
        storage.remove_video_files(video)
    except Exception as error:
        log.exception("Ingest of video %s failed", video.pk)
        _fail(video, f"The video could not be prepared: {error}. Try again; if it fails again, tell your admin.")


def requeue_interrupted() -> int:
    """Give tasks that a killed worker left half-done back to the queue, and queue videos that no task is to prepare.
    Returns how many.

    Only for a worker that is the only one: a task that runs elsewhere looks the same.
    """
    count = 0
    for unfinished in DBTaskResult.objects.running():
        if unfinished.task_path == ingest.module_path and len(unfinished.worker_ids) >= ATTEMPTS:
            _give_up(unfinished)
        else:
            unfinished.status, unfinished.started_at = TaskResultStatus.READY, None
            unfinished.save(update_fields=["status", "started_at"])
            count += 1
    with transaction.atomic():
        tasks = DBTaskResult.objects.filter(task_path=ingest.module_path, finished_at=None)
        queued = {task.args_kwargs["args"][0] for task in tasks}
        for video in Video.objects.filter(state__in=UNPREPARED).exclude(pk__in=queued):
            ingest.enqueue(video.pk)
            count += 1
    return count


def _give_up(unfinished: DBTaskResult[[int], None]) -> None:
    """Each attempt ended the worker itself: one file must not keep it from everything else."""
    unfinished.set_failed(RuntimeError("The worker ended during each attempt."))
    video = Video.objects.filter(pk=unfinished.args_kwargs["args"][0]).first()
    if video:
        _fail(
            video,
            f"The jobs worker ended {ATTEMPTS} times while it prepared this video. Convert it to H.264 in MP4 and "
            "upload that; if that fails too, tell your admin.",
        )


def _prepare(video: Video) -> None:
    report = _Reporter(video)
    storage.remove_prepared(video)
    report.stage("Reading frames")
    source = storage.video_file(video, storage.SOURCE)
    index = build_index(source)
    report.stage("Preparing playback")
    with (
        storage.arriving(storage.video_file(video, storage.PROXY)) as proxy,
        storage.arriving(storage.video_file(video, storage.STRIP)) as strip,
        storage.arriving(storage.video_file(video, storage.INDEX)) as index_file,
    ):
        index, made = make_proxy(source, index, proxy=proxy, strip=strip, progress=report.progress)
        index.save(index_file)
    ready = Video.objects.filter(pk=video.pk).update(
        state=VideoState.READY,
        error="",
        stage="",
        progress=1,
        width=index.width,
        height=index.height,
        frame_count=len(index),
        fps=index.fps,
        duration_s=index.duration_s,
        codec=index.codec,
        strip=made.as_json(),
    )
    if not ready:
        raise VideoRemoved


def _fail(video: Video, message: str) -> None:
    Video.objects.filter(pk=video.pk).update(state=VideoState.FAILED, error=message, stage="", progress=0)


class _Reporter:
    """Writes progress to the video's row, seldom enough not to matter; notices when the row is gone."""

    def __init__(self, video: Video) -> None:
        self.video = video
        self.reported_at = 0.0

    def stage(self, name: str) -> None:
        self._write(state=VideoState.INGESTING, stage=name, progress=0)

    def progress(self, share: float) -> None:
        now = time.monotonic()
        if now - self.reported_at >= REPORT_EVERY_S:
            self.reported_at = now
            self._write(progress=share)

    def _write(self, **fields: object) -> None:
        if not Video.objects.filter(pk=self.video.pk).update(**fields):
            raise VideoRemoved
