"""Objects that nobody prompted: a finder came upon them, and they get tracks of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from annotator.actions.edits.events import append_event
from annotator.actions.edits.layer_draft import LayerDraft
from annotator.actions.edits.shown import shown_on
from annotator.actions.runs.open_run import OpenRun
from annotator.announce.progress import ObjectState, Way, leg_end, make_leg
from annotator.announce.publish import tell_agent
from annotator.models import EventKind, Label, Layer, Run, Track
from annotator.operations import TrackCreate, TrackFields, TrackUpdate
from tracking.finding import are_same
from tracking.protocol import Correct
from tracking.shapes.chunks import Kind, Row
from tracking.shapes.payloads import shape_of
from tracking.shapes.values import Box, bounds_of, is_empty, kind_name

ALREADY_THERE = "Left out what was found where shapes are already."


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """An object that the run's finder came upon. ``label``: its class, by the finder's name; ``shape``: its first row.
    It is followed in direction ``way``."""

    track: UUID
    label: str
    shape: Row
    way: Way


def take_found(opened: OpenRun, layer: Layer, found: Sequence[FoundTrack]) -> list[str]:
    """Make tracks for what a run's finder came upon and let the run follow them; one event, which undo takes back.

    What is known already (a lost connection brings it again) is left. So is what shows the same as a shape that is
    there already, and what has no label in the project, or may not be drawn as its label: the agent drops it.

    Returns:
        What the person should know of those, as sentences.
    """
    run = opened.run
    new = [
        item for item in found if str(item.track) not in opened.objects and run.first <= item.shape.frame <= run.last
    ]
    fitting = list(_labelled(run, layer, new))
    unfit = [item for item in new if item.track not in {fit.track for fit, _ in fitting}]
    # What links objects tells its own apart, however much they overlap.
    own = opened.linked_tracks if opened.linked else ()
    there = {frame: _boxes_on(layer, frame, but=own) for frame in {item.shape.frame for item, _ in fitting}}
    labelled = [(item, label) for item, label in fitting if not _is_among(there[item.shape.frame], item)]
    taken = {item.track for item, _ in labelled}
    for item in new:
        if run.agent_id is not None and item.track not in taken:
            drop = Correct(run=str(run.pk), object=str(item.track), legs=[])
            tell_agent(run.agent_id, drop, layer_id=run.layer_id)
    if labelled:
        _make_tracks(opened, layer, labelled)
    return [*_told(unfit), *([ALREADY_THERE] if len(labelled) < len(fitting) else [])]


def confirm(opened: OpenRun, layer: Layer, tracks: Collection[UUID]) -> None:
    """Those of ``tracks`` that the run has followed for long enough are no candidates any more. Nobody's undo makes
    them candidates again: it takes them away as a whole."""
    least = _least_frames(opened.run)
    long = [track for track in tracks if opened.objects[str(track)].seen >= least] if least else []
    if not long:
        return
    draft = LayerDraft(layer)
    grown = list(layer.tracks.filter(pk__in=long, candidate=True, deleted_at=None))
    if not grown:
        return
    for track in grown:
        draft.update_track(draft.track(track.pk), TrackFields(candidate=False))
    draft.save()
    operations = [TrackUpdate(track=track.pk, fields=TrackFields(candidate=False)) for track in grown]
    inverse = [TrackUpdate(track=track.pk, fields=TrackFields(candidate=True)) for track in grown]
    append_event(
        layer,
        kind=EventKind.RUN,
        operations=operations,
        inverse=inverse,
        run=opened.run,
        summary=f"Followed {len(grown)} candidates for long enough" if len(grown) > 1 else "Followed a candidate",
    )


def _make_tracks(opened: OpenRun, layer: Layer, labelled: Sequence[tuple[FoundTrack, Label]]) -> None:
    run = opened.run
    draft = LayerDraft(layer, run.created_by)
    for item, label in labelled:
        draft.add_track(
            Track(
                id=item.track,
                layer=layer,
                number=0,
                label=label,
                source=opened.linked or run.model,
                candidate=_least_frames(run) > 1,
                created_by=run.created_by,
            )
        )
        end = leg_end(item.way, frame=item.shape.frame, first=run.first, last=run.last, keyframes=())
        leg = make_leg(item.way, shape=item.shape, end=end, emit_first=True, linked=opened.linked is not None)
        opened.objects[str(item.track)] = ObjectState(start=item.shape.frame, legs=[leg])
    draft.save()
    tracks = [draft.tracks[item.track] for item, _ in labelled]
    append_event(
        layer,
        kind=EventKind.RUN,
        operations=[_creation(track) for track in tracks],
        inverse=[TrackUpdate(track=track.pk, fields=TrackFields(deleted=True)) for track in tracks],
        author=run.created_by,
        run=run,
        numbers={track.pk: track.number for track in tracks},
        summary=f"Found {len(tracks)} objects" if len(tracks) > 1 else "Found an object",
    )


def _labelled(run: Run, layer: Layer, found: Iterable[FoundTrack]) -> Iterable[tuple[FoundTrack, Label]]:
    """Each with the label that its class was given when the run was started."""
    wanted: dict[str, int] = (run.options.get("find") or {}).get("labels", {})
    labels = Label.objects.filter(project_id=layer.video.project_id).in_bulk(set(wanted.values()))
    for item in found:
        label = labels.get(wanted.get(item.label, 0))
        if label is not None and kind_name(item.shape.kind) in label.geometry_kinds:
            yield item, label


def _boxes_on(layer: Layer, frame: int, *, but: Collection[UUID]) -> list[Box]:
    """Around everything that the layer shows on a frame ``but`` of some tracks: drawn by somebody, or followed
    before."""
    shown = shown_on(layer, frame).items()
    shapes = (shape_of(row) for track, row in shown if row.kind != Kind.TAG and track not in but)
    return [bounds_of(shape) for shape in shapes if not is_empty(shape)]


def _is_among(there: Iterable[Box], item: FoundTrack) -> bool:
    """Whether it shows the same object as one of these."""
    box = bounds_of(shape_of(item.shape))
    return any(are_same(box, other) for other in there)


def _least_frames(run: Run) -> int:
    """Over how many frames what is found must be followed to be no candidate."""
    return int((run.options.get("find") or {}).get("least_frames", 0))


def _told(unfit: Sequence[FoundTrack]) -> list[str]:
    kinds = sorted({f"{item.label} as a {item.shape.kind.words}" for item in unfit})
    return [f"Left out what was found but no label of the project takes: {', '.join(kinds)}."] if kinds else []


def _creation(track: Track) -> TrackCreate:
    candidate = True if track.candidate else None
    fields = TrackFields(label=track.label_id, number=track.number, candidate=candidate)
    return TrackCreate(track=track.pk, fields=fields)
