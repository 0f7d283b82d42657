"""A workspace with everybody in it, and verbs for what they do to a layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from annotator import stored_shapes
from annotator.actions.agents import token_hash
from annotator.actions.edits.apply import apply_edit
from annotator.actions.edits.layer_draft import encoded
from annotator.announce.messages import Edit
from annotator.models import (
    Agent,
    Event,
    Label,
    Layer,
    Membership,
    Project,
    ProxyState,
    Role,
    User,
    VerdictSpan,
    Video,
    VideoState,
    Workspace,
)
from annotator.operations import (
    Operation,
    ShapesReplace,
    SpanVerdict,
    TrackCreate,
    TrackFields,
    TrackUpdate,
    Verdict,
    VerdictsReplace,
)
from tracking.shapes.chunks import Flag, Kind, Row, tables_of

FRAMES = 1000


@dataclass
class World:
    """One workspace: a video of 1000 frames with one layer, somebody in each role, and a stranger."""

    workspace: Workspace
    project: Project
    video: Video
    layer: Layer
    car: Label
    people: dict[str, User] = field(default_factory=dict)

    @property
    def annotator(self) -> User:
        return self.people["annotator"]


def make_world(frame_count: int = FRAMES) -> World:
    workspace = Workspace.objects.create(name="Traffic")
    project = Project.objects.create(workspace=workspace, name="Crossing")
    video = Video.objects.create(
        project=project,
        name="cross.mp4",
        state=VideoState.READY,
        proxy_state=ProxyState.READY,
        width=1280,
        height=720,
        frame_count=frame_count,
        fps=25,
    )
    layer = Layer.objects.create(video=video)
    car = Label.objects.create(project=project, name="car", colour="#ff0000")
    world = World(workspace, project, video, layer, car)
    for role in (*Role.values, "stranger"):
        person = User.objects.create(username=role, email=f"{role}@example.org")
        world.people[role] = person
        if role != "stranger":
            Membership.objects.create(workspace=workspace, user=person, role=role)
    return world


def make_agent(
    world: World,
    name: str = "agent",
    *,
    connected: bool = True,
    models: Sequence[str] = ("framewise-cf",),
    finders: Sequence[str] = ("spotting",),
) -> Agent:
    """An agent whose token is ``<name>-token``."""
    return Agent.objects.create(
        workspace=world.workspace,
        name=name,
        token_hash=token_hash(f"{name}-token"),
        created_by=world.people["admin"],
        connected=connected,
        info={"models": list(models), "finders": list(finders)},
    )


def keyframe(frame: int, left: float = 10, *, outside: bool = False) -> Row:
    flags = Flag.KEYFRAME | Flag.OUTSIDE if outside else Flag.KEYFRAME
    return Row(frame, Kind.BOX, flags, 1.0, (left, 20, left + 30, 60))


def predicted(frame: int, left: float = 10, confidence: float = 0.5, doubtful: bool = False) -> Row:
    flags = Flag.PREDICTED | Flag.DOUBTFUL if doubtful else Flag.PREDICTED
    return Row(frame, Kind.BOX, flags, confidence, (left, 20, left + 30, 60))


def create(track: UUID, label: Label, **fields: object) -> TrackCreate:
    return TrackCreate(track=track, fields=TrackFields.model_validate({"label": label.pk, **fields}))


def update(track: UUID, **fields: object) -> TrackUpdate:
    return TrackUpdate(track=track, fields=TrackFields.model_validate(fields))


def put(track: UUID, rows: Iterable[Row], *, keep_keyframes: bool = False) -> ShapesReplace:
    """Rows on their own frames."""
    rows = list(rows)
    return ShapesReplace(
        track=track,
        ranges=[(row.frame, row.frame) for row in rows],
        tables=[encoded(table) for table in tables_of(rows)],
        keep_keyframes=keep_keyframes,
    )


def clear(track: UUID, first: int, last: int, *, keep_keyframes: bool = False) -> ShapesReplace:
    return ShapesReplace(track=track, ranges=[(first, last)], tables=[], keep_keyframes=keep_keyframes)


def judge(track: UUID, first: int, last: int, verdict: Verdict = "accepted", reason: str = "") -> VerdictsReplace:
    """A verdict on first..last of a track."""
    span = SpanVerdict(first=first, last=last, verdict=verdict, reason=reason)
    return VerdictsReplace(track=track, ranges=[(first, last)], spans=[span])


def spans_of(track: UUID) -> list[tuple[str, int, int]]:
    """(verdict, first, last) of all that is said of a track; "reopened": given, and changed since."""
    return [
        ("reopened" if span.reopened else span.verdict, span.first, span.last)
        for span in VerdictSpan.objects.filter(track=track).order_by("first")
    ]


def edit(*operations: Operation, edit_id: UUID | None = None, undoes: UUID | None = None) -> Edit:
    return Edit(id=edit_id or uuid4(), operations=list(operations), undoes=undoes)


def do(world: World, *operations: Operation, by: str = "annotator") -> Event:
    return apply_edit(user=world.people[by], layer_id=world.layer.pk, edit=edit(*operations))


def draw(world: World, *frames: int, left: float = 10) -> UUID:
    """A new track of a car with keyframes on ``frames``."""
    track = uuid4()
    do(world, create(track, world.car), put(track, [keyframe(frame, left) for frame in frames]))
    return track


def rows_of(track: UUID) -> list[Row]:
    """Everything that is stored of a track."""
    return [row for _, table in stored_shapes.read(stored_shapes.chunks_of([track])) for row in table.rows()]


def frames_of(track: UUID) -> list[int]:
    return [row.frame for row in rows_of(track)]
