"""The people of tests: Alice is admin, Mona manages, Rita reviews, Bob annotates, Vic looks on, Eve is a stranger."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from annotator.models import (
    Job,
    Label,
    Layer,
    Membership,
    Project,
    ProxyState,
    Role,
    User,
    Video,
    VideoState,
    Workspace,
)

PASSWORD = "correct horse battery staple"
FRAMES = 300


@dataclass
class People:
    """A workspace with somebody in each role, and Eve, who is the admin of another one."""

    alice: User
    mona: User
    rita: User
    bob: User
    vic: User
    eve: User
    workspace: Workspace
    eves_workspace: Workspace

    @property
    def members(self) -> dict[str, User]:
        """By role, strongest first."""
        return dict(zip(Role.values, (self.alice, self.mona, self.rita, self.bob, self.vic), strict=True))


@dataclass
class Team(People):
    """The same people at work: a project with the labels person and car, a ready video, and a job of Bob's."""

    project: Project
    person: Label
    car: Label
    video: Video
    layer: Layer
    job: Job


def make_people() -> People:
    users = {
        name: User.objects.create_user(name, f"{name}@example.org", PASSWORD, first_name=name.capitalize())
        for name in ("alice", "mona", "rita", "bob", "vic", "eve")
    }
    workspace = Workspace.objects.create(name="Wildlife")
    for role, name in zip(Role.values, users, strict=False):
        Membership.objects.create(workspace=workspace, user=users[name], role=role)
    eves_workspace = Workspace.objects.create(name="Elsewhere")
    Membership.objects.create(workspace=eves_workspace, user=users["eve"], role=Role.ADMIN)
    return People(**users, workspace=workspace, eves_workspace=eves_workspace)


def make_team() -> Team:
    """The video has no files: tests that read media make their own."""
    people = make_people()
    project = Project.objects.create(workspace=people.workspace, name="Savannah", created_by=people.mona)
    person = Label.objects.create(project=project, name="person", colour="#e8590c", hotkey="1", position=0)
    car = Label.objects.create(project=project, name="car", colour="#1c7ed6", hotkey="2", position=1)
    video = Video.objects.create(
        project=project,
        name="lions.mp4",
        state=VideoState.READY,
        proxy_state=ProxyState.READY,
        width=1280,
        height=720,
        frame_count=FRAMES,
        fps=25,
        duration_s=FRAMES / 25,
        created_by=people.mona,
    )
    layer = Layer.objects.create(video=video)
    job = Job.objects.create(
        video=video, layer=layer, first=0, last=FRAMES - 1, assignee=people.bob, reviewer=people.rita
    )
    return Team(**vars(people), project=project, person=person, car=car, video=video, layer=layer, job=job)


def client_of(user: User | None) -> Client:
    """A browser in which ``user`` is signed in; None: nobody."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client
