"""What the file of a project says: one record for each row that goes along, a line of JSON in the member of its model.

Fields are called as those of the model. Ids are those of the server that wrote the file: they only say which record
means which. ``docs/project-files.md`` describes the file.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

from django.db.models import Model
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    field_validator,
    model_validator,
)

from annotator import models
from annotator.actions.consensus.reports import Outcome
from annotator.actions.quality import Report as Score
from annotator.announce.messages import MOST_CLICKS
from annotator.ontology import HIGHEST_ID, LONGEST_DESCRIPTION, LONGEST_NAME, MOST, AttributeKind, GeometryKind
from annotator.operations import OPERATIONS, Conflict, Operation, ShapesReplace, TrackVerdicts, VerdictsReplace
from tracking.shapes.chunks import WINDOW, window_start
from tracking.shapes.skeletons import Skeleton

VERSION = 2
"""Of the file. It grows whenever a record gets a field or a meaning that older programs don't know
(``upgrades.py``)."""


@dataclass(frozen=True, slots=True)
class To:
    """Marks a field that names another record, by its id."""

    model: type[Model]


def _unpacked(value: object) -> object:
    return b64decode(value, validate=True) if isinstance(value, str) else value


def _of_our_time(moment: datetime) -> datetime:
    if not 1970 <= moment.year < 2200:
        raise ValueError(f"a time lies in the years 1970 to 2199; {moment.year} came")
    return moment


Id = Annotated[int, Field(ge=1, le=HIGHEST_ID)]
Person = Annotated[Id | None, To(models.User)]
Frame = Annotated[int, Field(ge=0, lt=2**31)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Revision = Annotated[int, Field(ge=0, lt=2**62)]
Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
Bytes = Annotated[bytes, BeforeValidator(_unpacked), PlainSerializer(lambda data: b64encode(data).decode())]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]
Measure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LayerId = Annotated[Id, To(models.Layer)]
TrackId = Annotated[UUID, To(models.Track)]
Said = dict[str, Any]
"""Values of attributes, by the attribute's id as text."""


class Ids(Protocol):
    """What stands for the ids that lie within JSON; None: nothing does, and what is said of it is left out."""

    def person(self, key: int | None) -> int | None: ...
    def label(self, key: int | None) -> int | None: ...
    def attribute(self, key: str) -> str | None: ...
    def track(self, key: UUID) -> UUID: ...


class Record(BaseModel):
    """One row. Fields with ``To`` name other records; ``translate`` does the same for what lies within JSON."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    def translate(self, ids: Ids) -> None:
        """Put what stands for them in the place of the ids within JSON."""


class InOrder(Record):
    """Something of frames ``first..last``, both included."""

    first: Frame
    last: Frame

    @model_validator(mode="after")
    def _in_order(self) -> InOrder:
        if self.first > self.last:
            raise ValueError(f"frames go from the first to the last; {self.first} to {self.last} came")
        return self


class ProjectRecord(Record):
    id: Id
    name: str = Field(min_length=1, max_length=120)
    description: str = Field(max_length=LONGEST_DESCRIPTION)
    created_by: Person
    created_at: Moment
    class_labels: dict[str, int | None] = Field(max_length=1000)
    pass_mark: Annotated[int, Field(ge=0, le=100)] | None
    locks_accepted: bool
    lets_take_jobs: bool
    all_reviewers_accept: bool

    def translate(self, ids: Ids) -> None:
        known = {name: (key, ids.label(key)) for name, key in self.class_labels.items()}
        # null says something: such objects are left out. A label that is gone says nothing.
        self.class_labels = {name: new for name, (key, new) in known.items() if key is None or new is not None}


class LabelRecord(Record):
    id: Id
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    colour: Colour
    hotkey: str = Field(pattern=r"^[0-9a-z]?$")
    geometry_kinds: list[GeometryKind] = Field(min_length=1, max_length=len(GeometryKind))
    skeleton: dict[str, Any] | None
    position: Count

    @field_validator("skeleton")
    @classmethod
    def _is_one(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None and (problems := list(Skeleton.model_validate(value).problems())):
            raise ValueError(problems[0])
        return value


class AttributeRecord(Record):
    id: Id
    label: Annotated[Id, To(models.Label)]
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    kind: AttributeKind
    per_frame: bool
    choices: list[str] = Field(max_length=MOST)
    default: Any
    position: Count


class VideoRecord(Record):
    id: Id
    name: str = Field(min_length=1, max_length=255)
    size_bytes: Annotated[int, Field(ge=0, lt=2**62)]
    width: Annotated[int, Field(ge=0, le=65_536)]
    height: Annotated[int, Field(ge=0, le=65_536)]
    frame_count: Count
    fps: Measure
    duration_s: Measure
    codec: str = Field(max_length=32)
    created_by: Person
    created_at: Moment


class LayerRecord(Record):
    id: Id
    video: Annotated[Id, To(models.Video)]
    kind: models.LayerKind
    name: str = Field(min_length=1, max_length=120)
    owner: Person
    revision: Revision
    next_number: Annotated[int, Field(ge=1, lt=2**31)]


def _translated(said: Said, ids: Ids) -> Said:
    return {new: value for key, value in said.items() if (new := ids.attribute(key)) is not None}


class TrackRecord(Record):
    id: UUID
    layer: LayerId
    number: Annotated[int, Field(ge=1, lt=2**31)]
    label: Annotated[Id, To(models.Label)]
    colour: str = Field(pattern=r"^(#[0-9a-f]{6})?$")
    locked: bool
    attributes: Said
    frame_attributes: dict[str, list[tuple[Frame, Any]]]
    source: str = Field(max_length=64)
    candidate: bool
    created_by: Person
    created_at: Moment
    deleted_at: Moment | None
    deleted_by: Person

    def translate(self, ids: Ids) -> None:
        self.attributes = _translated(self.attributes, ids)
        self.frame_attributes = _translated(self.frame_attributes, ids)


class ChunkRecord(Record):
    """What the timeline shows of it is counted anew, and its layer is its track's."""

    track: TrackId
    start: Frame
    span: Annotated[int, Field(ge=1, le=WINDOW)]
    data: Bytes

    @model_validator(mode="after")
    def _is_a_stretch(self) -> ChunkRecord:
        if self.span & (self.span - 1) or self.start % self.span:
            raise ValueError(
                f"a stretch has {WINDOW} frames or a half of that, a quarter, …, and begins at a multiple of its "
                f"length; {self.span} frames from {self.start} came"
            )
        return self

    @property
    def window(self) -> int:
        return window_start(self.start)


