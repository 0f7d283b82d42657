"""What the jobs workers do with a video that came in.

First it is opened: its frames are listed, and from then on people can work with it. Then it is made quick: every
picture is decoded once, for the thumbnails, for what is damaged, and for the proxy where one is needed. A worker that
dies leaves nothing that counts: the next one begins that step again.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection
from pathlib import Path

import av.error
from django.db import transaction
from django.db.models import Q, QuerySet
from django_tasks import task

from annotator.actions.background import Allowance, Background, queue_forgotten
from annotator.actions.webhooks.telling import tell_video
from annotator.config import config
from annotator.media import storage
from annotator.media.away import MediaAway
from annotator.media.opening import Opened, open_video
from annotator.media.proxy import make_proxy
from annotator.media.strip import Seen, look_through
from annotator.models import ProxyState, Video, VideoState
from tracking.containers import MediaError, in_words
from tracking.frame_index import DAMAGED, FrameIndex

log = logging.getLogger(__name__)

REPORT_EVERY_S = 0.4
QUICK, LONG = "default", "playback"
"""Queues: what somebody waits for, and what takes as long as a video. Each has a worker of its own."""
TO_OPEN = (VideoState.QUEUED, VideoState.INGESTING)
TO_MAKE = (ProxyState.WAITING, ProxyState.MAKING)


class VideoRemoved(Exception):
    """Somebody removed the video while it was prepared."""


@task(queue_name=QUICK)
def ingest(video_id: int) -> None:
    """Open one video. Safe to run again after it was broken off anywhere."""
    video = Video.objects.filter(pk=video_id).first()
    if video is None or video.state == VideoState.READY:
        return
    try:
        _open(video)
    except VideoRemoved:
        storage.remove_video_files(video)
    except MediaError as error:
        _fail(video, str(error))
        # What can't be read would only take up room; the person has the original.
        storage.remove_video_files(video)
    except MemoryError:
        raise  # Its process says so.
    except Exception as error:
        log.exception("Video %s could not be opened", video.pk)
        _fail(video, f"The video could not be prepared: {_reason(video, error)}. {TRY_AGAIN}")


@task(queue_name=LONG)
def make_quick(video_id: int) -> None:
    """Make the proxy and the thumbnails of an open video. Safe to run again after it was broken off anywhere."""
    video = Video.objects.filter(pk=video_id, state=VideoState.READY).first()
    if video is None:
        return
    lacks_strip = video.proxy_state == ProxyState.UNNEEDED and not (video.strip or video.proxy_error)
    if not lacks_strip and video.proxy_state not in TO_MAKE:
        return
    try:
        _make_quick(video)
    except VideoRemoved:
        storage.remove_video_files(video)
    except MediaError as error:
        _fail_proxy(video, str(error))
    except MemoryError:
        raise
    except Exception as error:
        log.exception("The proxy of video %s could not be made", video.pk)
        what = "thumbnails" if video.proxy_state == ProxyState.UNNEEDED else "copy for quick playback"
        _fail_proxy(video, f"The {what} could not be made: {_reason(video, error)}. {TRY_AGAIN}")


TRY_AGAIN = "Try again; if it fails again, tell your admin."


def queue_forgotten_videos(queues: Collection[str] = (QUICK, LONG)) -> int:
    """Queue videos that no task of these queues is to prepare. Returns how many."""
    count = 0
    with transaction.atomic():
        if QUICK in queues:
            count += queue_forgotten(ingest, Video.objects.filter(state__in=TO_OPEN))
        if LONG in queues:
            count += queue_forgotten(make_quick, _to_make().filter(state=VideoState.READY))
    return count


def _to_make() -> QuerySet[Video]:
    return Video.objects.filter(
        Q(proxy_state__in=TO_MAKE) | Q(proxy_state=ProxyState.UNNEEDED, strip={}, proxy_error="")
    )


def _opened(video: Video, source: Path, report: _Reporter) -> Opened:
    if video.awaited:
        report.write(state=VideoState.INGESTING, stage="Comparing the file", progress=0)
        _require_awaited(video, source)
    report.write(state=VideoState.INGESTING, stage="Reading frames", progress=0)
    return open_video(source, lambda share: report.now_and_then(progress=round(share, 3)))


def _open(video: Video) -> None:
    report = _Reporter(video)
    storage.remove_prepared(video)
    with storage.at_hand(storage.video_file(video, storage.SOURCE)) as source:
        opened = _opened(video, source, report)
    _write_opened(video, opened)
    index = opened.index
    with transaction.atomic():
        report.write(
            state=VideoState.READY,
            error="",
            awaited="",
            stage="",
            progress=1,
            direct=opened.packets is not None,
            left_out=index.left_out,
            proxy_state=ProxyState.UNNEEDED if opened.quick else ProxyState.WAITING,
            proxy_error="",
            width=index.width,
            height=index.height,
            frame_count=len(index),
            fps=index.fps,
            duration_s=index.duration_s,
            codec=index.codec,
        )
        make_quick.enqueue(video.pk)
        tell_video(Video.objects.select_related("project", "created_by").get(pk=video.pk), ready=True)


def _require_awaited(video: Video, source: Path) -> None:
    """Raises MediaError for another file than the one that the video had where it was imported from."""
    with source.open("rb") as file:
        came = hashlib.file_digest(file, "sha256").hexdigest()
    if came != video.awaited:
        raise MediaError(
            f"This isn't the file that “{video.name}” was annotated in: it has the same name and size, but its SHA-256 "
            f"is {came[:12]}… instead of {video.awaited[:12]}…. Upload the original."
        )


def _write_opened(video: Video, opened: Opened) -> None:
    with storage.arriving(storage.video_file(video, storage.INDEX)) as path:
        opened.index.save(path)
    if opened.packets is not None:
        with storage.arriving(storage.video_file(video, storage.PACKETS)) as path:
            path.write_bytes(opened.packets)


def _make_quick(video: Video) -> None:
    report = _Reporter(video)
    storage.remove_prepared(video, but=(storage.SOURCE, storage.INDEX, storage.PACKETS))
    with storage.at_hand(storage.video_file(video, storage.INDEX)) as path:
        index = FrameIndex.load(path)
    if video.proxy_state == ProxyState.UNNEEDED:
        seen = _only_look(video, index, report)
        made: dict[str, object] = {}
    else:
        report.write(proxy_state=ProxyState.MAKING, proxy_progress=0, proxy_bytes=0, proxy_error="")
        seen = _make_proxy(video, index, report)
        size = storage.told(storage.video_file(video, storage.PROXY)).size
        made = {"proxy_state": ProxyState.READY, "proxy_progress": 1, "proxy_bytes": size}
    left_out = index.left_out | ({DAMAGED: seen.damaged} if seen.damaged else {})
    report.write(strip=seen.strip.as_json(), left_out=left_out, **made)


def _make_proxy(video: Video, index: FrameIndex, report: _Reporter) -> Seen:
    with (
        storage.at_hand(storage.video_file(video, storage.SOURCE)) as source,
        storage.arriving(storage.video_file(video, storage.PROXY)) as proxy,
        storage.arriving(storage.video_file(video, storage.STRIP)) as strip,
    ):
        return make_proxy(
            source,
            index,
            proxy=proxy,
            strip=strip,
            progress=lambda share, size: report.now_and_then(proxy_progress=round(share, 3), proxy_bytes=size),
        )


def _only_look(video: Video, index: FrameIndex, report: _Reporter) -> Seen:
    with (
        storage.at_hand(storage.video_file(video, storage.SOURCE)) as source,
        storage.arriving(storage.video_file(video, storage.STRIP)) as strip,
    ):
        return look_through(source, index, strip=strip, progress=lambda _: report.now_and_then())


def _reason(video: Video, error: Exception) -> str:
    """An error of the system in our words; any other is a fault of ours, whose words help only who reads the log."""
    if isinstance(error, MediaAway):
        return error.words
    if isinstance(error, OSError | av.error.FFmpegError):
        return in_words(error, storage.video_file(video, storage.SOURCE))
    return "something went wrong in the server, whose log says more"


def _fail(video: Video, message: str) -> None:
    with transaction.atomic():
        rows = Video.objects.filter(pk=video.pk)
        if rows.update(state=VideoState.FAILED, error=message, stage="", progress=0):
            tell_video(rows.select_related("project", "created_by").get(), ready=False)


def _fail_proxy(video: Video, message: str) -> None:
    """A video that needs none still doesn't: it only lacks thumbnails."""
    needed = video.proxy_state != ProxyState.UNNEEDED
    state = ProxyState.FAILED if needed else ProxyState.UNNEEDED
    Video.objects.filter(pk=video.pk).update(proxy_state=state, proxy_error=message, proxy_progress=0, proxy_bytes=0)


