"""``python -m framewise.bench.splitting CLIP``: what a second process brings to a run that links."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tracking.devices import processor_name
from tracking.engine import OpenVideo
from tracking.engine.ray import RayEngine
from tracking.engine.splitting import Splitting
from tracking.frames import Way
from tracking.pictures import DecodedVideo
from tracking.protocol import Find, Link, Start, VideoAccess
from tracking.ranges import ranges
from tracking.session import Step
from tracking.types import Frame, ObjectId

MODEL = "framewise-cf"
"""Follows what a person corrects; here it has nothing to do."""
WITHIN_S = 1800.0


class Repeated:
    """A clip that begins again when it ends, each frame decoded anew."""

    def __init__(self, video: DecodedVideo, frame_count: int) -> None:
        self.video, self.frame_count = video, frame_count

    def walk(self, first: int, way: Way) -> Generator[Frame, None, None]:
        at = first
        while at < self.frame_count:
            for frame in self.video.walk(at % self.video.frame_count, way):
                if at == self.frame_count:
                    return
                yield Frame(at, frame.image)
                at += 1


def repeated(clip: Path, frame_count: int, claims: Path) -> OpenVideo:
    """Opens the clip, in a process that keeps to a core of its own from then on: more than one would help it, too."""
    for core in sorted(os.sched_getaffinity(0)):
        with suppress(FileExistsError):
            (claims / str(core)).touch(exist_ok=False)
            for thread in Path("/proc/self/task").iterdir():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), {core})
            break

    @contextmanager
    def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> Iterator[Repeated]:
        yield Repeated(DecodedVideo(clip), frame_count)

    return open_video


@dataclass
class Heard:
    """What a run tells. ``tracks``: rows of each."""

    tracks: dict[ObjectId, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    failure: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def stepped(self, step: Step) -> None:
        for row in step.rows:
            self.tracks[row.prediction.object] = self.tracks.get(row.prediction.object, 0) + 1
        self.notes += step.notes

    def done(self) -> None:
        self.over.set()

    def failed(self, message: str, detail: str) -> None:
        self.failure = message
        self.over.set()

    def lost(self, message: str) -> None:
        self.failed(message, "")


def asked(name: str, first: int, frame_count: int, detector: str, association: str) -> Start:
    """A run that links what the detector sees on every frame from ``first`` on."""
    from tracking import catalog

    classes = list(catalog.find_detector(detector).classes)
    last = frame_count - 1
    return Start(
        run=name,
        model=MODEL,
        video=VideoAccess(key=name, source="", index="", width=0, height=0, frame_count=frame_count),
        legs=[],
        find=Find(finder=detector, every=1, classes=classes, direction="forward", frame=first, last=last),
        link=Link(
            association=association,
            detector=detector,
            origin=first,
            every=1,
            rate=25,
            kinds={one: one for one in classes},
        ),
    )


def measure(engine: RayEngine, ways: int, start: Start) -> tuple[float, Heard]:
    """Seconds that a run takes, split among so many processes."""
    heard = Heard()
    splitting = Splitting(engine, lambda: ways)
    began = time.perf_counter()
    splitting.start(start, heard)
    if not heard.over.wait(WITHIN_S) or heard.failure:
        raise typer.BadParameter(heard.failure or f"The run took longer than {WITHIN_S:.0f} s.")
    return time.perf_counter() - began, heard


def main(
    clip: Path,
    detector: Annotated[str, typer.Option(help="By its id in the catalogue; its weights are here.")] = "yolox-nano",
    association: str = "bytetrack",
    frames: Annotated[int, typer.Option(help="The clip is repeated until there are so many.")] = 1200,
    workers: Annotated[int, typer.Option(min=2, help="Processes, each on a core of its own.")] = 2,
    rounds: Annotated[int, typer.Option(min=1, help="Of each, one and all by turns; the fastest counts.")] = 3,
) -> None:
    """Print frames per second with one process and with several, and what became of the tracks over the seams."""
    best: dict[int, tuple[float, Heard]] = {}
    with tempfile.TemporaryDirectory(prefix="framewise-bench-") as claims:
        opened = partial(repeated, clip.resolve(), frames, Path(claims))
        engine = RayEngine(opened, runs_on_each=8, options={"num_cpus": workers, "num_gpus": 0})
        for ways in (workers, 1):  # the processes start, and load the detector
            measure(engine, ways, asked(f"warm {ways}", 0, min(frames, 250), detector, association))
        for at in range(rounds):
            for ways in (1, workers):
                took = measure(engine, ways, asked(f"{ways} {at}", 0, frames, detector, association))
                best[ways] = min(best.get(ways, took), took, key=lambda one: one[0])
        engine.close()
    one, all_of_them = (frames / best[ways][0] for ways in (1, workers))
    parts = ranges(0, frames - 1, ways=workers)
    again = sum(part.first - part.begin for part in parts) / frames
    typer.echo(
        f"{processor_name()}; {clip.name}, {frames} frames; {detector}, {association}; best of {rounds}\n\n"
        f"| | frames/s | of {workers} times one |\n|---|---|---|\n"
        f"| 1 process | {one:.1f} | |\n"
        f"| {workers} processes | {all_of_them:.1f} | {all_of_them / one / workers:.2f} |\n\n"
        f"{len(parts)} ranges; {again:.1%} of the frames are looked at twice. Tracks: {len(best[1][1].tracks)} as a "
        f"whole, {len(best[workers][1].tracks)} split. {' '.join(best[workers][1].notes)}"
    )


if __name__ == "__main__":
    typer.run(main)
