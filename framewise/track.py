"""``framewise track``: the session that also runs live, over one file, into one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from annotator.formats.native import Native
from framewise.lookout import Lookout
from framewise.masks import check_masks, write_masks
from framewise.outcome import End, Outcome
from framewise.prompts import TypedPrompt, numbers_of
from tracking import catalog
from tracking.as_mask import AsMask
from tracking.linked import Linker
from tracking.pictures import DecodedVideo
from tracking.search import Finding, Seek
from tracking.session import Leg, LegEnd, Step, Tracked, TrackingSession
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.payloads import row_of, shape_of
from tracking.shapes.skeletons import Skeleton, numbered
from tracking.shapes.values import GeometryKind, Mask, Points, bounds_of, kind_name
from tracking.tracker import Tracker
from tracking.types import Direction, ObjectId, Prediction, TrackingError

console = Console(stderr=True)
T = TypeVar("T", Prediction, LegEnd)


@dataclass
class Found:
    """What tracking brought, by object. ``rows``: by frame, so that the prompt's keyframe counts over a prediction.
    ``labels``: what those are called that were found, ``label`` the others. ``linked``: whether those were linked."""

    model: str
    outcome: Outcome
    rows: dict[ObjectId, dict[int, Row]] = field(default_factory=dict)
    labels: dict[ObjectId, str] = field(default_factory=dict)
    label: str = "object"
    linked: bool = False
    _names: dict[ObjectId, ObjectId] = field(default_factory=dict)

    def prompt(self, name: ObjectId, prompt: TypedPrompt, keep_as: GeometryKind | None = None) -> None:
        """What an object was given as is its keyframe, unless it is kept as something else."""
        row = row_of(prompt.shape, prompt.frame, Flag.KEYFRAME, 1.0)
        rows = self.rows.setdefault(name, {})
        if keep_as in (None, kind_name(row.kind)):
            rows[prompt.frame] = row

    def numbered(self, step: Step) -> Step:
        """A step in which objects that were found have the next free numbers; they begin with it."""
        for new in step.found:
            name = self._names[new.object] = ObjectId(str(max(map(int, self.rows), default=0) + 1))
            shape = next(row.prediction.shape for row in step.rows if row.prediction.object == new.object)
            self.rows[name], self.labels[name] = {}, new.label
            self.outcome.begin(Leg(name, shape, new.frame, new.way, new.last, linked=self.linked))
        return replace(
            step,
            rows=tuple(replace(row, prediction=self._renamed(row.prediction)) for row in step.rows),
            ends=tuple(self._renamed(end) for end in step.ends),
        )

    def _renamed(self, told: T) -> T:
        return replace(told, object=self._names.get(told.object, told.object))

    def take(self, tracked: Tracked) -> None:
        row = tracked.row
        self.rows[tracked.prediction.object].setdefault(row.frame, row)

    @property
    def predicted(self) -> int:
        return sum(bool(row.flags & Flag.PREDICTED) for rows in self.rows.values() for row in rows.values())


def parse_setting(entry: catalog.ModelEntry, text: str) -> tuple[str, float | int | str | bool]:
    """Read ``NAME=VALUE`` as the model's setting of that name. Raises TrackingError naming those it has."""
    name, separator, value = text.partition("=")
    known = entry.settings.get(name)
    if not separator or known is None:
        names = ", ".join(f"{name}={value}" for name, value in entry.settings.items()) or "none"
        raise TrackingError(f"A setting of {entry.id} is one of these (with its default): {names}; {text!r} came.")
    if isinstance(known, bool):
        return name, value.lower() in ("1", "true", "yes", "on")
    try:
        return name, type(known)(value)
    except ValueError as error:
        kind = "a whole number" if isinstance(known, int) else "a number"
        raise TrackingError(f"{name} takes {kind}; {value!r} came.") from error


def legs_of(prompts: Sequence[TypedPrompt], direction: Direction, first: int, last: int, frame_count: int) -> list[Leg]:
    """One leg per object and direction, within ``first..last``. Raises TrackingError for a prompt beyond the video."""
    legs = []
    for number, prompt in zip(numbers_of(prompts), prompts, strict=True):
        if prompt.frame >= frame_count:
            raise TrackingError(f"The video has frames 0..{frame_count - 1}; an object was given on {prompt.frame}.")
        if not first <= prompt.frame <= last:
            raise TrackingError(
                f"An object lies within --first and --last ({first}..{last}); one is on {prompt.frame}."
            )
        forward = Leg(ObjectId(str(number)), prompt.shape, prompt.frame, "forward", last)
        if direction != "backward":
            legs.append(forward)
        if direction != "forward":
            legs.append(replace(forward, way="backward", last=first))
    return legs


