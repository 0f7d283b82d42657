"""How much of the server's disk a workspace takes, and that it takes no more than the server's owner gives it.

Counted from rows that say how large their files are: a few sums, however many files there are. Not counted is what is
small beside them: annotations in the database, indexes and thumbnails of videos.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet, Sum

from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.media import storage
from annotator.models import (
    AuditKind,
    Parcel,
    ParcelState,
    StoredWeights,
    Transfer,
    Upload,
    User,
    Video,
    VideoState,
    Workspace,
)

Row = TypeVar("Row", bound=Model)

GB = 10**9
MOST_GB = 1_000_000
WARN_FROM = 0.9
WITH_FILE = (ParcelState.COMING, ParcelState.QUEUED, ParcelState.RUNNING)
"""Of projects that are brought whole: afterwards their videos count."""


class NoRoom(ActionError):
    """A workspace would take more than it may."""


@dataclass(frozen=True, slots=True)
class Use:
    """Bytes that a workspace takes. ``quota``: that it may take; None: what there is.

    Args:
        media: the videos as they were uploaded; ``coming``: what has come of those and of weights under way.
        proxies: the copies for quick playback.
        files: exports, which are kept for a week, and files of imports under way.
    """

    media: int
    proxies: int
    files: int
    weights: int
    coming: int
    quota: int | None

    @property
    def total(self) -> int:
        return self.media + self.proxies + self.files + self.weights + self.coming

    @property
    def share(self) -> float:
        """Of the quota, from 0; may be above 1. 0 without a quota."""
        return 0.0 if self.quota is None else self.total / self.quota if self.quota else 1.0

    @property
    def is_short(self) -> bool:
        return self.quota is not None and self.share >= WARN_FROM

    @property
    def left(self) -> int | None:
        return None if self.quota is None else max(self.quota - self.total, 0)

    def parts(self) -> list[tuple[str, str, int, float]]:
        """(id, name, bytes, per cent of the bar) of what takes room; the bar is as long as the quota, or as all of it
        where there is none, or less."""
        whole = max(self.quota or 0, self.total) or 1
        named = (
            ("media", "Videos", self.media),
            ("proxies", "Copies for playback", self.proxies),
            ("files", "Exports and imports", self.files),
            ("weights", "Weights", self.weights),
            ("coming", "Uploads under way", self.coming),
        )
        return [(key, name, size, 100 * size / whole) for key, name, size in named]


def use_of(workspace: Workspace) -> Use:
    """What a workspace takes now."""
    of_videos = Video.objects.filter(project__workspace=workspace)
    kept = of_videos.exclude(state=VideoState.FAILED)
    transfers = Transfer.objects.filter(Q(project__workspace=workspace) | Q(layer__video__project__workspace=workspace))
    weights = StoredWeights.objects.filter(workspace=workspace)
    parcels = Parcel.objects.filter(workspace=workspace)
    whole = Sum("size", filter=Q(kind=Parcel.Kind.EXPORT, state=ParcelState.DONE), default=0)
    brought = Sum("received", filter=Q(kind=Parcel.Kind.IMPORT, state__in=WITH_FILE), default=0)
    return Use(
        media=_sum(kept, "size_bytes") + _of_failed(of_videos.filter(state=VideoState.FAILED)),
        proxies=_sum(of_videos, "proxy_bytes"),
        files=_sum(transfers, "bytes") + parcels.aggregate(bytes=whole + brought)["bytes"],
        weights=_sum(weights, "received"),
        coming=_sum(Upload.objects.filter(project__workspace=workspace), "received"),
        quota=workspace.quota_bytes,
    )


def require_room(workspace: Workspace, what: str, size: int, *, counted: int = 0) -> None:
    """Raises NoRoom where a file of ``size`` bytes is more than the workspace may take.

    Args:
        what: it is, at the beginning of a sentence: "This video".
        counted: bytes of it that have come already, and count.
    """
    if workspace.quota_bytes is None:
        return
    use = use_of(workspace)
    others = use.total - counted
    if others + size > workspace.quota_bytes:
        raise NoRoom(
            f"{what} ({in_gb(size)}) doesn't fit: {workspace} has taken {in_gb(others)} of the "
            f"{in_gb(workspace.quota_bytes)} that it may take. Delete videos that nobody needs, or ask the owner of "
            "this server for more."
        )


def set_quota(*, by: User, workspace: Workspace, gigabytes: float | None) -> Workspace:
    """What a workspace may take, in GB (10⁹ bytes); None: what there is. Nothing is deleted of one that takes more
    already; no more comes in. Raises ActionError."""
    if gigabytes is not None and not 0 <= gigabytes <= MOST_GB:
        raise ActionError(f"A workspace may take 0 to {MOST_GB:,} GB, or what there is; {gigabytes:g} came.")
    workspace.quota_bytes = None if gigabytes is None else round(gigabytes * GB)
    workspace.save(update_fields=["quota_bytes"])
    said = "no limit" if workspace.quota_bytes is None else in_gb(workspace.quota_bytes)
    record(AuditKind.SETTINGS, f"set the storage of {workspace}: {said}.", workspace=workspace.pk, by=by)
    return workspace


def in_gb(size: int) -> str:
    """Bytes as people read them, of which 10⁹ are a GB."""
    if size < 10**6:
        return f"{size} B" if size < 1000 else f"{size / 1000:.0f} kB"
    return f"{size / GB:,.1f} GB" if size >= GB / 10 else f"{size / 10**6:.0f} MB"


def _sum(rows: QuerySet[Row], field: str) -> int:
    return rows.aggregate(total=Sum(field))["total"] or 0


def _of_failed(videos: Iterable[Video]) -> int:
    """Of a file that is no usable video nothing is kept; of another it is, to try once more."""
    return sum(video.size_bytes for video in videos if storage.exists(storage.video_file(video, storage.SOURCE)))
