"""How the work in a project went, as tables: by person, job, label, model and day. Sums of what was counted; what isn't
known is said beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Min, Q, QuerySet, Sum

from annotator import stored_shapes
from annotator.actions.analytics.counting import Memory
from annotator.actions.analytics.measures import bounds_of, day_in, per_hour, per_hundred, share
from annotator.actions.analytics.reviews import Review, reviews_of
from annotator.models import Counting, Job, JobState, Layer, LayerKind, Predicted, Project, Stage, Stay, User, Work
from tracking.catalog import name_of

TableId = Literal["days", "people", "jobs", "reviews", "reviewers", "labels", "models"]
Unit = Literal["text", "day", "count", "seconds", "elapsed", "share", "rate"]
Cell = str | float | int | None
Numbers = Mapping[str, Any]

MOST_JOBS = 1000


@dataclass(frozen=True, slots=True)
class Scope:
    """Of what a report is. ``whose``: the id of the one person whose work it is; None: everybody's. ``first``,
    ``last``: days, both included; None: no bound."""

    project: Project
    whose: int | None = None
    first: date | None = None
    last: date | None = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Column:
    """``says``: what its numbers are, in a sentence."""

    id: str
    title: str
    unit: Unit
    says: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A cell for each column; None: not known, or there is nothing to divide by. ``href``: where it leads."""

    cells: Sequence[Cell]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """``left_out``: further rows."""

    id: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    left_out: int = 0


# ---------------------------------------------------------------- columns

ACTIVE = Column("active", "Active time", "seconds", "Pauses of more than 5 minutes are left out as a whole.")
REVIEWING = Column(
    "in_others_jobs", "In others' jobs", "seconds", "Of it, in jobs that somebody else annotates: review."
)
EDITS = Column("changes", "Changes", "count", "Edits and verdicts, without what only took something back.")
UNDONE = Column("undone", "Taken back", "count", "How often something was undone.")
OBJECTS = Column("objects", "Objects", "count", "Drawn or made by people.")
FRAMES = Column(
    "frames", "Frames", "count", "On which shapes were set by hand; a frame counts once in a quarter of an hour."
)
BY_HAND = Column(
    "by_hand", "Shapes by hand", "count", "Keyframes that people set, where that very shape wasn't before."
)
BY_MODEL = Column("by_model", "Shapes by models", "count", "That runs begun in this time stored.")
SHARE = Column("model_share", "By models", "share", "Shapes by models among both.")
CORRECTIONS = Column(
    "corrections", "Corrections", "count", "Changes of a person to one object's shapes that a model had made."
)
PER_HUNDRED = Column("per_hundred", "Per 100 frames", "rate", "Corrections per 100 shapes by models.")
ACCEPTED = Column("accepted", "Accepted", "count", "Verdicts of reviewers.")
REJECTED = Column("rejected", "Rejected", "count", "Verdicts of reviewers.")
ACCEPTANCE = Column("acceptance", "Acceptance", "share", "Accepted among all verdicts that were given.")
OBJECTS_PER_HOUR = Column("objects_per_hour", "Objects / h", "rate", "By hours of active time.")
FRAMES_PER_HOUR = Column("frames_per_hour", "Frames / h", "rate", "By hours of active time.")
VERDICTS = (ACCEPTED, REJECTED, ACCEPTANCE)
SHAPES = (BY_HAND, BY_MODEL, SHARE)
SPEED = (OBJECTS_PER_HOUR, FRAMES_PER_HOUR)

REVIEWED = (
    Column("accepted", "Accepted", "count", "Jobs, each time that one was."),
    Column("returned", "Returned", "count", "Jobs, each time that one was."),
    Column("acceptance", "Acceptance", "share", "Accepted among all that was decided."),
    Column("open", "Open", "count", "Submitted and not decided yet, whenever that was."),
    Column(
        "waited", "Waited", "elapsed", "Median from being submitted until somebody else opened the job or took it for "
        "review; where nobody was seen to, until it was decided.",
    ),
    Column("in_review", "In review", "elapsed", "Median from there until it was accepted or returned."),
    Column("whole", "Both", "elapsed", "Median from being submitted until it was decided."),
    Column("longest", "Longest", "elapsed", "The longest of these."),
)  # fmt: skip

