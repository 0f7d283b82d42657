"""A run and how far its objects have come, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from annotator.actions.edits.shown import stored_at
from annotator.announce.progress import OBJECTS, ObjectState, heads
from annotator.models import Run
from tracking.shapes.chunks import Row


@dataclass
class OpenRun:
    """A run whose layer is locked. ``objects``: its progress by track id; ``keep`` writes it back."""

    run: Run
    objects: dict[str, ObjectState]

    @classmethod
    def get(cls, run_id: UUID) -> OpenRun:
        """The run as it is now."""
        return cls.of(Run.objects.select_related("layer__video__project", "agent", "created_by").get(pk=run_id))

    @classmethod
    def of(cls, run: Run) -> OpenRun:
        return cls(run, OBJECTS.validate_python(run.objects_state))

    @property
    def is_unfinished(self) -> bool:
        return any(state.unfinished for state in self.objects.values())

    @property
    def until_keyframe(self) -> bool:
        """Whether an object stops before its next keyframe."""
        return bool(self.run.options.get("until_keyframe", True))

    def way(self) -> tuple[tuple[int, int, int], ...]:
        """How far each object has come: another value after whatever gets the run on."""
        return tuple(
            (state.epoch, sum(leg.done for leg in state.legs), sum(leg.ended for leg in state.legs))
            for state in self.objects.values()
        )

    def keep(self) -> None:
        """Put the objects' progress into the run's columns; the caller saves it."""
        run = self.run
        run.objects_state = {track: state.model_dump(mode="json") for track, state in self.objects.items()}
        legs = [leg for state in self.objects.values() for leg in state.legs if not (leg.check and leg.ended)]
        run.frames_done = sum(leg.done for leg in legs)
        run.frames_total = sum(leg.total for leg in legs)
        if run.options.get("check_both_ways"):
            # The ways back, which begin when an object has come to its end: without them the end would move away then.
            run.frames_total += sum(state.to_check for state in self.objects.values())

    def save(self) -> None:
        """Keep the progress, and write the whole run."""
        self.keep()
        self.run.save()

    def reached(self) -> dict[tuple[str, int], Row]:
        """The stored shapes that unfinished legs go on from, by (track, frame)."""
        return stored_at(self.run.layer, set(heads(self.objects)))
