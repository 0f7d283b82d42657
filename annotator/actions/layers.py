"""Layers of a video beside its main one: made, renamed, deleted, and their tracks taken over into others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import Length

from annotator import access, stored_shapes
from annotator.actions.edits.events import append_event
from annotator.actions.edits.judging import judge_new
from annotator.actions.edits.layer_draft import LayerDraft
from annotator.actions.edits.shape_draft import write_new
from annotator.actions.edits.verdicts import read_verdicts
from annotator.actions.errors import ActionError
from annotator.actions.removals import remember_layer
from annotator.actions.runs.ask import ACTIVE
from annotator.actions.runs.ending import end_runs
from annotator.announce.publish import announce_names, announce_rights
from annotator.models import Event, EventKind, Layer, LayerKind, Track, TransferState, User, Video, VideoState
from annotator.ontology import UNSTORABLE
from annotator.operations import TrackFields, TrackUpdate
from tracking.shapes.chunks import Table

LONGEST_NAME = 120
MOST_LAYERS = 100
"""Of one video."""
MOST_TAKEN = 256 * 2**20
"""Bytes of packed shapes that are taken over at once: others can't write meanwhile."""


@dataclass(frozen=True, slots=True)
class Contents:
    """How much a layer holds. ``tracks``, ``shapes``: without deleted ones; ``jobs``; ``runs``: those under way."""

    tracks: int = 0
    shapes: int = 0
    jobs: int = 0
    runs: int = 0
    issues: int = 0


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What came into a layer: the ``event`` that undo takes back, how many ``tracks`` and ``shapes``, and how many of
    the tracks got another number because theirs was taken."""

    event: Event
    tracks: int
    shapes: int
    renumbered: int


def contents_of(layers: Collection[Layer]) -> dict[int, Contents]:
    """How much each of some layers holds, by its id."""
    keys = [layer.pk for layer in layers]
    there = Track.objects.filter(layer__in=keys, deleted_at=None).order_by()
    tracks = dict(there.values_list("layer").annotate(Count("pk")))
    shapes = dict(there.values_list("layer").annotate(rows=Sum("chunks__rows")))
    rows = Layer.objects.filter(pk__in=keys).order_by()
    jobs = dict(rows.values_list("pk").annotate(Count("jobs")))
    runs = dict(rows.values_list("pk").annotate(under_way=Count("runs", filter=Q(runs__state__in=ACTIVE))))
    issues = dict(rows.values_list("pk").annotate(Count("issues")))
    return {
        key: Contents(tracks.get(key, 0), shapes.get(key) or 0, jobs.get(key, 0), runs.get(key, 0), issues.get(key, 0))
        for key in keys
    }


def make_layer(*, video: Video, kind: LayerKind, name: str, owner: User | None) -> Layer:
    """Make an empty layer.

    Args:
        owner: whose replica it is, or who makes it; their access has been checked.

    Raises:
        ActionError: a main layer, a name of nothing or of another layer of the video, a video that isn't ready.
    """
    if kind == LayerKind.MAIN:
        raise ActionError("A video has one main layer, which it came with. Make a replica, or one of another kind.")
    if video.state != VideoState.READY:
        raise ActionError("Layers are made once a video is ready. Its project page shows how far it is.")
    with transaction.atomic():
        Video.objects.select_for_update(of=("self",)).get(pk=video.pk)
        if video.layers.count() >= MOST_LAYERS:
            raise ActionError(f"A video may have {MOST_LAYERS} layers, and this one has. Delete some first.")
        layer = Layer(video=video, kind=kind, name=unused_name(video, name), owner=owner)
        layer.save(force_insert=True)
    return layer


def free_name(video: Video, name: str) -> str:
    """The name itself, or with the next number behind it where a layer of the video has it."""
    tidy = _tidy(name)
    taken = {each.casefold() for each in video.layers.values_list("name", flat=True)}
    tries = (tidy, *(f"{tidy[: LONGEST_NAME - 4]} {number}" for number in range(2, MOST_LAYERS + 2)))
    return next(each for each in tries if each.casefold() not in taken)


def rename_layer(*, by: User, layer: Layer, name: str) -> Layer:
    """Whoever has it open reads the new name at once. Raises ActionError for the main layer, and as ``make_layer``."""
    if layer.kind == LayerKind.MAIN:
        raise ActionError(f"The main layer is called “{layer.name}” in every video; other layers can be renamed.")
    former = layer.name
    with transaction.atomic():
        layer.name = unused_name(layer.video, name, but=layer)
        try:
            layer.save(update_fields=["name"])
        except IntegrityError as error:
            raise ActionError(_taken(layer.name)) from error
        announce_names(layer=layer.pk, why=f"{by} renamed the layer “{former}” to “{layer.name}”.")
    return layer


def delete_layer(*, by: User, layer: Layer, revision: int) -> str:
    """Delete a layer with its tracks, history and jobs. Its runs end, and whoever has it open is told why.

    Args:
        revision: the layer's, when the person was told what goes with it.

    Returns:
        What is said of it from now on.

    Raises:
        ActionError: it is the main layer, or has changed since.
    """
    if layer.kind == LayerKind.MAIN:
        raise ActionError("A video keeps its main layer. Delete its tracks, or the video.")
    with transaction.atomic():
        locked = Layer.objects.select_for_update(of=("self",)).filter(pk=layer.pk).first()
        if locked is None:
            return f"The layer “{layer.name}” was deleted already."
        if locked.revision != revision:
            raise ActionError(
                f"“{layer.name}” changed since you were told what is in it; now it has "
                f"{contents_of([layer])[layer.pk].tracks} tracks. Look again, and delete it then."
            )
        why = remember_layer(layer=layer, by=by)
        end_runs(layer_ids=[layer.pk], why=why)
        empty_layer(layer, why)
        layer.delete()
    return why


def empty_layer(layer: Layer, why: str) -> None:
    """Of a layer that goes with the transaction: its tracks go, who waits for its exports and imports, or has it open,
    learns why."""
    # Labels protect tracks; a track of a removed layer protects nothing.
    layer.tracks.all().delete()
    # From now on they are the project's; a worker that is at one notices.
    over = (TransferState.FAILED, TransferState.CANCELLED)
    layer.transfers.exclude(state__in=over).update(
        layer=None, project=layer.video.project_id, state=TransferState.FAILED, message=why, report={}
    )
    announce_rights(layer=layer.pk)


# ------------------------------------------------------------------ taking over


def take_over(
    *,
    user: User,
    source: Layer,
    target: Layer,
    labels: Collection[int] | None = None,
    tracks: Collection[UUID] | None = None,
) -> TakenOver:
    """Copy tracks of one layer into another of the same video, with all that is said of them: one event, which takes
    one undo back. Numbers are kept where they are free; verdicts only where the user may give them.

    Args:
        user: theirs are both layers; whether they may change all of ``target`` is checked here.
        labels: ids; tracks of these alone. None: of all.
        tracks: ids; these alone. None: all.

    Raises:
        PermissionDenied: some of the target's frames aren't the user's to change.
        ActionError: layers of different videos, or the same twice; tracks that the source doesn't have; none at all,
            or more than can be taken at once.
    """
    _check_pair(source, target)
    check_whole(user, target, "Taking over")
    with transaction.atomic():
        locked = _locked(source, target)
        copies = _copies(user, locked, _wanted(source, labels, tracks))
        draft = LayerDraft(locked, user)
        renumbered = _number(locked, copies)
        for copy in copies.values():
            draft.add_track(copy)
        draft.save()
        write_new(locked.pk, _tables(copies))
        if access.may(access.role_in(user, source.video.project.workspace_id), "review"):
            judged = read_verdicts(source, copies)
            judge_new(locked, user, {copies[track].pk: spans for track, spans in judged.items()})
        extent = _extents(copies)
        event = append_event(
            locked,
            kind=EventKind.IMPORT,
            inverse=[TrackUpdate(track=copy.pk, fields=TrackFields(deleted=True)) for copy in copies.values()],
            author=user,
            edit_id=uuid4(),
            summary=f"Took over {_counted(len(copies))} from “{source.name}”"[:200],
            extent=extent,
        )
    shapes = stored_shapes.chunks_of(copies).aggregate(rows=Sum("rows"))["rows"] or 0
    return TakenOver(event, len(copies), shapes, renumbered)


def check_whole(user: User, layer: Layer, what: str) -> None:
    """Raises PermissionDenied unless the user may change every frame of the layer. ``what``: does that, e.g. "An
    import"."""
    access.require_at_work(layer.video.project)
    ranges = access.editable_ranges(user, layer)
    if ranges == [(0, max(layer.video.frame_count - 1, 0))]:
        return
    yours = "those of your jobs" if ranges else "none of them"
    raise PermissionDenied(
        f"{what} changes every frame of {layer.video}, layer “{layer.name}”; yours are {yours}. "
        "Ask a reviewer to do it."
    )