class RunRecord(InOrder):
    """That a model ran, so that the history can say who did what; how far each object got is of no use elsewhere."""

    id: UUID
    layer: LayerId
    model: str = Field(max_length=64)
    direction: str = Field(max_length=8)
    state: models.RunState
    frames_total: Count
    frames_done: Count
    message: str
    chosen: str
    created_by: Person
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class Payload(BaseModel):
    """``Event.payload``. What it doesn't name isn't taken along."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    operations: list[Operation]
    numbers: dict[UUID, Annotated[int, Field(ge=0, lt=2**31)]] = {}
    touched: list[tuple[UUID, Frame, Frame]] = []
    told: bool = True
    verdicts: list[TrackVerdicts] = []
    conflicts: list[Conflict] = []


class EventRecord(Record):
    layer: LayerId
    revision: Annotated[int, Field(ge=1, lt=2**62)]
    author: Person
    run: Annotated[UUID | None, To(models.Run)]
    kind: models.EventKind
    edit_id: UUID
    undoes: UUID | None
    summary: str = Field(max_length=200)
    payload: dict[str, Any]
    inverse: list[Any] | None
    extent: list[tuple[UUID, Frame | None, Frame | None]]
    created_at: Moment

    def operations(self) -> tuple[Payload, list[Operation] | None]:
        """What it did, and what takes it back. Raises pydantic.ValidationError for what can't be an event."""
        inverse = None if self.inverse is None else OPERATIONS.validate_python(self.inverse)
        return Payload.model_validate(self.payload), inverse

    def translate(self, ids: Ids) -> None:
        payload, inverse = self.operations()
        said = dict.fromkeys(payload.model_fields_set)
        payload.operations = [translated(each, ids) for each in payload.operations]
        payload.numbers = {ids.track(track): number for track, number in payload.numbers.items()}
        payload.touched = [(ids.track(track), *frames) for track, *frames in payload.touched]  # type: ignore[misc]
        for verdicts in payload.verdicts:
            verdicts.track = ids.track(verdicts.track)
            _translate_spans(verdicts, ids)
        for conflict in payload.conflicts:
            conflict.track, conflict.author = ids.track(conflict.track), ids.person(conflict.author)
        whole = payload.model_dump(mode="json")
        self.payload = {name: value for name, value in whole.items() if name in said}
        if inverse is not None:
            self.inverse = [translated(each, ids).model_dump(mode="json") for each in inverse]
        self.extent = [(ids.track(track), first, last) for track, first, last in self.extent]


def translated(operation: Operation, ids: Ids) -> Operation:
    """The operation itself, with what stands for its ids."""
    operation.track = ids.track(operation.track)
    if isinstance(operation, VerdictsReplace):
        _translate_spans(operation, ids)
    elif not isinstance(operation, ShapesReplace):
        fields = operation.fields
        fields.label = ids.label(fields.label)
        if fields.attributes is not None:
            fields.attributes = _translated(fields.attributes, ids)
        if fields.frame_attributes is not None:
            fields.frame_attributes = _translated(fields.frame_attributes, ids)
    return operation


def _translate_spans(judged: TrackVerdicts | VerdictsReplace, ids: Ids) -> None:
    for span in judged.spans:
        span.by = ids.person(span.by)
        if span.reopened is not None:
            span.reopened.by = ids.person(span.reopened.by)


