"""Objects that nobody prompted: a finder came upon them, and they get tracks of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from annotator.actions.edits.events import append_event
from annotator.actions.edits.layer_draft import LayerDraft
from annotator.actions.runs.open_run import OpenRun
from annotator.announce.progress import ObjectState, Way, leg_end, make_leg
from annotator.announce.publish import tell_agent
from annotator.models import EventKind, Label, Layer, Run, Track
from annotator.operations import TrackCreate, TrackFields, TrackUpdate
from tracking.protocol import Correct
from tracking.shapes.chunks import Row
from tracking.shapes.values import kind_name


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """An object that the run's finder came upon. ``label``: its class, by the finder's name; ``shape``: its first row.
    It is followed in direction ``way``."""

    track: UUID
    label: str
    shape: Row
    way: Way


def take_found(opened: OpenRun, layer: Layer, found: Sequence[FoundTrack]) -> str:
    """Make tracks for what a run's finder came upon and let the run follow them; one event, which undo takes back.

    What is known already (a lost connection brings it again) is left. So is what has no label in the project, or may
    not be drawn as its label: the agent drops it.

    Returns:
        What the person should know of those; empty: nothing was left out.
    """
    run = opened.run
    new = [
        item for item in found if str(item.track) not in opened.objects and run.first <= item.shape.frame <= run.last
    ]
    labelled = list(_labelled(run, layer, new))
    taken = {item.track for item, _ in labelled}
    unfit = [item for item in new if item.track not in taken]
    for item in unfit:
        if run.agent_id is not None:
            drop = Correct(run=str(run.pk), object=str(item.track), legs=[])
            tell_agent(run.agent_id, drop, layer_id=run.layer_id)
    if labelled:
        _make_tracks(opened, layer, labelled)
    return _told(unfit)


def _make_tracks(opened: OpenRun, layer: Layer, labelled: Sequence[tuple[FoundTrack, Label]]) -> None:
    run = opened.run
    draft = LayerDraft(layer, run.created_by)
    for item, label in labelled:
        draft.add_track(
            Track(id=item.track, layer=layer, number=0, label=label, source=run.model, created_by=run.created_by)
        )
        end = leg_end(item.way, frame=item.shape.frame, first=run.first, last=run.last, keyframes=())
        leg = make_leg(item.way, shape=item.shape, end=end, emit_first=True)
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


def _told(unfit: Sequence[FoundTrack]) -> str:
    kinds = sorted({f"{item.label} as a {item.shape.kind.words}" for item in unfit})
    return f"Left out what was found but no label of the project takes: {', '.join(kinds)}." if kinds else ""


def _creation(track: Track) -> TrackCreate:
    return TrackCreate(track=track.pk, fields=TrackFields(label=track.label_id, number=track.number))