def track(
    video: Path,
    prompts: Sequence[TypedPrompt],
    *,
    model: str,
    out: Path | None = None,
    out_masks: Path | None = None,
    label: str = "object",
    direction: Direction = "forward",
    first: int = 0,
    last: int | None = None,
    keep_as: GeometryKind | None = None,
    settings: Mapping[str, float | int | str | bool] | None = None,
    detect_off_screen: bool = True,
    render: Path | None = None,
    lookout: Lookout | None = None,
) -> Outcome:
    """Follow ``prompts`` through ``video`` and write ``out`` (Framewise JSON, or what MOTChallenge takes as results,
    ``.txt``) and ``out_masks`` (a folder with a PNG for each frame), whichever is given, also when it is interrupted or
    fails.

    ``keep_as``: follow every object as a mask, and keep it as this kind of shape. ``lookout``: also what it finds.
    ``render``: also draw what was found into a copy of the whole video, unless tracking was interrupted or broke off.

    Raises:
        TrackingError: when it can't be done as asked, and nothing is written; or when the copy can't be drawn, and the
            tracks are.
    """
    if out is not None:
        check_target(out, "--out", video)
    if out_masks is not None:
        check_masks(out_masks, prompts, keep_as)
    if render is not None:
        check_target(render, "--render", video)
    pictures = DecodedVideo(video)
    _check_sizes(prompts, pictures)
    end = min(pictures.frame_count - 1 if last is None else last, pictures.frame_count - 1)
    legs = legs_of(prompts, direction, first, end, pictures.frame_count)
    finding, linker = (None, None) if lookout is None else _opened(lookout, pictures, direction, first, end)
    session = TrackingSession(
        lambda: nullcontext(pictures),
        _maker(model, settings or {}, keep_as),
        legs,
        detect_off_screen=detect_off_screen,
        finding=finding,
        linker=linker,
    )
    linked = lookout.linked if lookout else None
    found = Found(linked or model, Outcome.of(legs), label=label, linked=linked is not None)
    for number, prompt in zip(numbers_of(prompts), prompts, strict=True):
        found.prompt(ObjectId(str(number)), prompt, keep_as)
    broke_off = _follow(session, found)
    if out is not None:
        writer = _write_mot if out.suffix.lower() == ".txt" else partial(_write, pictures=pictures, name=video.name)
        writer(found, out=out)
    _tell(found)
    if out is not None:
        console.print(f"The tracks are in {out}", highlight=False, soft_wrap=True, markup=False)
    if out_masks is not None:
        _paint(found, pictures, range(first, end + 1), out_masks)
    if render is not None:
        if broke_off or found.outcome.end is End.INTERRUPTED:
            console.print("Nothing was rendered.")
        else:
            _render(found, pictures, render)
    return found.outcome


def _opened(
    lookout: Lookout, pictures: DecodedVideo, direction: Direction, first: int, last: int
) -> tuple[Finding, Linker | None]:
    if first > last:
        raise TrackingError(
            f"The video has frames 0..{pictures.frame_count - 1}, and --first comes before --last; {first} and {last} "
            "came."
        )
    seek = Seek(last, "backward", first) if direction == "backward" else Seek(first, "forward", last)
    return lookout.open(seek, pictures.fps)


def _maker(
    model: str, settings: Mapping[str, float | int | str | bool], keep_as: GeometryKind | None
) -> Callable[[], Tracker]:
    def create() -> Tracker:
        return catalog.create(model, **settings)

    if keep_as is None:
        return create
    segmenter = cache(partial(catalog.create_segmenter, catalog.DEFAULT_SEGMENTER))
    takes_boxes = "box" in catalog.find(model).prompts
    return lambda: AsMask(create, segmenter, takes_boxes=takes_boxes, keep=keep_as)


def _check_sizes(prompts: Sequence[TypedPrompt], pictures: DecodedVideo) -> None:
    for prompt in prompts:
        if prompt.size is not None and prompt.size != (pictures.height, pictures.width):
            height, width = prompt.size
            raise TrackingError(
                f"A mask's image is as large as the video, {pictures.width} x {pictures.height} px; the one for frame "
                f"{prompt.frame} is {width} x {height} px. Scale it."
            )


def check_target(target: Path, option: str, video: Path) -> None:
    """Before anything is computed: ``target`` can be written, and isn't what is read."""
    if not target.parent.is_dir():
        raise TrackingError(f"{option} needs a folder that exists; this one doesn't: {target.parent}")
    if target.is_dir():
        raise TrackingError(f"{option} is a file; this is a folder: {target}")
    if target.exists() and video.exists() and target.samefile(video):
        raise TrackingError(f"{option} would replace the video itself. Choose another name: {target}")


def _follow(session: TrackingSession, found: Found) -> bool:
    """Run to the end, or until Ctrl-C or a failure. Returns whether the run broke off with a failure.

    Raises whatever a failure is where nothing was found before it.
    """
    outcome = found.outcome
    with progress_bar() as progress:
        bar = progress.add_task("Tracking", total=outcome.total, completed=outcome.done)
        try:
            for step in map(found.numbered, session.steps()):
                for row in step.rows:
                    found.take(row)
                progress.advance(bar, outcome.take(step))
                progress.update(bar, total=outcome.total)
                for note in step.notes:
                    progress.console.print(f"[yellow]{escape(note)}[/]", highlight=False)
        except KeyboardInterrupt:
            session.stop()
            outcome.give_up(End.INTERRUPTED)
        except Exception as error:
            if found.predicted == 0:
                raise
            outcome.give_up(End.FAILED, str(error) if isinstance(error, TrackingError) else repr(error))
            return True
    return False


