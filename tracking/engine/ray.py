"""Runs in processes of a Ray cluster: a deployment for each model and its settings, on whatever machine has room.

Ray is optional (``pip install 'framewise[ray]'``): this module alone imports it. A deployment is an actor
(``tracking/engine/deployment.py``) with a processor core and, where the cluster has GPUs, the share of one that its
model's memory takes. Ray starts an actor again that died, if need be on another machine; the runs that it carried out
are ``lost``, and begin again from what is stored.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Literal
from uuid import uuid4

from tracking import catalog
from tracking.engine import OpenVideo, Sink, Unreachable
from tracking.engine.deployment import Command, Deployment, Lookout, Standing, named_by
from tracking.protocol import Device, DeviceLoad, Leg, LoadedModel, Setting, Start
from tracking.release import release
from tracking.session import Step
from tracking.types import TrackingError
from tracking.warm import PART, Warm
from tracking.watchdog import HUNG_S
from tracking.weights import weights_folder

try:
    import ray
    from ray.exceptions import ActorDiedError, ActorUnavailableError, GetTimeoutError, RayActorError, RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ImportError as error:
    raise TrackingError(
        "The engine “ray” needs Ray, which isn't installed with this Framewise. Install it there: "
        "pip install 'framewise[ray]' (on every machine of the cluster), or leave --engine out."
    ) from error

RUNS_EACH = 4
"""So many runs one deployment carries out at once, where the cluster has no room for another one."""
WORKING_BYTES = 3 * 2**29
"""About what a model takes of a GPU beside its weights: images, features, what its libraries need."""
LOOK_EVERY_S = 2.0
CONNECTED_WITHIN_S = 60.0
SAY_WAITING_AFTER_S = 5.0
ASK_WITHIN_S = 1.0
MAKING_ROOM_S = 3.0
CALLS_AT_ONCE = 72
"""Threads of a deployment for runs that ask for more; the others have their own."""
LONGEST_MESSAGE = 1000


class _Forgotten(Exception):
    """A process was started again while it had a run."""


Key = tuple[str, tuple[tuple[str, Setting], ...], tuple[str, ...]]
"""A model, its settings, and what it is used with (a detector, a segmenter), each in order of their names."""

log = logging.getLogger("framewise.agent")


@dataclass(eq=False)
class _Deployed:
    """An actor. ``going``: it ends once nobody uses it; ``problem``: why its model couldn't be loaded."""

    key: Key
    actor: Any
    gpu_share: float
    used: float
    runs: set[_Run] = field(default_factory=set)
    ready: bool = False
    loading: bool = False
    going: bool = False
    problem: str = ""
    standing: Standing | None = None
    asked: Any = None
    """What it was asked last how it is, until it answers."""

    @property
    def model(self) -> str:
        return self.key[0]


@dataclass(eq=False)
class _Run:
    """``waiting``: commands that came before it began; ``sent``: how many were sent."""

    asked: Start
    sink: Sink
    since: float
    key: str = field(default_factory=lambda: uuid4().hex)
    stopped: threading.Event = field(default_factory=threading.Event)
    at: _Deployed | None = None
    waiting: list[tuple[Command, Mapping[str, object]]] = field(default_factory=list)
    begun: bool = False
    sent: int = 0
    said: bool = False

    @property
    def id(self) -> str:
        return self.asked.run


@dataclass(slots=True)
class _Node:
    """A machine of the cluster, and who looks out there: an actor, or on the agent's own machine ``here``. ``asked``:
    what the actor was asked last, until it answers."""

    name: str
    here: Lookout = field(default_factory=Lookout)
    actor: Any = None
    devices: list[Device] = field(default_factory=list)
    loads: list[DeviceLoad] = field(default_factory=list)
    asked: Any = None


