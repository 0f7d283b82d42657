"""What a label's skeleton consists of: named joints, and the lines between them. Pure values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

MOST_JOINTS = 200
LONGEST_NAME = 80
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_serialization_defaults_required=True)


class Joint(_Value):
    """A named point; ``x``, ``y`` say where it lies in the box that is drawn for a new skeleton, as shares of its sides
    from its left top corner."""

    name: str = Field(max_length=LONGEST_NAME)
    x: Share
    y: Share


class Skeleton(_Value):
    """A template. ``edges`` are pairs of positions in ``joints``, whose order is that of a shape's points."""

    joints: tuple[Joint, ...] = Field((), max_length=MOST_JOINTS)
    edges: tuple[tuple[int, int], ...] = Field((), max_length=MOST_JOINTS * 4)

    def tidy(self) -> Skeleton:
        """Names without superfluous blanks; each edge once, from the lower position to the higher."""
        joints = tuple(joint.model_copy(update={"name": " ".join(joint.name.split())}) for joint in self.joints)
        edges = tuple(dict.fromkeys((min(edge), max(edge)) for edge in self.edges))
        return Skeleton(joints=joints, edges=edges)

    def problems(self) -> Iterator[str]:
        """What is wrong with it, in words."""
        if not self.joints:
            yield "A skeleton has at least one joint. Click in the field to add some."
        names = [joint.name for joint in self.joints]
        if not all(names):
            yield "Every joint needs a name."
        for name in sorted({name for name in names if name and names.count(name) > 1}):
            yield f"Two joints are called {name}."
        for first, second in self.edges:
            if first == second or not all(0 <= end < len(names) for end in (first, second)):
                yield f"A line goes from one joint to another; {first} to {second} doesn't."

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def skeleton_of(stored: object) -> Skeleton | None:
    """The value of what a label stores; None where it has no skeleton."""
    return None if stored is None else Skeleton.model_validate(stored)


def numbered(places: Sequence[tuple[float, float]]) -> Skeleton:
    """A template for shapes that came without one: joints called 1, 2, … at ``places`` (shares), no lines."""
    return Skeleton(joints=tuple(Joint(name=str(index), x=x, y=y) for index, (x, y) in enumerate(places, start=1)))
