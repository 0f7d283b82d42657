"""A model in a process of its own, on whatever machine of a cluster: what runs there, and how it is asked.

It knows nothing of what made the process (``tracking/engine/ray.py``): its methods take and give what can be pickled.
Runs are carried out by the local engine there; what they find waits in a ``Mailbox`` until the agent takes it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import psutil

from tracking import catalog
from tracking.devices import devices, loads
from tracking.engine import OpenVideo
from tracking.engine.local import LocalEngine
from tracking.parts import Part, parts_of
from tracking.protocol import Device, DeviceLoad, LoadedModel, Start
from tracking.release import release
from tracking.session import Step
from tracking.types import TrackingError
from tracking.warm import Warm
from tracking.weights import weights_folder

AHEAD = 8
"""Model steps that wait to be taken before a run is held back."""
PATIENCE_S = 1.0
"""How long who asks for more is kept waiting: it looks meanwhile whether anybody still wants it."""
RUNS_AT_ONCE = 64
"""Who sends runs here decides how many; this is beyond what anybody sends."""

Command = Literal["correct", "extend"]
Bring = Callable[[str], bytes | None]
"""A file by its name below the weights folder of the agent's machine; None: it isn't there either."""

log = logging.getLogger("framewise.agent")


@dataclass(frozen=True, slots=True)
class Told:
    """What a run has to tell, in its order. ``over``: nothing follows; ``failure``: (sentence, traceback), if it can't
    go on."""

    steps: tuple[Step, ...] = ()
    over: bool = False
    failure: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How a deployment is. ``stalled``, ``hanging_s``: as of ``Engine``."""

    loaded: list[LoadedModel]
    stalled: dict[str, float]
    hanging_s: float
    process: int