DERIVED: dict[str, Callable[[Numbers], Cell]] = {
    "model_share": lambda n: share(n["by_model"], n["by_hand"]),
    "per_hundred": lambda n: per_hundred(n["corrections"], n["by_model"]),
    "acceptance": lambda n: share(n["accepted"], n["rejected"]),
    "objects_per_hour": lambda n: per_hour(n["objects"], n["active"]),
    "frames_per_hour": lambda n: per_hour(n["frames"], n["active"]),
}

MINE = {
    "active": Sum("seconds"),
    "changes": Sum("edits"),
    "undone": Sum("undone"),
    "objects": Sum("objects_made"),
    "frames": Sum("frames"),
    "by_hand": Sum("shapes"),
    "corrections": Sum("corrections"),
    "corrected": Sum("corrected"),
    "imported": Sum("imported"),
}
"""Of who did it."""
JUDGED = {"accepted": Sum("accepted"), "rejected": Sum("rejected")}
"""Of whose job it is: what others said of their work."""


def totals(scope: Scope) -> dict[str, Cell]:
    """All of it together, by the ids of columns."""
    found = _Numbers()
    found.take(_sums(_work(scope), (), MINE))
    found.take(_sums(_judged(scope), (), JUDGED))
    found.take(_sums(_predicted(scope), (), {"by_model": Sum("shapes")}))
    numbers = found.rows.get((), found.nothing())
    numbers["until_decided"] = _median(
        one.whole
        for one in reviews_of(scope.project, *bounds_of(scope.first, scope.last, scope.zone))
        if scope.whose in (None, one.annotator)
    )
    return {**numbers, **{name: of(numbers) for name, of in DERIVED.items()}}


def table(scope: Scope, named: TableId) -> Table:
    """One of the tables, by its id."""
    return TABLES[named](scope)


def days(scope: Scope) -> Table:
    """Those on which anything was done, in the time zone of the scope."""
    found = _Numbers()
    for rows in (
        _sums(_work(scope), ("quarter",), MINE),
        _sums(_judged(scope), ("quarter",), JUDGED),
        _sums(_predicted(scope), ("quarter",), {"by_model": Sum("shapes")}),
    ):
        found.take(((day_in(scope.zone, key[0]),), numbers) for key, numbers in rows)
    columns = (
        Column("day", "Day", "day"),
        *(ACTIVE, EDITS, OBJECTS, FRAMES, *SPEED, *SHAPES, CORRECTIONS, PER_HUNDRED, *VERDICTS),
    )
    keys = sorted(found.rows, reverse=True)
    return Table("days", "By day", columns, [_row(columns, found.rows[key], str(key[0])) for key in keys])


def people(scope: Scope) -> Table:
    """Who did how much, the most active first."""
    others = Q(job__assignee__isnull=False) & ~Q(job__assignee=F("person"))
    found = _Numbers()
    found.take(_sums(_work(scope), ("person",), {**MINE, "in_others_jobs": Sum("seconds", filter=others)}))
    judged = _judged(scope).exclude(job__assignee=None)
    found.take(_sums(judged, ("job__assignee",), JUDGED))
    found.take(_sums(_predicted(scope), ("run__created_by",), {"by_model": Sum("shapes")}))
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[key[0] for key in found.rows])}
    columns = (
        Column("person", "Person", "text"),
        *(ACTIVE, REVIEWING, EDITS, UNDONE, OBJECTS, FRAMES, *SPEED, *SHAPES, CORRECTIONS, *VERDICTS),
    )
    keys = sorted(found.rows, key=lambda key: (-found.rows[key]["active"], names.get(key[0], "")))
    rows = [_row(columns, found.rows[key], names.get(key[0], "Deleted accounts")) for key in keys]
    return Table("people", "By person", columns, rows)


