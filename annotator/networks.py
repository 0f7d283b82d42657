"""What the page Neural networks shows: the machines of a workspace, what they do, and which models they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from django.utils import timezone
from pydantic import Field

from annotator.access import Person, may, role_in
from annotator.actions.downloads import licence_of
from annotator.actions.machine_checks import is_outdated
from annotator.actions.machine_memory import KEPT_S, loads_of
from annotator.models import Agent, Download, Run, RunState, StoredWeights, Workspace
from annotator.offers import command_for
from annotator.operations import Message
from tracking import catalog
from tracking.parts import parts_of

RIVAL_FOR_S = 120.0
"""An agent that isn't let in because another has its token comes again every few seconds."""


class WeightsFileOut(Message):
    """A file of a model. `source`: the host that it is downloaded from; empty: it has no address, and people get it by
    hand from `page`. `refused`: what a check of the one on the server found wrong; empty: nothing."""

    name: str
    size: int | None
    source: str
    page: str
    refused: str


class NetworkOut(Message):
    """A model of the catalogue: what never changes."""

    id: str
    name: str
    summary: str
    task: Literal["follow", "find", "click"]
    takes: list[str] = Field(description="Kinds of geometry that it follows.")
    licence: str = Field(description="Of the weights, or of the model where it needs none.")
    accept: str = Field(description="The licence that somebody accepts who gets the weights; empty: there are none.")
    commercial: bool
    paper: str
    quality: str = Field(description="What was measured of it, and on what; empty: nothing comparable was.")
    first: str = Field(description="What it is for, or betters, where it is among those to get first; empty: it isn't.")
    needs_gpu: bool = Field(description="Of those to get first: it is of use on a machine with a GPU only.")
    files: list[WeightsFileOut]
    by_word: bool = Field(description="It finds what words say; else what it knows.")
    command: str = Field(description="What gets its weights, on the machine that is to run it; empty: it needs none.")


class DeviceOut(Message):
    """`busy` and `memory`: of the last minutes, oldest first, shares in [0, 1]; null: not known."""

    name: str
    kind: Literal["cpu", "cuda"]
    memory_bytes: int
    used_bytes: int | None
    busy: list[float | None]
    memory: list[float | None]


class DownloadOut(Message):
    """Weights that somebody wants on a machine, under way or as it ended."""

    model: str
    state: Literal["waiting", "downloading", "checking", "done", "failed", "cancelled"]
    done_bytes: int
    total_bytes: int | None
    message: str
    by: str


class MachineRunOut(Message):
    """A run on a machine. `waits`: it waits there for its turn."""

    id: str
    model_name: str
    video: int
    video_name: str
    by: str
    waits: bool
    frames_done: int
    frames_total: int


class LoadedOut(Message):
    """A model in the memory of a machine, or on its way there. `memory_bytes`: about, of its weights alone; null: not
    known yet. `users`: who uses it now, as people read it; none: it is idle since `used_s`."""

    model: str
    name: str
    settings: str = Field(description="What differs from its defaults: “image size 640, precision bfloat16”.")
    device: Literal["cpu", "cuda"]
    memory_bytes: int | None
    used_s: float
    users: list[str]
    state: Literal["loading", "ready", "leaving", "failed", "away"] = Field(
        description="`away`: it is pinned, and not in memory."
    )
    message: str
    pinned: bool


class CheckOut(Message):
    """Something that a machine needs and lacks, or that may trouble it. `mend`: what to do; empty: nothing."""

    name: str
    state: Literal["warned", "failed"]
    said: str
    mend: str


class OwnOut(Message):
    """A detector that this machine alone has. `problem`: why it can't be used; empty: it can."""

    id: str
    name: str
    classes: int
    problem: str


class MachineOut(Message):
    """A machine that is let in. `shared`: it serves all workspaces. `at`: of each moment of its devices' history, how
    many seconds ago."""

    id: int
    name: str
    host: str
    shared: bool
    state: Literal["connected", "away", "new"]
    last_seen: str | None
    rival: str
    version: str
    resting: bool = Field(description="In maintenance: it ends what it does, and gets no new run.")
    outdated: bool = Field(description="Its agent is of another version than the one that this server hands out.")
    checks: list[CheckOut] = Field(description="What is amiss there, as it was checked last.")
    may_manage: bool
    runs_at_once: int
    devices: list[DeviceOut]
    at: list[float]
    runs: list[MachineRunOut]
    runs_elsewhere: int = Field(description="Runs of other workspaces.")
    ready: list[str] = Field(description="Models that it can run, by id.")
    own: list[OwnOut] = Field(description="Its own detectors, by name.")
    downloads: list[DownloadOut]
    loaded: list[LoadedOut] = Field(description="What is in its memory, and what is pinned to it.")
    agent_bytes: int | None = Field(description="Memory that its agent takes in all, beside a GPU's; null: not known.")