class _Reporter:
    """Writes to the video's row, seldom enough not to matter; notices when the row is gone."""

    def __init__(self, video: Video) -> None:
        self.video = video
        self.reported_at = 0.0

    def now_and_then(self, **fields: object) -> None:
        now = time.monotonic()
        if now - self.reported_at >= REPORT_EVERY_S:
            self.reported_at = now
            self.write(**fields)

    def write(self, **fields: object) -> None:
        rows = Video.objects.filter(pk=self.video.pk)
        if not (rows.update(**fields) if fields else rows.exists()):
            raise VideoRemoved


def _allowance(_: int) -> Allowance:
    return Allowance(
        config.video_memory * 2**20, config.video_hours * 3600, "FRAMEWISE_VIDEO_MEMORY", "FRAMEWISE_VIDEO_HOURS"
    )


def _workspaces(videos: QuerySet[Video]) -> dict[str, int]:
    return {str(key): workspace for key, workspace in videos.values_list("pk", "project__workspace_id")}


def _is_there(video_id: int) -> bool:
    return Video.objects.filter(pk=video_id).exists()


def _folder(video_id: int) -> Path | None:
    video = Video.objects.filter(pk=video_id).first()
    return storage.video_file(video, storage.SOURCE).parent if video else None


def _fail_opening(video_id: int, why: str) -> None:
    video = Video.objects.filter(pk=video_id).exclude(state=VideoState.READY).first()
    if video is not None:
        _fail(video, why)


def _fail_quickening(video_id: int, why: str) -> None:
    video = _to_make().filter(pk=video_id).first()
    if video is not None:
        _fail_proxy(video, why)


CONVERT = "Convert the video to H.264 in MP4 with smaller pictures and upload that."
OPENING = Background(
    task=ingest,
    names=lambda _: ("Preparing this video", CONVERT),
    allowance=_allowance,
    workspaces=lambda: _workspaces(Video.objects.filter(state__in=TO_OPEN)),
    is_wanted=_is_there,
    drop=lambda _: True,
    folder=_folder,
    fail=_fail_opening,
)
QUICKENING = Background(
    task=make_quick,
    names=lambda _: ("Making the copy for quick playback", "The video can be worked with all the same."),
    allowance=_allowance,
    workspaces=lambda: _workspaces(_to_make()),
    is_wanted=_is_there,
    drop=lambda _: True,
    folder=_folder,
    fail=_fail_quickening,
)
