"""A run and how far its objects have come, as one value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from annotator.actions.edits.shown import stored_at
from annotator.actions.runs.rejoin import held_rows
from annotator.announce.progress import OBJECTS, LegState, ObjectState, SearchState, agent_legs, heads, resumed
from annotator.models import LegPrompt, Run
from tracking.protocol import Leg
from tracking.shapes.chunks import Flag, Row, Table
from tracking.shapes.payloads import single


@dataclass
class OpenRun:
    """A run whose layer is locked. ``objects``: its progress by track id, and ``search``: how far it has looked for new
    ones, which ``save`` writes back; ``kept``: the prompts that are stored."""

    run: Run
    objects: dict[str, ObjectState]
    search: SearchState | None = None
    kept: set[UUID] = field(default_factory=set)

    @classmethod
    def get(cls, run_id: UUID) -> OpenRun:
        """The run as it is now."""
        return cls.of(Run.objects.select_related("layer__video__project", "agent", "created_by").get(pk=run_id))

    @classmethod
    def of(cls, run: Run) -> OpenRun:
        """A run that was read while its layer is locked."""
        search = SearchState.model_validate(run.search) if run.search is not None else None
        opened = cls(run, OBJECTS.validate_python(run.objects_state), search)
        opened.kept = {leg.prompt for leg in opened.legs()}
        return opened

    @property
    def is_unfinished(self) -> bool:
        """Whether any of its legs still goes on, or new objects are still looked for."""
        return self.seeks or any(state.unfinished for state in self.objects.values())

    @property
    def seeks(self) -> bool:
        """Whether new objects are still looked for."""
        return self.search is not None and not self.search.ended

    @property
    def until_keyframe(self) -> bool:
        """Whether an object stops before its next keyframe."""
        return bool(self.run.options.get("until_keyframe", True))

    @property
    def as_mask(self) -> bool:
        """Whether its shapes are followed as masks."""
        return bool(self.run.options.get("as_mask"))

    @property
    def linked(self) -> str | None:
        """The association that links what it finds; None: the model follows it."""
        return (self.run.options.get("find") or {}).get("linked")

    @property
    def linked_tracks(self) -> set[UUID]:
        """Those of its tracks that are linked, and that nobody corrected."""
        return {UUID(key) for key, state in self.objects.items() if any(leg.linked for leg in state.legs)}

    def way(self) -> tuple[tuple[int, int, int], ...]:
        """How far each object has come: another value after whatever gets the run on."""
        objects = (
            (state.epoch, sum(leg.done for leg in state.legs), sum(leg.ended for leg in state.legs))
            for state in self.objects.values()
        )
        return ((0, self.search.done if self.search else 0, not self.seeks), *objects)

    def legs(self) -> Iterator[LegState]:
        """Of all objects."""
        return (leg for state in self.objects.values() for leg in state.legs)

    def save(self, fields: Collection[str] | None = None, *, insert: bool = False) -> None:
        """Write the objects' progress, the prompts of legs that are new, and of the run all, or ``fields``."""
        self._count()
        counted = ("objects_state", "search", "frames_done", "frames_total")
        self.run.save(force_insert=insert, update_fields=None if fields is None else [*counted, *fields])
        self._save_prompts()

    def agent_legs(self, tracks: Iterable[str]) -> dict[str, list[Leg]]:
        """What an agent is told to (re)do, by track. It goes on from what is stored, or begins with the prompt."""
        states = {track: self.objects[track] for track in tracks}
        stored = stored_at(self.run.layer, set(heads(states)))
        begun = [
            leg.prompt
            for track, state in states.items()
            for leg in state.unfinished
            if resumed(track, leg, stored) is None
        ]
        prompts = self._read_prompts(begun) if begun else {}
        found = {track: agent_legs(track, state, stored, prompts) for track, state in states.items()}
        for track, state in states.items():
            for leg, told in zip(state.unfinished, found[track], strict=True):
                told.held = held_rows(self.run.layer, UUID(track), leg) if leg.held else []
        return found

    def follow_corrected(self) -> None:
        """What would be linked on from a shape that a person set meanwhile is followed instead: whoever sets one says
        that the detector is wrong there."""
        going = {track: state for track, state in self.objects.items() if any(leg.linked for leg in state.unfinished)}
        stored = stored_at(self.run.layer, set(heads(going))) if going else {}
        for track, state in going.items():
            for leg in state.unfinished:
                row = resumed(track, leg, stored)
                if row is not None and row.flags & Flag.KEYFRAME:
                    leg.linked = False

    def _count(self) -> None:
        run = self.run
        run.objects_state = {track: state.model_dump(mode="json") for track, state in self.objects.items()}
        run.search = self.search.model_dump(mode="json") if self.search is not None else None
        counted = [leg for leg in self.legs() if not (leg.check and leg.ended)]
        run.frames_done = sum(leg.done for leg in counted) + (self.search.done if self.search else 0)
        run.frames_total = sum(leg.total for leg in counted) + (self.search.total if self.search else 0)
        if run.options.get("check_both_ways"):
            # The ways back, which begin when an object has come to its end: without them the end would move away then.
            run.frames_total += sum(state.to_check for state in self.objects.values())

    def _save_prompts(self) -> None:
        new = {leg.prompt: shape for leg in self.legs() if (shape := leg.hand_over()) is not None}
        if new:
            LegPrompt.objects.bulk_create(
                LegPrompt(id=key, run=self.run, data=single(shape).pack()) for key, shape in new.items()
            )
        known = {leg.prompt for leg in self.legs()}
        if gone := self.kept - known:
            self.run.prompts.filter(pk__in=gone).delete()
        self.kept = known

    def _read_prompts(self, keys: Collection[UUID]) -> dict[UUID, Row]:
        there = self.run.prompts.filter(pk__in=keys).values_list("pk", "data")
        return {key: Table.unpack(bytes(data)).row(0) for key, data in there}
