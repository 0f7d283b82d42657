"""What every format reads into and writes from: pure values, no database.

Adding a format is one file with ``id``, ``label``, ``suffix``, ``options``, ``read()`` and ``write()``, and one line in
``FORMATS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tracking.shapes.chunks import Kind, Row
from tracking.shapes.skeletons import Skeleton


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
class TrackData:
    """One track. ``rows``: its stored shapes in rising frame order; ``attributes`` and ``frame_attributes`` by name,
    the latter as ``(frame, value)`` pairs that hold from that frame on."""

    number: int
    label: str
    rows: Sequence[Row]
    colour: str = ""
    source: str = "person"
    verdict: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    frame_attributes: Mapping[str, Sequence[tuple[int, Any]]] = field(default_factory=dict)

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


@dataclass(slots=True)
class Report:
    """What was written or read, and in words what could not be: each loss once, with how often it happened."""

    tracks: int = 0
    shapes: int = 0
    losses: dict[str, int] = field(default_factory=dict)

    def lose(self, what: str, count: int = 1) -> None:
        if count:
            self.losses[what] = self.losses.get(what, 0) + count

    def as_json(self) -> dict[str, Any]:
        losses = [{"what": what, "count": count} for what, count in self.losses.items()]
        return {"tracks": self.tracks, "shapes": self.shapes, "losses": losses}


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
    """One annotation format. ``suffix`` is that of the file it writes. Frames, pixels and ids convert at its edge."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def suffix(self) -> str: ...
    @property
    def options(self) -> tuple[Option, ...]: ...

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        """Write the dataset to the file ``target``. Raises FormatError for an option it doesn't know."""
        ...

    def read(self, source: Path) -> tuple[Dataset, Report]:
        """Read a file, trusting nothing in it. Raises FormatError saying what is wrong and what to do."""
        ...


def chosen(options: Options, option: Option) -> str:
    """The value chosen for ``option``, or its default. Raises FormatError for one that it doesn't offer."""
    value = options.get(option.id, option.choices[0][0])
    if value not in dict(option.choices):
        offered = ", ".join(choice for choice, _ in option.choices)
        raise FormatError(f"{option.label} can be one of: {offered}; {value!r} came.")
    return value