def jobs(scope: Scope) -> Table:
    """Jobs that anything was done in, the most active first; then what was done outside of jobs."""
    own = Q(job__assignee=F("person"))
    work = _work(scope)
    found = _Numbers()
    found.take(_sums(work, ("job",), {**MINE, "own": Sum("seconds", filter=own)}))
    found.take(_sums(_judged(scope), ("job",), JUDGED))
    found.take(_sums(_predicted(scope), ("job",), {"by_model": Sum("shapes")}))
    known = Job.objects.select_related("video", "assignee").in_bulk([key[0] for key in found.rows if key[0]])
    columns = (
        Column("job", "Job", "text"),
        Column("assignee", "Annotates", "text"),
        Column("stage", "Stage", "text", "As it is now."),
        Column("length", "Frames in it", "count"),
        ACTIVE,
        Column("in_review", "By others", "seconds", "Active time of others than who annotates it: review."),
        Column("length_per_hour", "Frames / h", "rate", "Frames in it by hours of all active time."),
        *(OBJECTS, *SHAPES, CORRECTIONS, PER_HUNDRED, *VERDICTS),
    )
    keys = sorted(found.rows, key=lambda key: (key[0] is None, -found.rows[key]["active"], key[0] or 0))
    rows = [_job_row(columns, known.get(key[0] or 0), found.rows[key]) for key in keys]
    return Table("jobs", "By job", columns, rows[:MOST_JOBS], max(len(rows) - MOST_JOBS, 0))


def _job_row(columns: Sequence[Column], job: Job | None, numbers: dict[str, Any]) -> Row:
    if job is None:
        return _row(columns, numbers, "Outside of jobs", assignee="", stage="", length=None)
    length = job.last - job.first + 1
    said: dict[str, Cell] = {
        "assignee": str(job.assignee or "nobody"),
        "stage": "Returned" if job.state == JobState.REJECTED else Stage(job.stage).label,
        "length": length,
        "in_review": numbers["active"] - numbers["own"] if job.assignee_id else None,
        "length_per_hour": per_hour(length, numbers["active"]),
    }
    name = f"{job.video.name} {job.first}-{job.last}"
    return _row(columns, numbers, name, f"/videos/{job.video_id}/edit/?job={job.pk}", **said)


def reviews(scope: Scope) -> Table:
    """What became of the jobs that people submitted, and how long that took."""
    return _reviews("reviews", "Jobs in review, by who annotated", "Annotates", scope, lambda one: one.annotator)


def reviewers(scope: Scope) -> Table:
    """Who decided of how many jobs, and how soon."""
    decided = "Jobs in review, by who decided"
    return _reviews("reviewers", decided, "Reviewer", scope, lambda one: one.reviewer, only_decided=True)


def _reviews(
    named: TableId,
    title: str,
    who: str,
    scope: Scope,
    key: Callable[[Review], int | None],
    only_decided: bool = False,
) -> Table:
    """A line for each person, those with most first."""
    groups: defaultdict[int | None, list[Review]] = defaultdict(list)
    for one in reviews_of(scope.project, *bounds_of(scope.first, scope.last, scope.zone)):
        if scope.whose in (None, key(one)) and not (only_decided and one.decided is None):
            groups[key(one)].append(one)
    names = {user.pk: str(user) for user in User.objects.filter(pk__in=[person for person in groups if person])}
    columns = (Column("person", who, "text"), *REVIEWED)
    keys = sorted(groups, key=lambda person: (-len(groups[person]), names.get(person or 0, "")))
    rows = [Row([names.get(person or 0, "Nobody, or deleted accounts"), *_reviewed(groups[person])]) for person in keys]
    return Table(named, title, columns, rows)