class StoredOut(Message):
    """A file of weights on the server. `problem`: why it was refused."""

    id: str
    name: str
    size: int
    received: int
    state: Literal["coming", "checking", "ready", "refused"]
    problem: str


class NetworksOut(Message):
    """How everything stands."""

    machines: list[MachineOut]
    stored: list[StoredOut] = Field(description="What the workspace has on the server, to be handed to its machines.")
    waiting: int = Field(description="Runs of this workspace that wait for a machine.")
    runs_at_once: int | None = Field(
        description="So many runs of this workspace are under way at once at most; null: any."
    )
    may_limit: bool = Field(description="Whether the reader may change that: whoever runs this installation.")
    kept_s: float = Field(KEPT_S, description="How far back the history of devices goes.")


class NetworksPage(Message):
    """What the page begins with."""

    workspace: int
    csrf_token: str
    may_admin: bool
    may_try: bool = Field(description="Whether the reader may have machines try models.")
    update: str = Field(description="What brings an agent to the version of this server, run on its machine.")
    models: list[NetworkOut]
    now: NetworksOut


def networks_of(user: Person, workspace: Workspace) -> NetworksOut:
    """How the machines of a workspace stand, as one of its members sees them."""
    role = role_in(user, workspace.pk)
    machines = [
        _machine_out(
            agent, workspace, may_manage=user.is_superuser or (agent.workspace_id is not None and may(role, "admin"))
        )
        for agent in machines_of(workspace)
    ]
    waiting = Run.objects.filter(state=RunState.QUEUED, layer__video__project__workspace=workspace).count()
    stored = [
        StoredOut(
            id=str(each.pk),
            name=each.name,
            size=each.size,
            received=each.received,
            state=each.state,
            problem=each.problem,
        )
        for each in StoredWeights.objects.filter(workspace=workspace)
    ]
    return NetworksOut(
        machines=machines,
        stored=stored,
        waiting=waiting,
        runs_at_once=workspace.runs_at_once,
        may_limit=user.is_superuser,
    )


def machines_of(workspace: Workspace) -> list[Agent]:
    """Those that are let in: this installation's own, which works for everybody, then the workspace's."""
    return [*Agent.objects.let_in().filter(workspace=None), *workspace.agents.let_in()]


def machine_name(agent: Agent) -> str:
    """What people read."""
    return agent.name if agent.workspace_id is not None else "This server"


def catalogued() -> list[NetworkOut]:
    """All models of the catalogue, in its order."""
    return [
        *(_network_out(entry, "follow", entry.prompts) for entry in catalog.entries()),
        *(_network_out(entry, "find", ()) for entry in catalog.detectors()),
        *(_network_out(entry, "click", ()) for entry in catalog.segmenters()),
    ]


def _network_out(entry: catalog.AnyEntry, task: Literal["follow", "find", "click"], takes: Iterable[str]) -> NetworkOut:
    classes = entry.classes if isinstance(entry, catalog.DetectorEntry) else ()
    knows = f" Knows {len(classes)} classes." if classes else ""
    refused = catalog.refused(entry)
    return NetworkOut(
        id=entry.id,
        name=entry.name,
        summary=f"{entry.summary}{knows}",
        task=task,
        takes=list(takes),
        licence=entry.weights_licence or entry.licence,
        accept=licence_of(entry) if entry.weights else "",
        commercial=entry.commercial,
        paper=entry.paper,
        quality=_quality_of(entry),
        first=catalog.GET_FIRST.get(entry.id, ""),
        needs_gpu=entry.id in catalog.NEED_GPU,
        files=[
            WeightsFileOut(
                name=part.name,
                size=part.size,
                source=urlsplit(part.url).hostname or "",
                page="" if part.url else weights.page,
                refused=refused.get(part.name, ""),
            )
            for weights in entry.weights
            for part in parts_of(weights, catalog.users_of(weights))
        ],
        by_word=isinstance(entry, catalog.DetectorEntry) and entry.by_word,
        command=command_for(entry, entry.weights),
    )


def _quality_of(entry: catalog.AnyEntry) -> str:
    """Of what follows objects; detectors say it in their summary."""
    if not isinstance(entry, catalog.ModelEntry):
        return ""
    return ", ".join(str(quality) for quality in entry.quality)