def _tell(found: Found) -> None:
    """What came of it, where the person looks."""
    outcome = found.outcome
    for sentence in outcome.sentences():
        console.print(f"[yellow]{escape(sentence)}[/]", highlight=False, soft_wrap=True)
    objects = len(outcome.followed)
    unseen = sum(course.end is End.UNSEEN for course in outcome.courses)
    told = (
        f"{found.model} {'linked' if found.linked else 'followed'} {objects} object{'' if objects == 1 else 's'} on "
        f"{outcome.done} of {outcome.total} frames."
    )
    if unseen:
        told += f" {unseen} of them {'was' if unseen == 1 else 'were'} not seen again before the end."
    console.print(told, highlight=False, soft_wrap=True)


def progress_bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=console)


class _Rate(TextColumn):
    def __init__(self) -> None:
        super().__init__("{task.fields[rate]}")

    def render(self, task):  # type: ignore[no-untyped-def]
        task.fields["rate"] = f"{task.speed:.1f}/s" if task.speed else ""
        return super().render(task)


def _write(found: Found, pictures: DecodedVideo, *, name: str, out: Path) -> None:
    tracks = [
        TrackData(
            int(name), found.labels.get(name, found.label), [rows[frame] for frame in sorted(rows)], source=found.model
        )
        for name, rows in found.rows.items()
    ]
    used = dict.fromkeys(track.label for track in tracks) or [found.label]
    labels = [LabelInfo(label, skeleton=_skeleton(found) if label == found.label else None) for label in used]
    video = VideoInfo(name, pictures.width, pictures.height, pictures.frame_count, pictures.fps)
    account = {"model": found.model, **found.outcome.as_json()}
    unfinished = out.with_name(out.name + ".partial")
    Native().write(
        Dataset(video, labels, tracks, len(tracks), tracking=account),
        unfinished,
        {},
    )
    unfinished.replace(out)


def _write_mot(found: Found, *, out: Path) -> None:
    """Lines frame, track, left, top, width, height, confidence, -1, -1, -1; frames and pixels count from 1."""
    lines = [
        (frame, int(name), bounds_of(shape_of(row)), row.confidence)
        for name, rows in found.rows.items()
        for frame, row in rows.items()
        if not row.flags & Flag.OUTSIDE
    ]
    text = "".join(
        f"{frame + 1},{number},{box.x1 + 1:.2f},{box.y1 + 1:.2f},{box.width:.2f},{box.height:.2f},{confidence:.4f},"
        "-1,-1,-1\n"
        for frame, number, box, confidence in sorted(lines, key=lambda line: line[:2])
    )
    unfinished = out.with_name(out.name + ".partial")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(out)
    if len(set(found.labels.values())) > 1:
        told = f"MOTChallenge's results have no classes: those of {len(found.rows)} tracks are left out."
        console.print(f"[yellow]{told} A .json file holds them.[/]", highlight=False, soft_wrap=True)


def _paint(found: Found, pictures: DecodedVideo, asked: range, folder: Path) -> None:
    """Masks of the frames that were asked for, or of those that a run got through which ended early."""
    reached = max(frame for rows in found.rows.values() for frame in rows)
    frames = asked if found.outcome.end is End.REACHED else range(asked.start, reached + 1)
    size = pictures.height, pictures.width
    shapes = {int(name): _masks(rows) for name, rows in found.rows.items()}
    told = write_masks(folder, frames, size, shapes)
    console.print(told, highlight=False, soft_wrap=True, markup=False)


def _masks(rows: Mapping[int, Row]) -> dict[int, Mask]:
    shown = {frame: shape_of(row) for frame, row in rows.items() if not row.flags & Flag.OUTSIDE}
    return {frame: shape for frame, shape in shown.items() if isinstance(shape, Mask)}


def _skeleton(found: Found) -> Skeleton | None:
    """A template without lines for the skeletons that were followed, as large as the largest; None: there are none."""
    prompted = (row for rows in found.rows.values() for row in rows.values() if row.kind == Kind.SKELETON)
    counts = [len(shape.xy) for shape in map(shape_of, prompted) if isinstance(shape, Points)]
    return numbered([(0.5, 0.5)] * max(counts)) if counts else None


def _render(found: Found, pictures: DecodedVideo, target: Path) -> None:
    from framewise.render import Drawn, render

    def drawn(frame: int) -> Iterator[Drawn]:
        for name, rows in found.rows.items():
            row = rows.get(frame)
            if row is not None and not row.flags & Flag.OUTSIDE:
                yield Drawn(int(name), shape_of(row), row.confidence)

    with progress_bar() as progress:
        bar = progress.add_task("Rendering", total=pictures.frame_count)
        render(pictures, drawn, target, lambda: progress.advance(bar))