def _check_pair(source: Layer, target: Layer) -> None:
    if source.pk == target.pk:
        raise ActionError("Tracks are taken over from another layer; this one was named twice.")
    if source.video_id != target.video_id:
        raise ActionError("Tracks are taken over between layers of one video; these are of two.")


def _locked(source: Layer, target: Layer) -> Layer:
    """Both locked, always in the same order; returns the target as it is now."""
    rows = Layer.objects.select_for_update(of=("self",)).select_related("video__project").order_by("pk")
    return {layer.pk: layer for layer in rows.filter(pk__in=[source.pk, target.pk])}[target.pk]


def _wanted(source: Layer, labels: Collection[int] | None, tracks: Collection[UUID] | None) -> list[Track]:
    rows: QuerySet[Track] = source.tracks.filter(deleted_at=None)
    if tracks is not None:
        missing = set(tracks) - set(rows.filter(pk__in=tracks).values_list("pk", flat=True))
        if missing:
            raise ActionError(
                f"Tracks are taken over that are in “{source.name}”; {len(missing)} of {len(set(tracks))} aren't there "
                "(any more). Look again."
            )
        rows = rows.filter(pk__in=tracks)
    if labels is not None:
        rows = rows.filter(label__in=labels)
    found = list(rows.select_related("label").order_by("number"))
    if not found:
        raise ActionError(f"There is nothing to take over: “{source.name}” has no such tracks.")
    weight = stored_shapes.chunks_of([track.pk for track in found]).aggregate(bytes=Sum(Length("data")))["bytes"] or 0
    if weight > MOST_TAKEN:
        raise ActionError(
            f"At once {MOST_TAKEN // 2**20} MiB of shapes are taken over; these are {weight // 2**20} MiB. "
            "Take over one label after the other, or fewer tracks."
        )
    return found


