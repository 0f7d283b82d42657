"""How far each object of a ``framewise track`` came, and why no further. Pure: fed with what a session hands out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tracking.session import Leg, LegEnd, Step, Tracked
from tracking.types import ObjectId


class End(StrEnum):
    """Why a leg went no further."""

    REACHED = "reached"
    """It came to its last frame."""
    LEFT = "left the frame"
    LOST = "lost at the border"
    """For several frames nothing was found of an object that had been at the frame's border: it counts as gone."""
    UNSEEN = "not seen again"
    """It was linked, and its detector didn't see it any more."""
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass
class Course:
    """One object's way in one direction. ``until``: the last frame on which it was followed, None: on none;
    ``gone``: the frame on which it was found to have left."""

    leg: Leg
    until: int | None = None
    gone: int | None = None
    end: End | None = None
    problem: str = ""

    def take(self, row: Tracked) -> None:
        frame = row.prediction.frame
        if row.outside:
            self.gone, self.end = frame, End.LEFT if row.prediction.visible else End.LOST
        else:
            self.until = frame

    def close(self, problem: str = "") -> None:
        """Its leg is over."""
        self.problem = problem
        if self.end is None and not problem:
            if self.until is None:  # the row of the prompt's frame is told once, for one of both ways
                self.until = self.leg.frame
            if self.until != self.leg.last and self.leg.linked:
                self.end = End.UNSEEN
            elif self.until != self.leg.last:
                self.problem = "the model answered nothing from there on."
        if self.end is None:
            self.end = End.FAILED if self.problem else End.REACHED

    def give_up(self, end: End, problem: str) -> None:
        """It was under way when everything ended."""
        if self.end is None:
            self.end, self.problem = end, problem

    @property
    def frames(self) -> range:
        """The frames it was to be followed on, both ends included, rising."""
        low, high = sorted((self.leg.frame, self.leg.last))
        return range(low, high + 1)

    @property
    def sentence(self) -> str:
        """Why it ended early; empty where it didn't."""
        match self.end:
            case End.LEFT:
                return f"left the frame on frame {self.gone}"
            case End.LOST:
                return f"was lost at the border of the frame, and counts as gone from frame {self.gone} on"
            case End.FAILED:
                return f"failed {self._after}: {self.problem.rstrip('.')}"
            case End.INTERRUPTED:
                return f"was interrupted {self._after}"
            case _:
                return ""

    @property
    def _after(self) -> str:
        return f"on frame {self.leg.frame}" if self.until is None else f"after frame {self.until}"

    def as_json(self) -> dict[str, Any]:
        told = {"direction": self.leg.way, "first": self.leg.frame, "last": self.leg.last, "until": self.until}
        end = str(self.end)
        return {**told, "end": end, **({"problem": self.problem} if self.problem else {})}


@dataclass
class Outcome:
    """What became of every object of a run.

    ``followed``: by object, the frames on which it was followed; of those, ``lost``: where the model held it to be
    lost or hidden, and its shape is a guess.
    """

    courses: list[Course]
    followed: dict[ObjectId, set[int]] = field(default_factory=dict)
    lost: dict[ObjectId, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, legs: Sequence[Leg]) -> Outcome:
        """Of a run that is about to begin. A prompt's own frame counts as followed."""
        return cls([Course(leg) for leg in legs], {leg.object: {leg.frame} for leg in legs})

    def begin(self, leg: Leg) -> None:
        """An object was found; its rows come from the frame of its leg on."""
        self.courses.append(Course(leg))
        self.followed[leg.object] = set()

    def take(self, step: Step) -> int:
        """Learn from a step. Returns how many frames of objects it brought."""
        before = self.done
        for row in step.rows:
            prediction = row.prediction
            self._course(prediction.object, row.way).take(row)
            if row.outside:
                continue
            self.followed[prediction.object].add(prediction.frame)
            if not prediction.visible:
                self.lost.setdefault(prediction.object, set()).add(prediction.frame)
        for ended in step.ends:
            self._end(ended)
        return self.done - before

    def _end(self, ended: LegEnd) -> None:
        self._course(ended.object, ended.way).close(ended.problem)

    def _course(self, name: ObjectId, way: str) -> Course:
        return next(course for course in self.courses if (course.leg.object, course.leg.way) == (name, way))

    def give_up(self, end: End, problem: str = "") -> None:
        """Everything ended: by Ctrl-C, or with a problem."""
        for course in self.courses:
            course.give_up(end, problem)

    @property
    def end(self) -> End:
        """The worst that happened: an interruption, a failure; else every object was followed as far as it could be."""
        ends = {course.end for course in self.courses}
        return next((end for end in (End.INTERRUPTED, End.FAILED) if end in ends), End.REACHED)

    @property
    def done(self) -> int:
        """Frames of objects."""
        return sum(map(len, self.followed.values()))

    @property
    def total(self) -> int:
        """Frames of objects that were asked for."""
        return sum(map(self.asked, self.followed))

    def asked(self, name: ObjectId) -> int:
        """On how many frames an object was to be followed; the prompt's counts once for both ways."""
        return len({frame for course in self._of(name) for frame in course.frames})

    def _of(self, name: ObjectId) -> Iterator[Course]:
        return (course for course in self.courses if course.leg.object == name)

    def sentences(self) -> Iterator[str]:
        """One for each object that wasn't followed, or not surely, on all frames asked for."""
        for name, frames in self.followed.items():
            told = [course.sentence for course in self._of(name) if course.sentence]
            if lost := self.lost.get(name):
                many = "1 of them" if len(lost) == 1 else f"{len(lost)} of them"
                told.append(f"counts as lost or hidden on {many}, the first is frame {min(lost)}")
            if told:
                yield f"Object {name}: {len(frames)} of {self.asked(name)} frames. It {'; it '.join(told)}."

    def as_json(self) -> dict[str, Any]:
        return {
            "end": str(self.end),
            "tracks": [
                {
                    "number": int(name),
                    "frames": len(frames),
                    "asked": self.asked(name),
                    "lost": len(self.lost.get(name, ())),
                    "legs": [course.as_json() for course in self._of(name)],
                }
                for name, frames in self.followed.items()
            ],
        }
