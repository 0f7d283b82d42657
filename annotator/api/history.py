"""A layer's past: what was changed, by whom and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Query, Router

from annotator import stored_shapes
from annotator.access import access_layer
from annotator.actions.edits.restore import Scope, plan_restore, restore
from annotator.actions.errors import ActionError
from annotator.api.history_schemas import (
    AuthorOut,
    AuthorsOut,
    ChangeOut,
    ChangesOut,
    ConflictsOut,
    DeletedOut,
    DeletedTracksOut,
    MetOut,
    RestoreIn,
    RestoreOut,
    RestorePreview,
)
from annotator.api.people import signed_in
from annotator.models import Event, EventKind, Layer, Track, User
from annotator.ontology import HIGHEST_ID
from annotator.operations import OPERATIONS, Conflict
from tracking.shapes.chunks import Flag, Table

router = Router(tags=["history"])

PAGE = 100
TRACKS_NAMED = 50
MOST_DELETED = 1000
MOST_MET = 100
ChangeKind = Literal["edit", "tracking", "import", "restore"]
KINDS: dict[ChangeKind, tuple[EventKind, ...]] = {
    "edit": (EventKind.EDIT,),
    "tracking": (EventKind.PREDICTIONS, EventKind.RUN),
    "import": (EventKind.IMPORT,),
    "restore": (EventKind.RESTORE,),
}


@router.get("/{layer_id}/changes", response=ChangesOut, summary="Who changed what, newest first")
def changes(
    request: HttpRequest,
    layer_id: int,
    before: int | None = None,
    author: Annotated[int, Query(ge=0, le=HIGHEST_ID)] | None = None,
    track: UUID | None = None,
    kind: ChangeKind | None = None,
) -> ChangesOut:
    """A page of changes. What isn't said filters nothing out."""
    layer = access_layer(request.user, layer_id, "view")
    rows = _events(layer)
    if kind is not None:
        rows = rows.filter(kind__in=KINDS[kind])
    if author is not None:
        rows = rows.filter(Q(author_id=author) | Q(run__created_by_id=author))
    if track is not None:
        rows = rows.filter(extent__icontains=str(track))
    if before is not None:
        rows = rows.filter(revision__lt=before)
    page: list[ChangeOut] = []
    for event in rows.order_by("-revision").iterator(chunk_size=PAGE):
        change = change_out(event)
        if page and _goes_on(page[-1], change):
            page[-1] = _joined(page[-1], change)
        elif len(page) == PAGE:
            return ChangesOut(changes=page, before=page[-1].since)
        else:
            page.append(change)
    return ChangesOut(changes=page, before=None)


@router.get("/{layer_id}/authors", response=AuthorsOut, summary="Who changed this layer")
def authors(request: HttpRequest, layer_id: int) -> AuthorsOut:
    layer = access_layer(request.user, layer_id, "view")
    ids = set(layer.events.exclude(author=None).values_list("author_id", flat=True).distinct().order_by())
    ids |= set(layer.runs.exclude(created_by=None).values_list("created_by_id", flat=True).distinct().order_by())
    people = User.objects.filter(pk__in=ids)
    listed = [AuthorOut(id=person.pk, name=str(person)) for person in people]
    return AuthorsOut(authors=sorted(listed, key=lambda person: person.name.lower()))


def _events(layer: Layer) -> QuerySet[Event]:
    """Without what they did, which may be megabytes."""
    return Event.objects.filter(layer=layer).select_related("author", "run__created_by").defer("payload", "inverse")


def _goes_on(newer: ChangeOut, older: ChangeOut) -> bool:
    """Whether both are what one run stored, one right after the other."""
    return newer.kind == older.kind == "predictions" and newer.run == older.run


def _joined(newer: ChangeOut, older: ChangeOut) -> ChangeOut:
    tracks = list(dict.fromkeys([*newer.tracks, *older.tracks]))
    return newer.model_copy(
        update={
            "since": older.since,
            "tracks": tracks[:TRACKS_NAMED],
            "track_count": max(newer.track_count, older.track_count, len(tracks)),
            "first": min(newer.first or 0, older.first or 0),
            "last": max(newer.last or 0, older.last or 0),
        }
    )


def change_out(event: Event) -> ChangeOut:
    fields = event.account()
    starter = event.run.created_by if event.run is not None else None
    if event.author is None and starter is not None:
        fields |= {"author": starter.pk, "author_name": str(starter)}
    frames = list(_frames(event))
    return ChangeOut.model_validate(
        {
            **fields,
            "since": event.revision,
            "model": event.run.model if event.run is not None else "",
            "tracks": [track for track, *_ in event.extent[:TRACKS_NAMED]],
            "track_count": len(event.extent),
            "first": min(frames, default=None),
            "last": max(frames, default=None),
        }
    )