def _machine_out(agent: Agent, workspace: Workspace, *, may_manage: bool) -> MachineOut:
    info = agent.info
    rival = info.get("rival", {"at": 0.0, "host": ""})
    moments = loads_of(agent.pk) if agent.connected else ()
    now = timezone.now().timestamp()
    runs = Run.objects.filter(agent=agent, state=RunState.RUNNING).order_by("created_at")
    own = runs.filter(layer__video__project__workspace=workspace).select_related("layer__video", "created_by")
    at_once = int(info.get("runs_at_once", 1))
    order = list(runs.values_list("pk", flat=True))
    return MachineOut(
        id=agent.pk,
        name=machine_name(agent),
        host=info.get("host", ""),
        shared=agent.workspace_id is None,
        state="connected" if agent.connected else "away" if agent.last_seen_at else "new",
        last_seen=agent.last_seen_at.isoformat() if agent.last_seen_at else None,
        rival=rival["host"] if rival["at"] > now - RIVAL_FOR_S else "",
        version=info.get("version", ""),
        resting=agent.resting,
        outdated=agent.connected and is_outdated(info.get("version", "")),
        checks=[
            CheckOut(name=check["name"], state=check["state"], said=check["said"], mend=check["mend"])
            for check in agent.checks.get("checks", ())
            if check["state"] != "passed"
        ],
        may_manage=may_manage,
        runs_at_once=at_once,
        devices=[_device_out(device, index, moments) for index, device in enumerate(info.get("devices", ()))],
        at=[round(now - moment[0], 1) for moment in moments],
        runs=[_run_out(run, waits=order.index(run.pk) >= at_once) for run in own],
        runs_elsewhere=len(order) - len(own),
        ready=[model for kind in ("models", "finders", "segmenters") for model in info.get(kind, ())]
        if agent.connected
        else [],
        own=[
            OwnOut(id=each["id"], name=each["name"], classes=len(each["classes"]), problem=each["problem"])
            for each in (info.get("own", ()) if agent.connected else ())
        ],
        downloads=[_download_out(each) for each in Download.objects.filter(agent=agent).select_related("created_by")],
        loaded=loaded_on(agent, {str(run.pk): run for run in own}),
        agent_bytes=info.get("memory_bytes") if agent.connected else None,
    )


def loaded_on(agent: Agent, runs: Mapping[str, Run]) -> list[LoadedOut]:
    """What is in the memory of a machine, and what is pinned to it.

    Args:
        runs: those on it that the reader may know of, by id.
    """
    told: list[dict[str, Any]] = agent.info.get("loaded", []) if agent.connected else []
    there = [
        LoadedOut(
            model=each["model"],
            name=name_of(each["model"]),
            settings=_spelt(each["model"], each["settings"]),
            device=each["device"],
            memory_bytes=each["memory_bytes"] or None,
            used_s=each["used_s"],
            users=_users(each["users"], runs),
            state=each["state"],
            message=each["message"],
            pinned=each["model"] in agent.pinned,
        )
        for each in told
    ]
    lacking = [model for model in agent.pinned if not any(each.model == model for each in there)]
    return there + [
        LoadedOut(
            model=model,
            name=name_of(model),
            settings="",
            device="cpu",
            memory_bytes=None,
            used_s=0,
            users=[],
            state="away",
            message="",
            pinned=True,
        )
        for model in lacking
    ]


def name_of(model: str) -> str:
    """What people call a model of any kind."""
    return next((entry.name for entry in catalog.with_weights() if entry.id == model), model)


def _spelt(model: str, settings: Mapping[str, object]) -> str:
    entry = next((entry for entry in catalog.with_weights() if entry.id == model), None)
    usual = entry.settings if isinstance(entry, catalog.ModelEntry | catalog.DetectorEntry) else {}
    differing = {name: value for name, value in settings.items() if usual.get(name) != value}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sorted(differing.items()))


def _users(users: Sequence[str], runs: Mapping[str, Run]) -> list[str]:
    """Who uses a model; a run of another workspace is none of the reader's business."""
    known = {"clicks": "clicks", "previews": "previews"}
    named = [known[user] for user in users if user in known]
    named += [f"{run.layer.video.name} ({run.created_by or 'somebody'})" for user in users if (run := runs.get(user))]
    others = sum(1 for user in users if user not in known and user not in runs and not user.startswith("load "))
    return named + ([f"{others} run{'s' if others > 1 else ''} of another workspace"] if others else [])


def _device_out(
    device: dict[str, object], index: int, moments: Iterable[tuple[float, tuple[tuple[float | None, int], ...]]]
) -> DeviceOut:
    total = int(str(device["memory_bytes"]))
    history = [moment[1][index] if index < len(moment[1]) else (None, 0) for moment in moments]
    return DeviceOut(
        name=str(device["name"]),
        kind="cuda" if device["kind"] == "cuda" else "cpu",
        memory_bytes=total,
        used_bytes=history[-1][1] if history else None,
        busy=[busy if busy is None else round(busy, 3) for busy, _ in history],
        memory=[round(min(used / total, 1.0), 3) if total else None for _, used in history],
    )


def _run_out(run: Run, *, waits: bool) -> MachineRunOut:
    return MachineRunOut(
        id=str(run.pk),
        model_name=catalog.name_of(run.model),
        video=run.layer.video_id,
        video_name=run.layer.video.name,
        by=str(run.created_by or ""),
        waits=waits,
        frames_done=run.frames_done,
        frames_total=run.frames_total,
    )


def _download_out(each: Download) -> DownloadOut:
    return DownloadOut(
        model=each.model,
        state=each.state,
        done_bytes=each.done_bytes,
        total_bytes=each.total_bytes,
        message=each.message,
        by=str(each.created_by or ""),
    )
