"""Projects as the pages list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from annotator.models import Project, Stage, Video, VideoState


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """``thumbnail``: the address of the thumbnail strip of its first ready video, empty when there is none;
    ``thumbnail_width``: of the whole strip, in per cent of one picture."""

    project: Project
    videos: int
    jobs: int
    accepted: int
    thumbnail: str = ""
    thumbnail_width: int = 100


def project_cards(projects: QuerySet[Project]) -> list[ProjectCard]:
    ready = Video.objects.filter(project=OuterRef("pk"), state=VideoState.READY).exclude(strip={}).order_by("pk")
    counted = projects.prefetch_related("labels").annotate(
        video_count=Count("videos", distinct=True),
        job_count=Count("videos__jobs", distinct=True),
        accepted_count=Count("videos__jobs", filter=Q(videos__jobs__stage=Stage.ACCEPTED), distinct=True),
        shown_video=Subquery(ready.values("pk")[:1]),
    )
    rows = list(counted)
    shown = Video.objects.in_bulk([row.shown_video for row in rows if row.shown_video])
    return [
        ProjectCard(row, row.video_count, row.job_count, row.accepted_count, *_thumbnail(shown.get(row.shown_video)))
        for row in rows
    ]


def by_workspace(cards: Sequence[ProjectCard]) -> dict[int, list[ProjectCard]]:
    found: dict[int, list[ProjectCard]] = {}
    for card in cards:
        found.setdefault(card.project.workspace_id, []).append(card)
    return found


def _thumbnail(video: Video | None) -> tuple[str, int]:
    if video is None:
        return "", 100
    # The file is cached for ever; a database made anew would give the same id to another video.
    return f"/api/videos/{video.pk}/strip.jpg?v={video.key.hex[:12]}", 100 * video.strip["columns"]