def _reviewed(found: Sequence[Review]) -> Iterator[Cell]:
    decided = [one for one in found if one.decided is not None]
    accepted = sum(one.accepted for one in decided)
    yield from (accepted, len(decided) - accepted, share(accepted, len(decided) - accepted), len(found) - len(decided))
    for times in ((one.waited for one in found), (one.in_review for one in found), (one.whole for one in found)):
        yield _median(times)
    yield max((one.whole for one in decided if one.whole is not None), default=None)


def _median(times: Iterable[float | None]) -> float | None:
    known = [each for each in times if each is not None]
    return median(known) if known else None


def labels(scope: Scope) -> Table:
    """Of each label of the project what was done, and what is stored of it now."""
    found = _Numbers()
    found.take(_sums(_work(scope), ("label",), MINE))
    found.take(_sums(_judged(scope), ("label",), JUDGED))
    found.take(_sums(_predicted(scope), ("label",), {"by_model": Sum("shapes")}))
    layers = Layer.objects.filter(video__project=scope.project).exclude(kind=LayerKind.MODEL)
    stored = stored_shapes.chunks_in(layers).filter(track__deleted_at=None)
    measures = {"stored_by_hand": Sum("keyframes"), "stored_by_model": Sum("predicted")}
    found.take(_sums(stored, ("track__label",), measures))
    columns = (
        Column("label", "Label", "text"),
        Column("active", "Active time", "seconds", "That led to a change of an object with this label."),
        *(OBJECTS, OBJECTS_PER_HOUR, *SHAPES, CORRECTIONS, PER_HUNDRED, *VERDICTS),
        Column("stored_by_hand", "Stored by hand", "count", "Keyframes that are there now, whoever set them."),
        Column("stored_by_model", "Stored by models", "count", "Predicted shapes that are there now."),
    )
    names = {label.pk: label.name for label in scope.project.labels.all()}
    keys = sorted(found.rows, key=lambda key: (key[0] not in names, -found.rows[key]["active"], names.get(key[0], "")))
    rows = [
        _row(columns, found.rows[key], names.get(key[0], "Of no label"))
        for key in keys
        if any(found.rows[key].get(column.id) for column in columns)
    ]
    return Table("labels", "By label", columns, rows)


def models(scope: Scope) -> Table:
    """Which model costs people least: the one with the fewest corrections per 100 shapes first."""
    found = _Numbers()
    found.take(_sums(_work(scope).exclude(corrections=0), ("model",), MINE))
    measures = {"by_model": Sum("shapes"), "runs": Count("run", distinct=True)}
    found.take(_sums(_predicted(scope), ("run__model",), measures))
    columns = (
        Column("model", "Model", "text"),
        Column(
            "per_hundred", "Corrections per 100 frames", "rate", "Of one object. What nobody looked at counts as right."
        ),
        CORRECTIONS,
        Column("corrected", "Shapes corrected", "count", "That corrections replaced or removed."),
        BY_MODEL,
        Column("runs", "Runs", "count"),
    )

    def order(key: tuple[Any, ...]) -> tuple[bool, float, str]:
        rate = per_hundred(found.rows[key]["corrections"], found.rows[key]["by_model"])
        return rate is None, rate or 0.0, key[0]

    keys = sorted((key for key, numbers in found.rows.items() if any(numbers.values())), key=order)
    rows = [_row(columns, found.rows[key], name_of(key[0]) if key[0] else "Not known") for key in keys]
    return Table("models", "By model", columns, rows)


TABLES: dict[TableId, Callable[[Scope], Table]] = {
    "days": days,
    "people": people,
    "jobs": jobs,
    "reviews": reviews,
    "reviewers": reviewers,
    "labels": labels,
    "models": models,
}