def _frames(event: Event) -> Iterable[int]:
    return (frame for _, *ends in event.extent for frame in ends if frame is not None)


# ---------------------------------------------------------------- back to an earlier state


@router.get("/{layer_id}/restore", response=RestorePreview, summary="What bringing back an earlier state would do")
def preview(request: HttpRequest, layer_id: int, revision: int, tracks: str = "") -> RestorePreview:
    """`tracks`: ids with commas between them; empty: the whole layer."""
    chosen = frozenset(map(_track_id, tracks.split(","))) if tracks else None
    plan = plan_restore(user=signed_in(request), layer_id=layer_id, scope=Scope(revision, chosen))
    return RestorePreview(
        revision=plan.revision,
        tracks=len(plan.tracks),
        shapes=plan.shapes,
        beyond=plan.beyond,
        unsound=plan.unsound,
        people=plan.people.most_common(),
        tracked=len(plan.tracked),
        exact=plan.exact,
    )


@router.post("/{layer_id}/restore", response=RestoreOut, summary="Bring back an earlier state")
def bring_back(request: HttpRequest, layer_id: int, sent: RestoreIn) -> RestoreOut:
    scope = Scope(
        revision=sent.revision,
        tracks=None if sent.tracks is None else frozenset(sent.tracks),
        ranges=None if sent.ranges is None else tuple(sent.ranges),
        fields=sent.fields,
    )
    event = restore(
        user=signed_in(request),
        layer_id=layer_id,
        scope=scope,
        edit_id=sent.edit,
        summary=sent.summary,
        seen=sent.seen,
    )
    inverse = OPERATIONS.validate_python(event.inverse or [])
    return RestoreOut(edit=event.edit_id, revision=event.revision, summary=event.summary, inverse=inverse)


def _track_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ActionError(f"Tracks are named by their ids; {text!r} is none.") from error


# ---------------------------------------------------------------- deleted tracks


@router.get("/{layer_id}/deleted", response=DeletedTracksOut, summary="Deleted tracks, the latest first")
def deleted(request: HttpRequest, layer_id: int) -> DeletedTracksOut:
    layer = access_layer(request.user, layer_id, "view")
    tracks = layer.tracks.exclude(deleted_at=None).select_related("deleted_by").order_by("-deleted_at")[:MOST_DELETED]
    chunks: dict[UUID, list[tuple[int, int, int, int]]] = {}
    rows = stored_shapes.chunks_of([track.pk for track in tracks]).order_by("track_id", "start")
    for track_id, *summary in rows.values_list("track_id", "pk", "first", "last", "rows"):
        chunks.setdefault(track_id, []).append((summary[0], summary[1], summary[2], summary[3]))
    firsts = layer.chunks.filter(pk__in=[listed[0][0] for listed in chunks.values()])
    looks = dict(stored_shapes.read(firsts))
    return DeletedTracksOut(
        tracks=[_deleted_out(track, chunks.get(track.pk, []), looks.get(track.pk)) for track in tracks]
    )


def _deleted_out(track: Track, chunks: Sequence[tuple[int, int, int, int]], look: Table | None) -> DeletedOut:
    seen = next((row for row in look.rows() if not row.flags & Flag.OUTSIDE), None) if look is not None else None
    assert track.deleted_at is not None  # noqa: S101 (only deleted ones are asked for)
    return DeletedOut(
        id=track.pk,
        at=track.deleted_at.astimezone(UTC).isoformat(timespec="seconds"),
        by=str(track.deleted_by) if track.deleted_by is not None else "",
        first=chunks[0][1] if chunks else None,
        last=chunks[-1][2] if chunks else None,
        shapes=sum(rows for *_, rows in chunks),
        frame=seen.frame if seen is not None else None,
        box=seen.bounds if seen is not None else None,
    )


# ---------------------------------------------------------------- where edits met


@router.get("/{layer_id}/conflicts", response=ConflictsOut, summary="Where one's changes and those of others met")
def conflicts(request: HttpRequest, layer_id: int, since: int) -> ConflictsOut:
    """After revision `since`, as far as the reader is one of both: for who wasn't connected."""
    layer = access_layer(request.user, layer_id, "view")
    events = Event.objects.filter(layer=layer, revision__gt=since, payload__conflicts__isnull=False)
    found: list[MetOut] = []
    for event in events.select_related("author").order_by("-revision")[:MOST_MET]:
        met = [Conflict.model_validate(conflict) for conflict in event.payload["conflicts"]]
        if event.author_id != request.user.pk:
            met = [conflict for conflict in met if conflict.author == request.user.pk]
        if met:
            account = event.account()
            fields = {name: account[name] for name in ("revision", "edit", "author", "author_name")}
            found.append(MetOut.model_validate({**fields, "conflicts": met}))
    return ConflictsOut(met=found[::-1])
