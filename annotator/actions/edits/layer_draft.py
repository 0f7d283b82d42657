"""The part of a layer that a change touches, in memory: read in few queries, changed as values, written in bulk."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Collection, Iterable, Iterator, Sequence
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from annotator.actions.edits.insert import insert_new
from annotator.actions.edits.shape_draft import FrameRange as FrameRange
from annotator.actions.edits.shape_draft import ShapeDraft
from annotator.actions.edits.shape_draft import within as within
from annotator.actions.errors import ActionError
from annotator.models import Layer, Track, User, Video
from annotator.operations import ShapesReplace, TrackFields
from tracking.shapes.checks import Picture
from tracking.shapes.chunks import ChunkError, Flag, Table

PARKED = 2**30
"""Added to numbers while they are being exchanged: no two rows may hold one, not even within a statement."""


class LayerDraft:
    """Changes to one locked layer. Nothing is written before ``save``."""

    def __init__(self, layer: Layer, author: User | None = None) -> None:
        self.layer = layer
        self.author = author
        self.tracks: dict[UUID, Track] = {}
        self._new: set[UUID] = set()
        self._changed: dict[UUID, set[str]] = {}
        self._shapes = ShapeDraft(layer.pk)

    # ------------------------------------------------------------ tracks

    def load_tracks(self, ids: Iterable[UUID]) -> None:
        """Have those of these tracks here that the layer has, in one query."""
        missing = {key for key in ids if key not in self.tracks}
        if missing:
            self.tracks |= self.layer.tracks.select_related("label").in_bulk(missing)

    def track(self, track_id: UUID) -> Track:
        """A track of this layer. Raises ActionError when it is none."""
        self.load_tracks([track_id])
        if track_id not in self.tracks:
            raise ActionError(f"A change names a track of its own layer; this layer has no track {track_id}.")
        return self.tracks[track_id]

    def add_track(self, track: Track) -> None:
        """Put a new track in; a number of 0 becomes the next free one."""
        if track.number == 0:
            track.number = self.layer.next_number
        self.layer.next_number = max(self.layer.next_number, track.number + 1)
        self.tracks[track.pk] = track
        self._new.add(track.pk)
        self._shapes.begin_track(track.pk)

    def update_track(self, track: Track, fields: TrackFields) -> TrackFields:
        """Set the given fields. Returns what they were, for the inverse."""
        given = _given(fields)
        former = TrackFields.model_validate({name: _field(track, name) for name in given})
        for name in given:
            if name == "label":
                track.label_id = fields.label  # type: ignore[assignment]  # None is not among the given
            elif name == "deleted":
                self._delete(track, deleted=bool(fields.deleted))
            else:
                setattr(track, name, getattr(fields, name))
        columns = {"deleted": ("deleted_at", "deleted_by")}
        self._changed.setdefault(track.pk, set()).update(*(columns.get(name, (name,)) for name in given))
        self.layer.next_number = max(self.layer.next_number, track.number + 1)
        return former

    def _delete(self, track: Track, *, deleted: bool) -> None:
        """Who deleted it first, and when, stays until it is restored."""
        if not deleted:
            track.deleted_at = track.deleted_by = None
        elif track.deleted_at is None:
            track.deleted_at, track.deleted_by = timezone.now(), self.author

    # ------------------------------------------------------------ shapes

    def load_shapes(self, wanted: Iterable[tuple[UUID, int, int]]) -> None:
        """Have the rows of (track, first frame, last frame) here, in few queries."""
        self._shapes.load(wanted)

    def tables_in(self, track_id: UUID, first: int, last: int) -> Iterator[Table]:
        """The rows in ``first..last``, as one table for each window, in rising order; some are empty."""
        return self._shapes.tables_in(track_id, first, last)

    def put(self, track_id: UUID, table: Table) -> None:
        """Put the rows of a table in; of what lay on its frames nothing stays."""
        self._shapes.replace(track_id, [], [table])

    def replace_shapes(
        self, track_id: UUID, ranges: Sequence[FrameRange], tables: Sequence[Table], *, keep_keyframes: bool = False
    ) -> ShapesReplace:
        """Rows in ``ranges`` go, the rows of ``tables`` come. Returns the inverse."""
        former = self._shapes.replace(track_id, ranges, tables, keep_keyframes=keep_keyframes)
        return ShapesReplace(track=track_id, ranges=list(ranges), tables=[encoded(table) for table in former])

    def keyframes(self, track_id: UUID, ranges: Sequence[FrameRange]) -> Iterator[int]:
        """The frames in ``ranges`` on which a track has a keyframe."""
        self.load_shapes((track_id, first, last) for first, last in ranges)
        for first, last in ranges:
            for table in self.tables_in(track_id, first, last):
                yield from table.frames[(table.flags & Flag.KEYFRAME) != 0].tolist()

    def extent(self, track_id: UUID) -> Iterator[Table]:
        """Every table of a track."""
        last = max(self.layer.video.frame_count - 1, 0)
        return (table for table in self.tables_in(track_id, 0, last) if len(table))

    def everything(self, tracks: Collection[UUID]) -> Iterator[tuple[UUID, Table]]:
        """Every table of some tracks as they are now; those that nothing else reads aren't kept."""
        return self._shapes.everything(tracks)

    # ------------------------------------------------------------ writing

    def save(self) -> None:
        """Write everything that changed. Raises ActionError when a number is taken."""
        self._check_numbers()
        insert_new([self.tracks[key] for key in self._new])
        self._save_tracks()
        self._shapes.save()

    def _check_numbers(self) -> None:
        numbered = self._new | {key for key, names in self._changed.items() if "number" in names}
        owners: dict[int, UUID] = {}
        for key in numbered:
            number = self.tracks[key].number
            if number in owners:
                raise ActionError(f"A number names one track of a layer; two would get {number}.")
            owners[number] = key
        taken = self.layer.tracks.filter(number__in=owners).exclude(pk__in=numbered).first()
        if taken is not None:
            state = " (it is deleted and can be restored)" if taken.deleted_at else ""
            raise ActionError(
                f"A number names one track of a layer; {taken.number} is taken{state}. Choose one from "
                f"{self.layer.next_number} on."
            )

    def _save_tracks(self) -> None:
        changed = {key: names for key, names in self._changed.items() if key not in self._new and names}
        renumbered = [key for key, names in changed.items() if "number" in names]
        if renumbered:
            Track.objects.filter(pk__in=renumbered).update(number=F("number") + PARKED)
        names = set().union(*changed.values())
        if names:
            Track.objects.bulk_update([self.tracks[key] for key in changed], sorted(names))


