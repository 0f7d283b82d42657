"""What every format reads into and writes from: pure values, no database.

Adding a format is one file with what ``Format`` names, and one line in ``FORMATS``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from tracking.shapes.chunks import Kind, Row
from tracking.shapes.skeletons import Skeleton

LISTED_ROWS = 50
"""Of the rows that can't be taken so many are listed with their place and reason."""
MOST_UNREADABLE = 1_000_000
"""A file with more rows that can't be taken isn't one of the format."""
LISTED_LOSSES = 200
LONGEST_SENTENCE = 300
"""Of a report: so many different losses are told, in so many characters each."""
TOLD_ROWS = 5
"""Of these, so many are told in the sentence that refuses a file."""


class FormatError(Exception):
    """A file that is not what it says, or data that a format can't hold at all; the message is for the person."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """``width``, ``height`` in px, display-oriented; ``frame_count`` 0 and ``fps`` 0 where a file doesn't say."""

    name: str
    width: int
    height: int
    frame_count: int
    fps: float


@dataclass(frozen=True, slots=True)
class AttributeInfo:
    """``kind`` is one of ``AttributeKind``: select, multi_select, checkbox, number, text."""

    name: str
    kind: str
    per_frame: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None


@dataclass(frozen=True, slots=True)
class LabelInfo:
    name: str
    colour: str = ""
    attributes: tuple[AttributeInfo, ...] = ()
    skeleton: Skeleton | None = None


@dataclass(frozen=True, slots=True)
class JudgedSpan:
    """A reviewer's verdict on frames ``first..last`` of a track: accepted, rejected or check. ``by``, ``at``: who gave
    it and when (ISO 8601), as far as it is known; an import signs it anew."""

    first: int
    last: int
    verdict: str
    reason: str = ""
    by: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class ClickedOn:
    """What a mask was clicked with. ``clicks``: x, y in px, and whether on the object; ``box``: x1, y1, x2, y2;
    ``alone``: it came of them alone, not of another mask before."""

    clicks: tuple[tuple[float, float, bool], ...]
    box: tuple[float, float, float, float] | None = None
    alone: bool = False


@dataclass(frozen=True, slots=True)
class TrackData:
    """One track. ``rows``: its stored shapes in rising frame order; ``attributes`` and ``frame_attributes`` by name,
    the latter as ``(frame, value)`` pairs that hold from that frame on; ``place``: what a report calls it, where the
    file has another number for it. ``verdict``: accepted or rejected where that is said of all of it; ``verdicts``:
    span by span, rising and apart. ``candidate``: found, and neither taken nor dismissed by anybody yet. ``clicked``:
    by frame, what its mask there was clicked with."""

    number: int
    label: str
    rows: Sequence[Row]
    colour: str = ""
    source: str = "person"
    verdict: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    frame_attributes: Mapping[str, Sequence[tuple[int, Any]]] = field(default_factory=dict)
    place: str = ""
    verdicts: Sequence[JudgedSpan] = ()
    candidate: bool = False
    clicked: Mapping[int, ClickedOn] = field(default_factory=dict)

    def with_number(self, number: int) -> TrackData:
        """0: whichever is free when it is imported."""
        return replace(self, number=number)

    @property
    def is_frame_tag(self) -> bool:
        """Whether it says on which frames something holds, instead of where something is."""
        return any(row.kind == Kind.TAG for row in self.rows)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A layer as formats see it. ``tracks`` may be a generator, so that an hour of video never lies in memory whole;
    ``track_count`` says how many will come (0: unknown). ``tracking``: how the run went that made the tracks, where
    `framewise track` did."""

    video: VideoInfo
    labels: Sequence[LabelInfo]
    tracks: Iterable[TrackData]
    track_count: int = 0
    tracking: Mapping[str, Any] | None = None


class UnreadableRows(FormatError):
    """Rows of a file that can't be taken; the message names the first of them, ``report`` more."""

    def __init__(self, message: str, report: Report) -> None:
        super().__init__(message)
        self.report = report


@dataclass(slots=True)
class Unreadable:
    """Rows of a file that can't be taken: how many, and of the first ones the place and the reason."""

    count: int = 0
    first: list[tuple[str, str]] = field(default_factory=list)

    def add(self, where: str, why: str, count: int = 1) -> None:
        """``where``: "line 7", "track 3, frame 12"; ``why``: the rule and what came; ``count``: rows of that kind."""
        self.count += count
        if self.count > MOST_UNREADABLE:
            raise FormatError(f"{self.told()} Reading was given up there. Is it a file of this format?")
        if len(self.first) < LISTED_ROWS:
            self.first.append((where[:LONGEST_SENTENCE], why[:LONGEST_SENTENCE]))

    def join(self, other: Unreadable, where: str = "") -> None:
        """Add another's; ``where``: what their places lie in."""
        self.count += other.count
        inside = [(f"{where}, {place}" if where else place, why) for place, why in other.first]
        self.first = (self.first + inside)[:LISTED_ROWS]

    def told(self) -> str:
        """What is wrong, in a few sentences that name the first of them."""
        named = [f"{where}: {why}" for where, why in self.first[:TOLD_ROWS]]
        rest = f" … and {self.count - len(named)} more." if self.count > len(named) else ""
        rows = "1 row of the file" if self.count == 1 else f"{self.count} rows of the file"
        return f"{rows} can't be taken. {' '.join(named)}{rest}"