class Mailbox:
    """A ``Sink`` whose words wait until they are taken."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._steps: deque[Step] = deque()
        self._over = self._closed = False
        self._failure: tuple[str, str] | None = None

    def stepped(self, step: Step) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._steps) < AHEAD)
            self._steps.append(step)
            self._changed.notify_all()

    def done(self) -> None:
        self._end(None)

    def failed(self, message: str, detail: str) -> None:
        self._end((message, detail))

    def lost(self, message: str) -> None:
        self._end((message, ""))

    def _end(self, failure: tuple[str, str] | None) -> None:
        with self._changed:
            self._over, self._failure = True, failure
            self._changed.notify_all()

    def take(self, patience_s: float) -> Told:
        """All that is there; when nothing is, what comes first within ``patience_s``."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._steps) or self._over, patience_s)
            told = Told(tuple(self._steps), self._over, self._failure)
            self._steps.clear()
            self._changed.notify_all()
            return told

    def close(self) -> None:
        """Nobody takes any more: let the run's thread go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


@dataclass(eq=False)
class _Run:
    """``key`` tells it from another one of the same id; ``obeyed``: commands up to here; ``early``: those that came
    before one that was sent before them."""

    key: str
    mailbox: Mailbox
    obeyed: int = 0
    early: dict[int, tuple[Command, Mapping[str, object]]] = field(default_factory=dict)


class Deployment:
    """Carries out runs of a model. Any of its methods may be called by several threads at once.

    Args:
        open_videos: makes what opens videos here.
        expects: the release of the agent.
        bring: brings weights that this machine lacks.
        gpu: whether it was given (a share of) a GPU; else it computes without.
        idle_s: as of ``Warm``.
    """

    def __init__(
        self,
        open_videos: Callable[[], OpenVideo],
        *,
        expects: str,
        bring: Bring = lambda name: None,
        gpu: bool = False,
        idle_s: float = 3600.0,
    ) -> None:
        if not gpu:
            os.environ["CUDA_VISIBLE_DEVICES"] = ""  # torch is imported later
        self.problem = (
            ""
            if release() == expects
            else f"All machines of a cluster need the agent's version of Framewise, {expects}; one has {release()}. "
            "Install the same there."
        )
        self._bring = bring
        self._warm = Warm(idle_s=idle_s, load=catalog.load)
        self._engine = LocalEngine(open_videos(), runs_at_once=RUNS_AT_ONCE, warm=self._warm)
        self._runs: dict[str, _Run] = {}
        self._lock = threading.Lock()

    def check(self) -> str:
        """Why it can't be used; empty: it can."""
        return self.problem

    def load(self, model: str) -> str:
        """Have a model in memory. Returns why it couldn't be; empty: it is."""
        try:
            self._bring_weights([model])
            with self._warm.user(f"load {model}"):
                catalog.load(model)
        except TrackingError as error:
            return str(error)
        except Exception as error:
            log.exception("%s couldn't be loaded.", model)
            return f"It couldn't be loaded ({type(error).__name__}: {error}). The machine's log holds the details."
        return ""

    # -------------------------------------------------------------- runs

    def start(self, run: Start, key: str) -> None:
        """Begin a run; ``more`` hands out what it finds. Raises TrackingError when weights can't be brought here."""
        self._bring_weights(named_by(run))
        mailbox = Mailbox()
        with self._lock:
            before = self._runs.get(run.run)
            self._runs[run.run] = _Run(key, mailbox)
        if before is not None:
            before.mailbox.close()
        self._engine.start(run, mailbox)

    def more(self, run: str, key: str) -> Told | None:
        """What a run has found since; None: it isn't here (any more)."""
        known = self._known(run, key)
        if known is None:
            return None
        told = known.mailbox.take(PATIENCE_S)
        if told.over:
            with self._lock:
                if self._runs.get(run) is known:
                    del self._runs[run]
        return told

    def obey(self, run: str, key: str, number: int, command: Command, how: Mapping[str, object]) -> None:
        """Carry out commands of a run in the order of their numbers, from 0, whichever comes first."""
        known = self._known(run, key)
        if known is None:
            return
        with self._lock:
            known.early[number] = command, how
            while (next_one := known.early.pop(known.obeyed, None)) is not None:
                known.obeyed += 1
                name, given = next_one
                getattr(self._engine, name)(run, **given)

    def stop(self, run: str, key: str) -> None:
        with self._lock:
            known = self._runs.get(run)
            if known is None or known.key != key:
                return
            del self._runs[run]
            self._engine.stop(run)
        known.mailbox.close()

    def standing(self) -> Standing:
        self._warm.let_go_idle()
        return Standing(self._warm.told(), self._engine.stalled(), self._engine.hanging_s(), os.getpid())

    def _known(self, run: str, key: str) -> _Run | None:
        with self._lock:
            known = self._runs.get(run)
        return known if known is not None and known.key == key else None

    # -------------------------------------------------------------- weights

    def _bring_weights(self, models: Sequence[str]) -> None:
        for part in _parts(models):
            place = weights_folder() / part.name
            if place.exists() or (data := self._bring(part.name)) is None:
                continue  # What is nowhere is missed, in words, by who loads it.
            place.parent.mkdir(parents=True, exist_ok=True)
            coming = place.with_name(f"{place.name}.{os.getpid()}.coming")
            try:
                coming.write_bytes(data)
                coming.replace(place)
            except OSError as error:
                raise TrackingError(
                    f"A machine of the cluster needs room for weights; {part.name} couldn't be written to "
                    f"{place.parent} ({error}). Make room there, or share the folder between machines."
                ) from error
            finally:
                with suppress(OSError):
                    coming.unlink()
            log.info("Weights %s were brought here.", part.name)


def named_by(run: Start) -> list[str]:
    """What a run makes, by ids of the catalogue; its model first."""
    found = [run.model]
    if run.as_mask is not None:
        found.append(run.as_mask.segmenter)
    if run.find is not None:
        found.append(run.find.finder)
    if run.link is not None:
        found.append(run.link.detector)
    return found


def _parts(models: Sequence[str]) -> Iterator[Part]:
    for entry in catalog.with_weights():
        if entry.id in models:
            for weights in entry.weights:
                yield from parts_of(weights, catalog.users_of(weights))


class Lookout:
    """Says what a machine of a cluster has, and how busy it is."""

    def __init__(self) -> None:
        self._devices = devices()
        psutil.cpu_percent()  # the first call only sets where the next one measures from

    def devices(self) -> list[Device]:
        return self._devices

    def loads(self) -> list[DeviceLoad]:
        """In the order of ``devices``."""
        return loads(self._devices, cpu=psutil.cpu_percent() / 100)