def picture_of(video: Video) -> Picture:
    """What a video's shapes lie on."""
    return Picture(video.width or 0, video.height or 0)


def stretches(frames: Sequence[int]) -> list[FrameRange]:
    """Rising frames as [first, last] of what is without a gap."""
    found: list[FrameRange] = []
    for frame in frames:
        if found and found[-1][1] == frame - 1:
            found[-1] = (found[-1][0], frame)
        else:
            found.append((frame, frame))
    return found


def encoded(table: Table) -> str:
    """A table as an operation carries it: packed, in base64."""
    return b64encode(table.pack()).decode()


def decoded(text: str) -> Table:
    """A table as an operation carries it. Raises ActionError when it is none."""
    try:
        return Table.unpack(b64decode(text, validate=True))
    except (ChunkError, ValueError) as error:
        raise ActionError(str(error)) from error


def changed_fields(track: Track, fields: TrackFields) -> set[str]:
    """The names of those that would be another value than they are."""
    return {name for name in _given(fields) if getattr(fields, name) != _field(track, name)}


def _given(fields: TrackFields) -> set[str]:
    return fields.model_fields_set & {name for name, value in fields if value is not None}


def _field(track: Track, name: str) -> object:
    if name == "label":
        return track.label_id
    if name == "deleted":
        return track.deleted_at is not None
    return getattr(track, name)