class RayEngine:
    """See ``tracking.engine.Engine``. One thread places runs and looks after deployments; each run has one that takes
    what its deployment finds.

    Args:
        open_videos: makes what opens videos; called on the machines of the cluster, so it is pickled.
        address: of a cluster that this machine is part of, as host:port; '': the one that was started here
            (``ray start``), else one of this machine alone, which ends with the agent.
        runs_on_each: how many runs a machine of the cluster carries out at once.
        cpus: cores for each deployment.
        gpu_share: of a GPU, for each deployment; None: by its model's memory.
        warm: networks of what the agent computes itself (clicks, previews).
        idle_s: a deployment that nobody used for so long ends.
        options: of ``ray.init``, for tests.

    Raises:
        TrackingError: Ray isn't installed, or the cluster can't be reached.
    """

    def __init__(
        self,
        open_videos: Callable[[], OpenVideo],
        *,
        address: str = "",
        runs_on_each: int = RUNS_EACH,
        cpus: float = 1,
        gpu_share: float | None = None,
        warm: Warm | None = None,
        idle_s: float = 3600.0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._open_videos = open_videos
        self._runs_on_each = runs_on_each
        self._cpus, self._gpu_share = cpus, gpu_share
        self._idle_s = idle_s
        self._connected = _connect(address, options or {})
        self._home = ray.get_runtime_context().get_node_id()
        self._nodes: dict[str, _Node] = {}
        self._deployed: list[_Deployed] = []
        self._runs: dict[str, _Run] = {}
        self._line: deque[_Run] = deque()
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._made_room = 0.0
        self._cores = 0.0
        self.warm = Deployments(self, warm or Warm())
        self._look_out(within_s=CONNECTED_WITHIN_S)
        self._thread = threading.Thread(target=self._look_after, name="ray engine", daemon=True)
        self._thread.start()

    @property
    def runs_at_once(self) -> int:
        with self._lock:
            return self._runs_on_each * max(1, len(self._nodes))

    def places(self) -> int:
        """How many deployments the whole cluster has room for, of models that need no GPU."""
        return max(1, int(self._cores // self._cpus)) if self._cpus else self.runs_at_once

    def devices(self) -> list[Device]:
        """Those of all machines, under the machine's name where there are several."""
        with self._lock:
            nodes = list(self._nodes.values())
        if len(nodes) == 1:
            return nodes[0].devices
        return [
            device.model_copy(update={"name": f"{node.name}: {device.name}"})
            for node in nodes
            for device in node.devices
        ]

    def loads(self, *, cpu: float) -> list[DeviceLoad]:
        with self._lock:
            return [
                load
                for node in self._nodes.values()
                for load in (node.loads or [DeviceLoad(memory_bytes=0) for _ in node.devices])
            ]

    # -------------------------------------------------------------- runs

    def start(self, run: Start, sink: Sink) -> None:
        self.stop(run.run)
        with self._lock:
            new = self._runs[run.run] = _Run(run, sink, monotonic())
            self._line.append(new)
        self._wake.set()

    def correct(self, run: str, name: str, legs: Sequence[Leg]) -> None:
        self._command(run, "correct", {"name": name, "legs": list(legs)})

    def extend(
        self,
        run: str,
        way: Literal["forward", "backward"],
        last: int,
        objects: Sequence[str] | None,
        *,
        search: bool = False,
    ) -> None:
        names = None if objects is None else list(objects)
        self._command(run, "extend", {"way": way, "last": last, "objects": names, "search": search})

    def _command(self, name: str, command: Command, how: Mapping[str, object]) -> None:
        with self._lock:
            run = self._runs.get(name)
            if run is None:
                return
            if not run.begun:
                run.waiting.append((command, how))
                return
            self._send(run, command, how)

    def _send(self, run: _Run, command: Command, how: Mapping[str, object]) -> None:
        assert run.at is not None  # noqa: S101 (for the type checker: it has begun)
        number, run.sent = run.sent, run.sent + 1
        with _quietly():
            run.at.actor.obey.options(concurrency_group="control").remote(run.id, run.key, number, command, dict(how))

    def stop(self, run: str) -> None:
        with self._lock:
            known = self._runs.pop(run, None)
            if known is None:
                return
            known.stopped.set()
            if known in self._line:
                self._line.remove(known)
            elif known.at is not None and known.begun:
                self._stop_there(known, known.at)

    def _stop_there(self, run: _Run, at: _Deployed) -> None:
        with _quietly():
            at.actor.stop.options(concurrency_group="control").remote(run.id, run.key)

    def stalled(self) -> dict[str, float]:
        with self._lock:
            told = [each.standing.stalled for each in self._deployed if each.standing is not None]
            return {run: seconds for stalled in told for run, seconds in stalled.items() if run in self._runs}

    def hanging_s(self) -> float:
        """Nothing hangs in this process: a deployment that does is killed, see ``_end_hanging``."""
        return 0.0

    def close(self) -> None:
        """Stop everything, and leave the cluster; one of this engine's own ends."""
        self._closed.set()
        self._wake.set()
        self._thread.join(LOOK_EVERY_S + ASK_WITHIN_S)
        for name in tuple(self._runs):
            self.stop(name)
        with self._lock:
            for deployed in self._deployed:
                _kill(deployed.actor)
            for node in self._nodes.values():
                if node.actor is not None:
                    _kill(node.actor)
            self._deployed.clear()
        if self._connected:
            ray.shutdown()

    # -------------------------------------------------------------- in a run's thread

    def _carry_out(self, run: _Run, at: _Deployed) -> None:
        try:
            if self._begin(run, at):
                self._pass_on(run, at)
        except (RayActorError, _Forgotten) as error:
            with self._lock:
                at.ready = False
            self._stop_there(run, at)  # where only the way to it was cut
            log.warning("Run %s: its process in the cluster is gone: %s", run.id, error)
            if not run.stopped.is_set() and not self._closed.is_set():
                run.sink.lost(
                    f"The process of the Ray cluster that computed it ({catalog.name_of(at.model)}) died; it goes on "
                    "from what is stored."
                )
        except Exception as error:
            # Whatever a cluster does, the agent lives on. What a process there raised comes wrapped.
            cause = getattr(error, "cause", None) or error
            log.exception("Run %s failed.", run.id)
            if not run.stopped.is_set():
                run.sink.failed(_sentence(at.model, cause), str(error))
        finally:
            self._left(run, at)

    def _begin(self, run: _Run, at: _Deployed) -> bool:
        """Wait for the process, which may be starting (again), and hand the run to it. Returns whether it has it."""
        if problem := self._wait_for(at, run.stopped):
            run.sink.failed(problem, "")
            return False
        if run.stopped.is_set():
            return False
        ray.get(at.actor.start.remote(run.asked, run.key))
        with self._lock:
            run.begun = True
            for command, how in run.waiting:
                self._send(run, command, how)
            run.waiting.clear()
            if run.stopped.is_set():
                self._stop_there(run, at)
                return False
        return True

    def _wait_for(self, at: _Deployed, stopped: threading.Event) -> str:
        """Until a deployment answers, or nobody waits. Returns why it can't be used; empty: it can.

        Raises:
            RayActorError: it ended for good.
        """
        while not stopped.is_set() and not self._closed.is_set():
            try:
                problem: str = ray.get(at.actor.check.options(concurrency_group="control").remote(), timeout=2.0)
            except GetTimeoutError:
                continue
            except ActorDiedError:
                self._drop(at)
                raise
            except ActorUnavailableError:
                stopped.wait(0.2)  # It is being started again.
                continue
            with self._lock:
                at.ready = True
            return problem
        return ""

    def _pass_on(self, run: _Run, at: _Deployed) -> None:
        while not run.stopped.is_set():
            told = ray.get(at.actor.more.remote(run.id, run.key))
            if told is None:
                if not run.stopped.is_set():
                    raise _Forgotten("it was started again, and knows nothing of this run")
                return
            for step in told.steps:
                if run.stopped.is_set():
                    return
                run.sink.stepped(step)
            if told.over and not run.stopped.is_set():
                if told.failure is None:
                    run.sink.done()
                else:
                    run.sink.failed(*told.failure)
                return

    def _left(self, run: _Run, at: _Deployed) -> None:
        with self._lock:
            at.runs.discard(run)
            at.used = monotonic()
            if self._runs.get(run.id) is run:
                del self._runs[run.id]
            if at.going and not at.runs:
                self._end(at)
        self._wake.set()
        self.warm.changed()

    # -------------------------------------------------------------- where runs go

    def _place(self) -> None:
        """Give the runs in the line, in their order, to deployments that have room for them."""
        for run in tuple(self._line):
            with self._lock:
                if run not in self._line or (at := self._room_for(run)) is None:
                    continue
                self._line.remove(run)
                run.at = at
                at.runs.add(run)
            # A daemon: one that waits for a cluster that is gone must not keep the agent from ending.
            threading.Thread(target=self._carry_out, args=[run, at], name=f"run {run.id}", daemon=True).start()
            self.warm.changed()
        for run in tuple(self._line):
            if not run.said and monotonic() - run.since > SAY_WAITING_AFTER_S:
                run.said = True
                run.sink.stepped(Step(notes=(self._why_waiting(run),)))

    def _room_for(self, run: _Run) -> _Deployed | None:
        """An idle deployment; else a new one where the cluster has room; else the least busy; else a new one in the
        place of what nobody uses."""
        key = _key_of(run.asked)
        mine = [each for each in self._deployed if each.key == key and not each.going]
        least = min(mine, key=lambda each: len(each.runs), default=None)
        if least is not None and not least.runs:
            return least
        if self._fits(key):
            return self._deploy(key)
        if least is not None:
            return least if len(least.runs) < self._runs_on_each else None
        return self._in_place_of_idle(key)

    def _in_place_of_idle(self, key: Key) -> _Deployed | None:
        if monotonic() - self._made_room < MAKING_ROOM_S:
            return None  # Ray takes a moment to see that a place is free.
        idle = [each for each in self._deployed if not each.runs and each.model not in self.warm.pinned]
        for each in sorted(idle, key=lambda one: one.used):
            log.info("%s leaves the cluster: its place is needed for %s.", each.model, key[0])
            self._made_room = monotonic()
            self._end(each)
            break
        return None

    def _fits(self, key: Key) -> bool:
        """Whether the cluster has room for one more, beside those that are only starting."""
        free: Mapping[str, float] = ray.available_resources()
        starting = [each for each in self._deployed if not each.ready]
        cpus = free.get("CPU", 0.0) - self._cpus * len(starting)
        gpus = free.get("GPU", 0.0) - sum(each.gpu_share for each in starting)
        return cpus >= self._cpus and gpus >= self._share_for(key)

    def _share_for(self, key: Key) -> float:
        """The share of a GPU that a deployment asks for; 0: it computes without."""
        model, settings, others = key
        entries = [each for each in _entries() if each.id in others or each.id == model]
        if dict(settings).get("device") == "cpu":
            entries = [each for each in entries if each.id != model]
        if not any("device" in each.settings for each in entries) or not ray.cluster_resources().get("GPU"):
            return 0.0
        if self._gpu_share is not None:
            return self._gpu_share
        with self._lock:
            sizes = [
                device.memory_bytes for node in self._nodes.values() for device in node.devices if device.kind == "cuda"
            ]
        return share_of(sum(map(_weights_bytes, entries)), min(sizes, default=0))

    def _deploy(self, key: Key) -> _Deployed:
        share = self._share_for(key)
        made = ray.remote(concurrency_groups={"control": 4, "watch": 1})(Deployment).options(
            num_cpus=self._cpus,
            num_gpus=share,
            max_restarts=-1,
            max_task_retries=0,
            max_concurrency=CALLS_AT_ONCE,
            scheduling_strategy="SPREAD",
        )
        bring = _bringing(self._home, str(weights_folder()))
        actor = made.remote(self._open_videos, expects=release(), bring=bring, gpu=share > 0, idle_s=self._idle_s)
        deployed = _Deployed(key, actor, share, monotonic())
        self._deployed.append(deployed)
        log.info("%s: deployed in the cluster, with %g cores and %g of a GPU.", key[0], self._cpus, share)
        return deployed

    def _why_waiting(self, run: _Run) -> str:
        share = self._share_for(_key_of(run.asked))
        free = ray.available_resources()
        needs = f"{self._cpus:g} cores" + (f" and {share:g} of a GPU" if share else "")
        has = f"{free.get('CPU', 0.0):g} cores" + (f" and {free.get('GPU', 0.0):g} GPUs" if share else "")
        return (
            f"It waits for room in the Ray cluster: {catalog.name_of(run.asked.model)} needs {needs}, {has} are free."
        )

    def _end(self, at: _Deployed) -> None:
        self._drop(at)
        _kill(at.actor)

    def _drop(self, at: _Deployed) -> None:
        with self._lock:
            if at in self._deployed:
                self._deployed.remove(at)

    # -------------------------------------------------------------- in the engine's own thread

    def _look_after(self) -> None:
        looked = 0.0
        while not self._closed.is_set():
            self._wake.wait(LOOK_EVERY_S if not self._line else 0.2)
            self._wake.clear()
            if self._closed.is_set():
                return
            try:
                self._place()
                if monotonic() - looked >= LOOK_EVERY_S:
                    looked = monotonic()
                    self._look_out()
                    self._ask_how_they_are()
            except RayError:
                log.exception("The Ray cluster doesn't answer as it should.")

    def _ask_how_they_are(self) -> None:
        """Hear what deployments answered, and ask again. One that hangs answers late, and nobody waits for it."""
        for each in tuple(self._deployed):
            if each.asked is not None:
                done, _ = ray.wait([each.asked], timeout=0)
                if not done:
                    continue
                with _quietly():
                    told = ray.get(each.asked)
                    before, each.standing = each.standing, told
                    each.ready = True
                    if before is None or before.loaded != told.loaded:
                        self.warm.changed()
                    self._end_hanging(each, told)
            with _quietly():
                each.asked = each.actor.standing.options(concurrency_group="watch").remote()

    def _end_hanging(self, at: _Deployed, told: Standing) -> None:
        """Kill a deployment of which a thread hangs, as an agent of its own would end: Ray starts it again."""
        if told.hanging_s < HUNG_S:
            return
        log.critical(
            "%s: a thread of its process in the cluster hasn't got on for %.0f s. The process is killed and started "
            "again; its runs go on from what is stored.",
            at.model,
            told.hanging_s,
        )
        at.standing, at.ready = None, False
        ray.kill(at.actor, no_restart=False)

    def _look_out(self, *, within_s: float = 0.0) -> None:
        """Note which machines the cluster has, and how busy they are.

        Args:
            within_s: how long to wait for the answers; 0: those that came since the last time.
        """
        alive = {node["NodeID"]: node for node in ray.nodes() if node["Alive"]}
        self._cores = sum(node["Resources"].get("CPU", 0.0) for node in alive.values())
        for gone in self._nodes.keys() - alive.keys():
            with self._lock:
                node = self._nodes.pop(gone)
            log.warning("The machine %s has left the Ray cluster.", node.name)
        for node_id, told in alive.items():
            if node_id not in self._nodes:
                new = self._node(node_id, told)
                with self._lock:
                    self._nodes[node_id] = new
                log.info("The machine %s is part of the Ray cluster.", new.name)
        asked = [node.asked for node in self._nodes.values() if node.asked is not None]
        if within_s and asked:
            ray.wait(asked, num_returns=len(asked), timeout=within_s)
        for node in self._nodes.values():
            if node.actor is None:
                node.loads = node.here.loads()
                continue
            if not ray.wait([node.asked], timeout=0)[0]:
                continue
            with _quietly():
                heard = ray.get(node.asked)
                with self._lock:
                    if node.devices:
                        node.loads = heard
                    else:
                        node.devices = heard
            with _quietly():
                node.asked = node.actor.loads.remote()

    def _node(self, node_id: str, told: Mapping[str, Any]) -> _Node:
        """One that is new; on the agent's own machine its own process looks."""
        name = str(told.get("NodeManagerHostname") or told["NodeManagerAddress"])
        if node_id == self._home:
            here = Lookout()
            return _Node(name, here, devices=here.devices())
        actor = _lookout_on(node_id)
        return _Node(name, actor=actor, asked=actor.devices.remote())


class Deployments:
    """What is in memory of models in the cluster, as ``tracking.warm.Keeper``: a model that an agent of this kind is to
    have in memory is deployed, with its default settings. Segmenters, and what looks at single frames, stay with the
    agent's own ``warm``."""

    def __init__(self, engine: RayEngine, warm: Warm) -> None:
        self._engine = engine
        self._own = warm
        self.pinned: frozenset[str] = frozenset()
        self._changed: Callable[[], None] = lambda: None

    @property
    def changed(self) -> Callable[[], None]:
        return self._changed

    @changed.setter
    def changed(self, tell: Callable[[], None]) -> None:
        self._changed = self._own.changed = tell

    def load(self, model: str) -> None:
        """Deploy a model; in a thread of its own. ``told`` says how it stands."""
        if not _is_followed_by(model):
            self._own.load(model)
            return
        engine = self._engine
        with engine._lock:
            if any(each.model == model and not each.going and not each.problem for each in engine._deployed):
                return
            deployed = engine._deploy((model, (), ()))
            deployed.loading = True
        threading.Thread(target=self._load_now, args=[deployed], name=f"load {model}", daemon=True).start()
        self.changed()

    def _load_now(self, deployed: _Deployed) -> None:
        engine = self._engine
        try:
            problem = engine._wait_for(deployed, engine._closed)
            if not problem:
                problem = ray.get(deployed.actor.load.options(concurrency_group="control").remote(deployed.model))
        except RayError as error:
            problem = f"Its process in the cluster ended: {error}"
        with engine._lock:
            deployed.loading, deployed.problem = False, problem[:LONGEST_MESSAGE]
        log.info("%s: %s", deployed.model, problem or "in memory of the cluster.")
        self.changed()

    def unload(self, model: str) -> None:
        self._own.unload(model)
        engine = self._engine
        with engine._lock:
            for each in [each for each in engine._deployed if each.model == model]:
                each.going = True
                if not each.runs:
                    engine._end(each)
        self.changed()

    def pin(self, models: Collection[str]) -> None:
        self.pinned = frozenset(models)
        self._own.pin([model for model in models if not _is_followed_by(model)])
        for model in sorted(models):
            if _is_followed_by(model):
                self.load(model)

    def told(self) -> list[LoadedModel]:
        engine = self._engine
        with engine._lock:
            deployed = list(engine._deployed)
        return [*self._own.told(), *(each for one in deployed for each in _told_of(one))]

    def let_go_idle(self) -> None:
        self._own.let_go_idle()
        engine = self._engine
        since = monotonic() - engine._idle_s
        with engine._lock:
            for each in tuple(engine._deployed):
                if not each.runs and not each.loading and each.used <= since and each.model not in self.pinned:
                    log.info("%s: nobody used it for %.0f minutes; it ends.", each.model, engine._idle_s / 60)
                    engine._end(each)


def share_of(weights_bytes: int, gpu_bytes: int) -> float:
    """The share of a GPU for a model, in hundredths, at most a whole one: its weights and ``WORKING_BYTES``, of the
    memory of the cluster's smallest GPU (0: not known, so a whole one)."""
    if not gpu_bytes:
        return 1.0
    return min(1.0, math.ceil(100 * (weights_bytes + WORKING_BYTES) / gpu_bytes) / 100)


def _told_of(deployed: _Deployed) -> Iterator[LoadedModel]:
    """What an agent says of a deployment: what it has in memory, or that it comes."""
    users = sorted({run.id.partition(PART)[0] for run in deployed.runs})
    inside = [] if deployed.standing is None else deployed.standing.loaded
    if deployed.problem or not inside:
        state: Literal["loading", "ready", "leaving", "failed"] = (
            "failed" if deployed.problem else "leaving" if deployed.going else "ready" if deployed.ready else "loading"
        )
        yield LoadedModel(
            model=deployed.model,
            settings=dict(deployed.key[1]),
            used_s=max(0.0, monotonic() - deployed.used),
            users=users,
            device="cuda" if deployed.gpu_share else "cpu",
            state=state,
            message=deployed.problem,
        )
    else:
        yield from inside


def _connect(address: str, options: Mapping[str, Any]) -> bool:
    """Join a cluster, or begin one. Returns whether this is who has to leave it: False where the process had joined
    one before."""
    if ray.is_initialized():
        return False
    if "://" in address:
        raise TrackingError(
            f"An agent joins a Ray cluster from one of its machines, by host:port; {address!r} came. Start the agent "
            "on a machine where ray start has run, and leave --address out there."
        )
    # Nothing about an installation is told to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray's processes would let all others go first: beside a busy one a model hardly gets on.
    os.environ.setdefault("RAY_worker_niceness", "0")
    given: dict[str, Any] = {"include_dashboard": False, "logging_level": logging.WARNING, "namespace": "framewise"}
    try:
        ray.init(address=address or None, configure_logging=False, **(given | dict(options)))
    except (ConnectionError, ValueError, RuntimeError, RayError, TimeoutError) as error:
        raise Unreachable(
            f"The Ray cluster {address or 'of this machine'} can't be reached ({error}). Check with ray status there; "
            "this machine has to be part of it (ray start --address=…)."
        ) from error
    return True


def _lookout_on(node_id: str) -> Any:
    where = NodeAffinitySchedulingStrategy(node_id, soft=False)
    return ray.remote(Lookout).options(num_cpus=0, max_restarts=-1, scheduling_strategy=where).remote()


def _bringing(home: str, folder: str) -> Callable[[str], bytes | None]:
    """Brings weights from the agent's machine, to whatever process of the cluster calls it."""
    where = NodeAffinitySchedulingStrategy(home, soft=False)
    read = ray.remote(_weights_of_home).options(num_cpus=0, scheduling_strategy=where)

    def bring(name: str) -> bytes | None:
        if ray.get_runtime_context().get_node_id() == home:
            return None
        data: bytes | None = ray.get(read.remote(folder, name))
        return data

    return bring


def _weights_of_home(folder: str, name: str) -> bytes | None:
    place = Path(folder) / name
    return place.read_bytes() if place.is_file() else None


def _key_of(run: Start) -> Key:
    model, *others = named_by(run)
    return model, tuple(sorted(run.settings.items())), tuple(sorted(set(others) - {model}))


def _entries() -> Sequence[catalog.ModelEntry | catalog.DetectorEntry]:
    return [*catalog.entries(), *catalog.detectors()]


def _is_followed_by(model: str) -> bool:
    """Whether it is a model of the catalogue that follows objects."""
    return any(entry.id == model for entry in catalog.entries())


def _weights_bytes(entry: catalog.ModelEntry | catalog.DetectorEntry) -> int:
    """Of a model's files, as they lie here, or as the catalogue has them."""
    total = 0
    for weights in entry.weights:
        places = [weights_folder() / weights.file]
        if weights.folder:
            places.append(weights_folder() / weights.folder / catalog.HUB_TENSORS)
        here = [place for place in places if place.is_file()]
        total += here[0].stat().st_size if here else weights.size or 0
    return total


def _kill(actor: Any) -> None:
    with _quietly():
        ray.kill(actor)


@contextmanager
def _quietly() -> Iterator[None]:
    """What is asked of a process that is gone, or being started again, is asked in vain; its runs hear of it."""
    try:
        yield
    except RayError as error:
        log.debug("A process of the Ray cluster didn't answer: %s", error)


def _sentence(model: str, error: object) -> str:
    if isinstance(error, TrackingError):
        return str(error)
    return (
        f"{catalog.name_of(model)} couldn't be run in the Ray cluster ({type(error).__name__}: {error}). All of its "
        "machines need Framewise and what the model needs; the agent's log holds the details."
    )