def unknown(scope: Scope) -> list[str]:
    """What can't be known, in sentences with a number each."""
    work = _work(scope)
    found = []
    since = Stay.objects.filter(layer__video__project=scope.project).aggregate(first=Min("began"))["first"]
    before = _sum(work if since is None else work.filter(quarter__lt=since), "edits")
    if before:
        when = "yet" if since is None else f"before {day_in(scope.zone, since)}"
        found.append(
            f"Being in the editor wasn't recorded {when}: for {_things(before, 'change')} only the time between "
            "changes is known, and less than what was really taken is shown."
        )
    if imported := _sum(work, "imported"):
        found.append(
            f"{_things(imported, 'object')} came from files: how long they took, and who made them, isn't known."
        )
    if lost := _sum(work.filter(model=""), "corrections"):
        found.append(
            f"Of {_things(lost, 'correction')} the model isn't known: its shapes had been moved to another object."
        )
    if scope.whose is None and (gone := _sum(work.filter(person=None), "edits")):
        found.append(f"{_things(gone, 'change')} are of accounts that were deleted.")
    if unread := _memory(scope.project).unread:
        found.append(
            f"{_things(unread, 'change')} of an old version don't say what they replaced: "
            "corrections among them aren't counted."
        )
    return found


def _things(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _memory(project: Project) -> Memory:
    memory = Counting.objects.filter(project=project).values_list("memory", flat=True).first()
    return Memory.model_validate(memory or {})


# ---------------------------------------------------------------- sums


class _Numbers:
    """Numbers by what they are of; those that nobody counted are 0."""

    def __init__(self) -> None:
        self.rows: dict[tuple[Any, ...], dict[str, Any]] = {}

    @staticmethod
    def nothing() -> dict[str, Any]:
        return defaultdict(int)

    def take(self, sums: Iterable[tuple[tuple[Any, ...], Numbers]]) -> None:
        for key, numbers in sums:
            row = self.rows.setdefault(key, self.nothing())
            for name, number in numbers.items():
                row[name] += number or 0


def _sums(
    rows: QuerySet[Any], by: Sequence[str], measures: Mapping[str, Any]
) -> Iterator[tuple[tuple[Any, ...], Numbers]]:
    """(values of ``by``, sums) of each group."""
    named = {f"sum_{name}": measure for name, measure in measures.items()}
    found = rows.order_by().values(*by).annotate(**named) if by else [rows.aggregate(**named)]
    for row in found:
        yield tuple(row[name] for name in by), {name: row[f"sum_{name}"] for name in measures}


def _sum(rows: QuerySet[Work], measure: str) -> int:
    return int(rows.aggregate(sum=Sum(measure))["sum"] or 0)


def _work(scope: Scope) -> QuerySet[Work]:
    rows = _in_time(Work.objects.filter(project=scope.project), scope)
    return rows if scope.whose is None else rows.filter(person=scope.whose)


def _judged(scope: Scope) -> QuerySet[Work]:
    """What reviewers said: of one person's work, in their jobs."""
    rows = _in_time(Work.objects.filter(project=scope.project), scope).filter(~Q(accepted=0) | ~Q(rejected=0))
    return rows if scope.whose is None else rows.filter(job__assignee=scope.whose)


def _predicted(scope: Scope) -> QuerySet[Predicted]:
    rows = _in_time(Predicted.objects.filter(project=scope.project), scope)
    return rows if scope.whose is None else rows.filter(run__created_by=scope.whose)


def _in_time(rows: QuerySet[Any], scope: Scope) -> QuerySet[Any]:
    begin, end = bounds_of(scope.first, scope.last, scope.zone)
    rows = rows if begin is None else rows.filter(quarter__gte=begin)
    return rows if end is None else rows.filter(quarter__lt=end)


def _row(columns: Sequence[Column], numbers: Mapping[str, Any], name: str, href: str = "", **said: Cell) -> Row:
    cells: list[Cell] = [name]
    for column in columns[1:]:
        if column.id in said:
            cells.append(said[column.id])
        elif column.id in DERIVED:
            cells.append(DERIVED[column.id](numbers))
        else:
            cells.append(numbers[column.id])
    return Row(cells, href)