class Reopening(BaseModel):
    """``VerdictSpan.reopened``, as ``operations.Reopened``."""

    model_config = ConfigDict(extra="forbid")

    was: Literal["accepted", "rejected"]
    by: Id | None = None
    by_name: str
    at: str
    revision: Revision
    how: str


class VerdictRecord(InOrder):
    track: TrackId
    verdict: models.Verdict
    reason: str = Field(max_length=500)
    by: Person
    at: Moment
    revision: Revision
    reopened: Reopening | None

    def translate(self, ids: Ids) -> None:
        if self.reopened is not None:
            self.reopened.by = ids.person(self.reopened.by)


class ClickedRecord(Record):
    track: TrackId
    frame: Frame
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    clicks: list[tuple[Measure, Measure, bool]] = Field(max_length=MOST_CLICKS)
    box: tuple[Coordinate, Coordinate, Coordinate, Coordinate] | None
    alone: bool
    kept_at: Moment


class IssueRecord(InOrder):
    id: UUID
    layer: LayerId
    number: Annotated[int, Field(ge=1, lt=2**31)]
    track: TrackId | None
    region: Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=4, max_length=4)] | None
    opened_by: Person
    opened_at: Moment
    resolved_by: Person
    resolved_at: Moment | None
    version: Annotated[int, Field(ge=1, lt=2**31)]


class CommentRecord(Record):
    id: UUID
    issue: Annotated[UUID, To(models.Issue)]
    author: Person
    text: str
    mentions: list[tuple[Id, str]]
    at: Moment
    edited_at: Moment | None
    deleted_at: Moment | None

    def translate(self, ids: Ids) -> None:
        new = [(ids.person(key), word) for key, word in self.mentions]
        self.mentions = [(key, word) for key, word in new if key is not None]


class JobRecord(InOrder):
    id: Id
    layer: LayerId
    stage: models.Stage
    state: models.JobState
    assignee: Person
    reviewer: Person
    priority: models.Priority
    due: date | None
    created_at: Moment
    updated_at: Moment


class ReviewerRecord(Record):
    """Who reviews a job besides."""

    job: Annotated[Id, To(models.Job)]
    user: Annotated[Id, To(models.User)]


class StepRecord(Record):
    job: Annotated[Id, To(models.Job)]
    kind: models.JobStep.Kind
    by: Person
    whom: Person
    reason: str
    at: Moment


class GoldRecord(InOrder):
    layer: LayerId
    created_by: Person
    created_at: Moment


class ScoreRecord(Record):
    """How a job agreed with the gold; only those that were computed go along."""

    job: Annotated[Id, To(models.Job)]
    person: Person
    report: Score
    created_at: Moment

    def translate(self, ids: Ids) -> None:
        kept = [(each, ids.label(each.label)) for each in self.report.scores]
        for each, label in kept:
            gone = each.label is not None and label is None
            each.label = -1 if gone else label
        self.report.scores = [each for each in self.report.scores if each.label != -1]


def _perhaps(value: object) -> object:
    return value or None


class ConsensusRecord(InOrder):
    """How the copies agree is compared anew."""

    id: Id
    video: Annotated[Id, To(models.Video)]
    votes: Annotated[int, Field(ge=1, lt=2**15)] | None
    least_overlap: Annotated[float, Field(ge=0, le=1)]
    created_by: Person
    created_at: Moment
    into: models.Consensus.Into
    merged_at: Moment | None
    merged_by: Person
    merged_into: Annotated[Id | None, To(models.Layer)]
    merged_edit: UUID | None
    outcome: Annotated[Outcome | None, BeforeValidator(_perhaps)]

    def translate(self, ids: Ids) -> None:
        if self.outcome is not None:
            self.outcome.tracks = [ids.track(track) for track in self.outcome.tracks]


class CopyRecord(Record):
    consensus: Annotated[Id, To(models.Consensus)]
    number: Annotated[int, Field(ge=0, lt=2**15)]
    layer: LayerId
    job: Annotated[Id | None, To(models.Job)]


class StayRecord(Record):
    """Somebody was in the editor; the time of who isn't known here can't be counted for anybody."""

    layer: LayerId
    person: Annotated[Id, To(models.User)]
    job: Annotated[Id | None, To(models.Job)]
    began: Moment
    ended: Moment


class PersonRecord(Record):
    """Whoever is named, by e-mail and name. Nobody becomes an account by it."""

    id: Id
    name: str = Field(max_length=320)
    email: str = Field(max_length=254)


@cache
def references(record: type[Record]) -> dict[str, type[Model]]:
    """Of a record's fields those that name other records, with the models of these."""
    return {
        name: mark.model
        for name, info in record.model_fields.items()
        for mark in _marks(info.annotation, info.metadata)
    }


def _marks(annotation: Any, metadata: list[Any]) -> Iterator[To]:
    yield from (mark for mark in metadata if isinstance(mark, To))
    for inner in getattr(annotation, "__args__", ()):
        yield from (mark for mark in getattr(inner, "__metadata__", ()) if isinstance(mark, To))