def _copies(user: User, target: Layer, tracks: Sequence[Track]) -> dict[UUID, Track]:
    """Unsaved copies, by the id of what they are copies of."""
    return {
        track.pk: Track(
            id=uuid4(),
            layer=target,
            number=track.number,
            label=track.label,
            colour=track.colour,
            attributes=track.attributes,
            frame_attributes=track.frame_attributes,
            source=track.source,
            candidate=track.candidate,
            created_by=user,
        )
        for track in tracks
    }


def _number(target: Layer, copies: dict[UUID, Track]) -> int:
    """Give those whose number is taken the next free ones. Returns how many these are."""
    taken = set(target.tracks.values_list("number", flat=True))
    target.next_number = max([target.next_number, *(copy.number + 1 for copy in copies.values())])
    others = [copy for copy in copies.values() if copy.number in taken]
    for copy in others:
        copy.number = target.next_number
        target.next_number += 1
    return len(others)


def _tables(copies: dict[UUID, Track]) -> Iterator[tuple[UUID, Table]]:
    """The shapes of what was copied, under the ids of the copies, joined window by window."""
    window: tuple[UUID, Table] | None = None
    for track, table in stored_shapes.read(stored_shapes.chunks_of(copies)):
        key = copies[track].pk
        if window is not None and (window[0], window[1].start) == (key, table.start):
            window = (key, window[1].merged(table))
            continue
        if window is not None:
            yield window
        window = (key, table)
    if window is not None:
        yield window


def _extents(copies: dict[UUID, Track]) -> list[tuple[UUID, int | None, int | None]]:
    ends = stored_shapes.chunks_of(copies).order_by().values_list("track").annotate(Min("first"), Max("last"))
    by_track = {track: (first, last) for track, first, last in ends}
    return [(copy.pk, *by_track.get(track, (None, None))) for track, copy in copies.items()]


def _counted(tracks: int) -> str:
    return f"{tracks} track{'' if tracks == 1 else 's'}"


# ------------------------------------------------------------------ names


def unused_name(video: Video, name: str, but: Layer | None = None) -> str:
    """A name for a layer, tidy. Raises ActionError where it is nothing, too long, or another layer's but for case."""
    tidy = _tidy(name)
    others = video.layers.exclude(pk=but.pk) if but is not None else video.layers.all()
    if any(other.casefold() == tidy.casefold() for other in others.values_list("name", flat=True)):
        raise ActionError(_taken(tidy))
    return tidy


def _tidy(name: str) -> str:
    tidy = " ".join(UNSTORABLE.sub("", name).split())
    if not 0 < len(tidy) <= LONGEST_NAME:
        raise ActionError(f"A layer has a name of 1 to {LONGEST_NAME} characters; {len(tidy)} came.")
    return tidy


def _taken(name: str) -> str:
    return f"Each layer of a video has a name of its own; there is a “{name}” already. Choose another name."