@dataclass(slots=True)
class Report:
    """What was written or read, and in words what could not be: each loss once, with how often it happened."""

    tracks: int = 0
    shapes: int = 0
    losses: dict[str, int] = field(default_factory=dict)
    in_tracks: dict[str, int] = field(default_factory=dict)
    """In how many tracks each loss happened, where that is known."""
    unreadable: Unreadable = field(default_factory=Unreadable)
    notes: list[str] = field(default_factory=list)
    """What was assumed where a file leaves a choice, in whole sentences."""
    videos: list[tuple[str, int, int]] = field(default_factory=list)
    """Of a file that went to several videos: name, tracks and shapes of each."""

    def lose(self, what: str, count: int = 1, *, tracks: int = 0) -> None:
        what = what[:LONGEST_SENTENCE]
        if what not in self.losses and len(self.losses) >= LISTED_LOSSES:
            what = "other things were left out or changed, of more kinds than are listed here"
        if count:
            self.losses[what] = self.losses.get(what, 0) + int(count)
        if count and tracks:
            self.in_tracks[what] = self.in_tracks.get(what, 0) + tracks

    def note(self, sentence: str) -> None:
        sentence = sentence[:LONGEST_SENTENCE]
        if sentence not in self.notes and len(self.notes) < LISTED_LOSSES:
            self.notes.append(sentence)

    def join(self, other: Report, video: str = "") -> None:
        """Add what another report counted; ``video``: which of several videos it is of."""
        if video:
            self.videos.append((video, other.tracks, other.shapes))
        self.tracks += other.tracks
        self.shapes += other.shapes
        for what, count in other.losses.items():
            self.lose(what, count, tracks=other.in_tracks.get(what, 0))
        for sentence in other.notes:
            self.note(sentence)
        self.unreadable.join(other.unreadable, video)

    def refuse_unreadable(self) -> None:
        """Raises UnreadableRows unless every row could be taken."""
        if self.unreadable.count:
            advice = "Nothing was imported: mend the file, or import it again and leave such rows out."
            # Nothing was, so nothing else is told.
            raise UnreadableRows(f"{self.unreadable.told()} {advice}", Report(unreadable=self.unreadable))

    def as_json(self) -> dict[str, Any]:
        losses = [
            {"what": what, "count": count, "tracks": self.in_tracks.get(what, 0)} for what, count in self.losses.items()
        ]
        rows = [{"where": where, "why": why} for where, why in self.unreadable.first]
        return {
            "tracks": self.tracks,
            "shapes": self.shapes,
            "losses": losses,
            "notes": self.notes,
            "left_out": {"count": self.unreadable.count, "rows": rows},
            "videos": [{"name": name, "tracks": tracks, "shapes": shapes} for name, tracks, shapes in self.videos],
        }


@dataclass(frozen=True, slots=True)
class Part:
    """What a file holds of one video. ``names``: those by which the file calls the video, none where it doesn't say."""

    names: tuple[str, ...]
    dataset: Dataset
    report: Report


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's videos, and ``report``: what of the file belongs to none of them."""

    parts: Sequence[Part]
    report: Report


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that a format can't hold: the report counts it, the documentation lists it, what an export would lose
    is told before it begins, and a round trip is equal but for it, all by this one entry. ``words``: what is lost or
    becomes something else.

    ``track``: of a track and its label, the track as the format holds it, None where not at all, and how often
    something was lost in it. ``label``: the same of a label. ``layer``: of a video and all its tracks, where what is
    lost of one depends on the others or on the picture; it calls with how often something was lost in a track.
    """

    words: str
    track: Callable[[TrackData, LabelInfo], tuple[TrackData | None, int]] | None = None
    label: Callable[[LabelInfo], tuple[LabelInfo, int]] | None = None
    layer: Callable[[VideoInfo, Iterable[TrackData], Callable[[int], None]], Iterator[TrackData]] | None = None


Limits = Sequence[Limit]


@dataclass(frozen=True, slots=True)
class Option:
    """A choice that a format offers on export; ``choices`` are (value, words), the first one is the default."""

    id: str
    label: str
    choices: tuple[tuple[str, str], ...]


FRAMES = Option(
    "frames",
    "Frames",
    (("all", "Every frame, interpolation written out"), ("stored", "Only keyframes and predicted shapes")),
)

Options = Mapping[str, str]
Progress = Callable[[int], None]
"""Called with the number of tracks done; raises to cancel."""


def silent(_: int) -> None:
    """A ``Progress`` that nobody watches."""


class Format(Protocol):
    """One annotation format. ``suffix`` is that of the file it writes. Frames, pixels and ids convert at its edge.

    ``takes``, ``writes``: sentences for people, shown where a file is chosen and in ``docs/formats.md``. ``kinds``: the
    geometries that come back as they were; of the others ``limits`` says what becomes of them.
    """

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def takes(self) -> str: ...
    @property
    def writes(self) -> str: ...
    @property
    def kinds(self) -> Collection[Kind]: ...
    @property
    def options(self) -> tuple[Option, ...]: ...

    def limits(self, options: Options) -> Limits:
        """What a file can't hold, with these options."""
        ...

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        """Write the dataset to the file ``target``. Raises FormatError for an option it doesn't know."""
        ...

    def read(self, source: Path) -> Reading:
        """Read a file, trusting nothing in it. Rows that can't be taken are left out and noted in the reports; whether
        that is good enough is the caller's to say. Raises FormatError for a file that can't be read at all, saying
        what is wrong and what to do."""
        ...


def chosen(options: Options, option: Option) -> str:
    """The value chosen for ``option``, or its default. Raises FormatError for one that it doesn't offer."""
    value = options.get(option.id, option.choices[0][0])
    if value not in dict(option.choices):
        offered = ", ".join(choice for choice, _ in option.choices)
        raise FormatError(f"{option.label} can be one of: {offered}; {value!r} came.")
    return value
