"""A project is made of a checked file: in one transaction, with ids of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, cast
from uuid import UUID, uuid4, uuid5

import numpy as np
from django.db import IntegrityError
from django.db.models import AutoField, Field, Model
from pydantic import ValidationError

from annotator.actions.edits.insert import insert_rows
from annotator.actions.edits.layer_draft import decoded, picture_of
from annotator.actions.edits.shape_draft import Span, write_stretches
from annotator.actions.errors import ActionError
from annotator.actions.parcels import records
from annotator.actions.parcels.contents import CONTENTS, Content
from annotator.actions.parcels.people import Found
from annotator.actions.parcels.reading import ParcelError, Parcelled
from annotator.actions.parcels.records import Record, references
from annotator.actions.parcels.report import Counted, Report
from annotator.models import (
    Attribute,
    Consensus,
    ConsensusState,
    Issue,
    Job,
    Label,
    Layer,
    LayerKind,
    Project,
    Role,
    Run,
    RunState,
    Track,
    User,
    Video,
    VideoState,
    Workspace,
)
from annotator.operations import Operation, ShapesReplace
from tracking.shapes.checks import Picture, broken_rule
from tracking.shapes.chunks import ChunkError, Table
from tracking.shapes.payloads import single

ROWS_AT_ONCE = 500
NUMBERED = (Project, Label, Attribute, Video, Layer, Job, Consensus)
"""Named by others, with ids that the database gives."""
MAY_ANNOTATE = (Role.ADMIN, Role.MANAGER, Role.REVIEWER, Role.ANNOTATOR)
MAY_REVIEW = MAY_ANNOTATE[:-1]

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Made:
    """``videos``: by the id that the file has for them, theirs."""

    project: Project
    report: Report
    videos: dict[int, int]


def unpack(parcelled: Parcelled, *, workspace: Workspace, name: str, advance: Advance) -> Made:
    """Make the project within a transaction of the caller's.


    Raises:
        ParcelError: records name what isn't there, or what can't be there together.
    """
    return _Loader(parcelled, workspace, name).load(advance)


class _Loader:
    """``keys``: by model, the new key of each id that the file has; ``left_out``: what wasn't taken, and how often."""

    def __init__(self, parcelled: Parcelled, workspace: Workspace, name: str) -> None:
        self.parcelled = parcelled
        self.workspace = workspace
        self.name = name
        self.found = Found(workspace)
        self.left_out: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.project = Project()
        self.head: records.ProjectRecord
        self.keys: dict[type[Model], dict[Any, Any]] = {model: {} for model in (*NUMBERED, Track, Run, Issue, User)}
        self.namespace = uuid4()
        self.attributes: dict[str, Attribute] = {}
        self.layers: dict[int, Layer] = {}
        self.layer_of: dict[UUID, int] = {}
        self.taken: set[tuple[Any, ...]] = set()

    def load(self, advance: Advance) -> Made:
        self.found.find(self.parcelled.people(advance))
        self.keys[User] = dict(self.found.users)
        counts = []
        for content in CONTENTS:
            count = self._load(content, advance)
            counts.append(Counted(words=content.words, count=count))
        self._check_whole()
        said = self.parcelled.manifest
        report = Report(
            taken=counts,
            left_out=sorted(self.left_out.items()),
            here=sorted(self.found.here),
            not_here=sorted(self.found.not_here),
            version=said.version,
            made_at=said.made_at.isoformat(),
            made_by=said.made_by,
        )
        return Made(self.project, report, self.keys[Video])

    def _load(self, content: Content, advance: Advance) -> int:
        done = 0
        try:
            if content.record is records.ChunkRecord:
                return self._load_shapes(content, advance)
            for number, rows in self._batches(content, advance):
                insert_rows(content.model, _columns(content.model), rows)
                done = number
        except IntegrityError as error:
            # E.g. two tracks of a layer with one number.
            raise ParcelError(
                f"This file can't be imported. After record {done:,} of {content.path} two can't be there together."
            ) from error
        return self.parcelled.count(content) - self.skipped[content.member]

    def _batches(self, content: Content, advance: Advance) -> Iterator[tuple[int, list[list[Any]]]]:
        """Rows of those models whose rows nobody names by a number; the others are stored one by one."""
        rows: list[list[Any]] = []
        number = 0
        prepare = getattr(self, f"_prepare_{content.member}", None)
        columns = _columns(content.model)
        for number, record in enumerate(self.parcelled.records(content, advance), start=1):
            where = f"Record {number:,} of {content.path}"
            old = getattr(record, "id", None)
            try:
                # What a project says of its labels waits for these.
                if not isinstance(record, records.ProjectRecord):
                    record.translate(self)
            except (ValidationError, ActionError, ValueError) as error:
                raise ParcelError(f"{where} is none of a history: {error!s:.300}") from error
            values = self._values(record, where)
            if prepare is not None and prepare(values, record, where) is False:
                self.skipped[content.member] += 1
                continue
            if content.model in NUMBERED:
                self._store(content.model, old, values)
                continue
            if isinstance(old, UUID):
                self._name(content.model, old, values, where)
            row = {**_defaults(content.model), **values}
            rows.append([row[column] for column in columns])
            if len(rows) == ROWS_AT_ONCE:
                yield number, rows
                rows = []
        if rows:
            yield number, rows

    def _values(self, record: Record, where: str) -> dict[str, Any]:
        """By the model's columns; ids of others are theirs here."""
        values: dict[str, Any] = {}
        named = references(type(record))
        plain = record.model_dump(mode="python", include=set(type(record).model_fields) - set(named))
        for name in type(record).model_fields:
            if name not in named:
                values[name] = plain[name]
                continue
            old = getattr(record, name)
            known = self.keys[named[name]]
            if old is not None and old not in known:
                words = named[name]._meta.verbose_name
                _refuse(f"{where} names a {words} that isn't in the file.")
            values[f"{name}_id"] = None if old is None else known[old]
        return values

    def _store(self, model: type[Model], old: Any, values: dict[str, Any]) -> None:
        if old in self.keys[model]:
            _refuse(f"Two records are the {model._meta.verbose_name} {old}.")
        del values["id"]
        row = model(**values)
        # Times stay as they are; a plain save would make them now.
        row.save_base(raw=True, force_insert=True)
        self.keys[model][old] = row.pk
        match row:
            case Project():
                self.project = row
            case Attribute():
                self.attributes[str(row.pk)] = row
            case Layer():
                self.layers[row.pk] = row

    def _name(self, model: type[Model], old: UUID, values: dict[str, Any], where: str) -> None:
        known = self.keys.setdefault(model, {})
        if old in known:
            _refuse(f"{where} has an id that was there before.")
        known[old] = values["id"] = self.track(old) if model is Track else uuid4()

    # ------------------------------------------------------------ ids within JSON

    def person(self, key: int | None) -> int | None:
        return None if key is None else self.keys[User].get(key)

    def label(self, key: int | None) -> int | None:
        if key is None:
            return None
        new: int | None = self.keys[Label].get(key)
        if new is None and self.keys[Label]:
            self.left_out["mentions of labels that were deleted before the export"] += 1
        return new

    def attribute(self, key: str) -> str | None:
        new = self.keys[Attribute].get(int(key)) if key.isascii() and key.isdigit() and len(key) < 19 else None
        if new is None:
            self.left_out["values of attributes that were deleted before the export"] += 1
        return None if new is None else str(new)

    def track(self, key: UUID) -> UUID:
        """Also of what the history names and isn't there any more; nobody can know it before."""
        return uuid5(self.namespace, key.hex)

    # ------------------------------------------------------------ what each model needs besides

    # Called by the name of the member; False: the record isn't taken.

    def _prepare_project(self, values: dict[str, Any], record: records.ProjectRecord, where: str) -> None:
        if self.project.pk is not None:
            _refuse("It holds two projects.")
        self.head = record
        values |= {"workspace_id": self.workspace.pk, "class_labels": {}}
        values["name"] = self.name or record.name

    def _prepare_labels(self, values: dict[str, Any], record: records.LabelRecord, where: str) -> None:
        values["project_id"] = self.project.pk
        values["geometry_kinds"] = [kind.value for kind in record.geometry_kinds]

    def _prepare_attributes(self, values: dict[str, Any], record: records.AttributeRecord, where: str) -> None:
        attribute = Attribute(kind=record.kind, choices=record.choices)
        if not attribute.fits(record.default):
            _refuse(f"{where}: its default isn't {attribute.takes}.")

    def _prepare_videos(self, values: dict[str, Any], record: records.VideoRecord, where: str) -> None:
        values["project_id"] = self.project.pk
        original = self.parcelled.originals.get(record.id)
        values |= {"state": VideoState.QUEUED, "size_bytes": original.bytes if original else record.size_bytes}
        if original is None:
            values |= {"state": VideoState.FAILED, "error": NO_FILE}
        elif not original.included:
            values |= {"state": VideoState.FAILED, "awaited": original.sha256}
            values["error"] = awaits(record.name, original.bytes)

    def _prepare_layers(self, values: dict[str, Any], record: records.LayerRecord, where: str) -> None:
        if record.kind == LayerKind.MAIN:
            self._only_one(("main", record.video), f"{where}: its video has two main layers.")
        values["seen_from"] = record.revision

    def _prepare_tracks(self, values: dict[str, Any], record: records.TrackRecord, where: str) -> None:
        layer = values["layer_id"]
        self.layer_of[self.track(record.id)] = layer
        said = {key: value for key, value in record.attributes.items() if self._fits(key, value)}
        steps = {
            key: [(frame, value) for frame, value in pairs if self._fits(key, value)]
            for key, pairs in record.frame_attributes.items()
        }
        values |= {"attributes": said, "frame_attributes": steps}
        if record.number >= self.layers[layer].next_number:
            _refuse(f"{where} has the number {record.number}, which its layer has yet to give.")

    def _fits(self, key: str, value: object) -> bool:
        if self.attributes[key].fits(value):
            return True
        self.left_out["values that their attribute can't have"] += 1
        return False

    def _prepare_runs(self, values: dict[str, Any], record: records.RunRecord, where: str) -> None:
        if record.state in (RunState.QUEUED, RunState.RUNNING):
            values["state"] = RunState.STOPPED
            values["message"] = "It ran when the project was exported; what it had stored by then is here."
            self.left_out["runs that were under way: they are stopped here"] += 1

    def _prepare_events(self, values: dict[str, Any], record: records.EventRecord, where: str) -> None:
        self._same_layer(record.run, Run, values["layer_id"], where)
        layer = self.layers[values["layer_id"]]
        if record.revision > layer.revision:
            _refuse(f"{where} has the revision {record.revision}; its layer has come to {layer.revision}.")
        payload, inverse = record.operations()
        try:
            _check_tables((*payload.operations, *(inverse or ())))
        except ActionError as error:
            _refuse(f"{where}: {error}")
        values["extent"] = [[str(track), first, last] for track, first, last in record.extent]

    def _prepare_verdicts(self, values: dict[str, Any], record: records.VerdictRecord, where: str) -> None:
        self._within(record, self.layer_of[values["track_id"]], where)
        values["layer_id"] = self.layer_of[values["track_id"]]

    def _prepare_issues(self, values: dict[str, Any], record: records.IssueRecord, where: str) -> None:
        self._within(record, values["layer_id"], where)
        if record.track is not None and self.layer_of[values["track_id"]] != values["layer_id"]:
            _refuse(f"{where} is about an object of another layer.")

    def _prepare_comments(self, values: dict[str, Any], record: records.CommentRecord, where: str) -> None:
        values["mentions"] = [list(each) for each in record.mentions]

    def _prepare_jobs(self, values: dict[str, Any], record: records.JobRecord, where: str) -> None:
        self._within(record, values["layer_id"], where)
        values["video_id"] = self.layers[values["layer_id"]].video_id
        for name, enough in (("assignee", MAY_ANNOTATE), ("reviewer", MAY_REVIEW)):
            old = getattr(record, name)
            if old is not None and self.found.roles.get(old) not in enough:
                values[f"{name}_id"] = None
                self.left_out[f"jobs without their {name}, who isn't here or may not do it here"] += 1

    def _prepare_job_reviewers(self, values: dict[str, Any], record: records.ReviewerRecord, where: str) -> bool:
        if self.found.roles.get(record.user) in MAY_REVIEW:
            return True
        self.left_out["further reviewers of jobs who aren't here or may not do it here"] += 1
        return False

    def _prepare_gold(self, values: dict[str, Any], record: records.GoldRecord, where: str) -> None:
        self._within(record, values["layer_id"], where)
        if self.layers[values["layer_id"]].kind != LayerKind.GROUND_TRUTH:
            _refuse(f"{where}: gold lies in a layer of ground truth.")

    def _prepare_scores(self, values: dict[str, Any], record: records.ScoreRecord, where: str) -> None:
        values |= {"state": "done", "progress": 1.0, "report": record.report.model_dump(mode="json")}

    def _prepare_consensuses(self, values: dict[str, Any], record: records.ConsensusRecord, where: str) -> None:
        frames = self._videos()[values["video_id"]].frame_count
        if record.last >= max(frames, 1):
            _refuse(f"{where} goes to frame {record.last}; its video has {frames}.")
        values["outcome"] = {} if record.outcome is None else record.outcome.model_dump(mode="json")
        values["state"] = ConsensusState.WAITING if record.merged_at is None else ConsensusState.DONE

    def _within(self, record: records.InOrder, layer: int, where: str) -> None:
        frames = self._videos()[self.layers[layer].video_id].frame_count
        if record.last >= max(frames, 1):
            _refuse(f"{where} goes to frame {record.last}; its video has {frames}.")

    def _same_layer(self, old: UUID | None, model: type[Model], layer: int, where: str) -> None:
        if old is not None and (model, old, layer) not in self.taken:
            key = self.keys[model][old]
            if not model._base_manager.filter(pk=key, layer_id=layer).exists():
                _refuse(f"{where} names a {model._meta.verbose_name} of another layer.")
            self.taken.add((model, old, layer))

    def _only_one(self, key: tuple[Any, ...], why: str) -> None:
        if key in self.taken:
            _refuse(why)
        self.taken.add(key)

    _by_id: dict[int, Video] | None = None

    def _videos(self) -> dict[int, Video]:
        if self._by_id is None:
            self._by_id = self.project.videos.in_bulk()
        return self._by_id

    # ------------------------------------------------------------ shapes

    def _load_shapes(self, content: Content, advance: Advance) -> int:
        batch: list[tuple[UUID, Span, Table]] = []
        size, layer = 0, None
        ends: dict[tuple[UUID, int], int] = {}
        for number, record in enumerate(self.parcelled.records(content, advance), start=1):
            chunk = cast(records.ChunkRecord, record)
            where = f"Record {number:,} of {content.path}"
            track = self._values(chunk, where)["track_id"]
            if chunk.start < ends.get((track, chunk.window), 0):
                _refuse(f"{where} overlaps the one before it, or comes too late.")
            ends = {(track, chunk.window): chunk.start + chunk.span}
            if layer not in (None, self.layer_of[track]) or size > 16 * 2**20:
                write_stretches(cast(int, layer), batch)
                batch, size = [], 0
            layer = self.layer_of[track]
            table = self._table(chunk, self._videos()[self.layers[layer].video_id], where)
            if len(table):
                batch.append((track, (chunk.start, chunk.span), table))
                size += len(chunk.data)
        if layer is not None:
            write_stretches(layer, batch)
        return self.parcelled.count(content)

    def _table(self, chunk: records.ChunkRecord, video: Video, where: str) -> Table:
        """What is in it, but for what is no shape."""
        try:
            table = Table.unpack(chunk.data).checked()
        except ChunkError as error:
            _refuse(f"{where}: {error}")
        if table.start != chunk.window:
            _refuse(f"{where} holds shapes of another window.")
        end = min(chunk.start + chunk.span, video.frame_count)
        if len(table) and not (chunk.start <= int(table.frames[0]) and int(table.frames[-1]) < end):
            _refuse(f"{where} holds shapes on frames from {table.frames[0]} to {table.frames[-1]}, beyond its own.")
        picture = picture_of(video)
        if broken_rule(table, picture) in (None, "bounds"):
            return table
        kept = table.take(_sound(table, picture))
        self.left_out["shapes that are too large, too far away or no shapes"] += len(table) - len(kept)
        return kept

    # ------------------------------------------------------------ the whole

    def _check_whole(self) -> None:
        if self.project.pk is None:
            _refuse("It holds no project.")
        if unknown := set(self.parcelled.originals) - set(self.keys[Video]):
            _refuse(f"It has a file of the video {min(unknown)}, which isn't in it.")
        for video in self.keys[Video]:
            if ("main", video) not in self.taken:
                _refuse(f"The video {video} has no main layer.")
        self.head.translate(self)
        self.project.class_labels = self.head.class_labels
        self.project.save(update_fields=["class_labels"])


NO_FILE = "Its file wasn't on the server that it was imported from. Its annotations can be exported."


def awaits(name: str, size: int) -> str:
    """What is said of a video that was imported without its file."""
    return (
        f"The project was imported without its videos. Upload “{name}” ({size:,} bytes) to this project: it becomes "
        "the file of this video again, with everything that was annotated."
    )


def _check_tables(operations: tuple[Operation, ...]) -> None:
    for operation in operations:
        if isinstance(operation, ShapesReplace):
            for text in operation.tables:
                decoded(text)


def _sound(table: Table, picture: Picture) -> Any:
    return np.array([broken_rule(single(row), picture) in (None, "bounds") for row in table.rows()], np.bool_)


def _fields(model: type[Model]) -> list[Field[Any, Any]]:
    """All but a number that the database gives."""
    return [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]


def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in _fields(model)]


def _defaults(model: type[Model]) -> dict[str, Any]:
    return {field.attname: field.get_default() for field in _fields(model)}


def _refuse(why: str) -> NoReturn:
    raise ParcelError(f"This file can't be imported. {why}")
