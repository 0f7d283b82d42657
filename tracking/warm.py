"""Networks that stay in memory between runs, one copy for all who want the same one.

A program that keeps networks (an agent) has a ``Warm``, and lets what it does be a ``user`` of it. The catalogue says
what is being made (``making``), and the model's factory asks for its network by ``held``; a network comes to its device
by ``placed``. Elsewhere (on the command line, in a check of weights) nothing is kept: a network is made each time, and
goes with who asked for it.

Networks are only read once they are loaded, so that several threads may compute with one. A network that somebody uses
is never moved or taken away.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

import psutil

from tracking.asked import give_memory_back
from tracking.protocol import LoadedModel, Setting
from tracking.types import TrackingError

if TYPE_CHECKING:
    import torch
    from torch import nn

IDLE_S = 3600.0
"""A network that nobody used for so long leaves memory; it comes back with who wants it next."""
RESERVE_BYTES = 512 * 2**20
"""So much memory stays free beside a network that is loaded, for what computing with it takes."""
LONGEST_MESSAGE = 1000
PART = "#"
"""What stands between a run's id and that of a part of it: parts of one run are one user."""

T = TypeVar("T")
Kind = Literal["cpu", "cuda"]

log = logging.getLogger("framewise.agent")


@dataclass(eq=False, slots=True)
class _Kept:
    """A network. ``value``: what its factory made it as, None where that can't be shared; ``used``: when somebody came
    or went last; ``going``: it leaves once nobody uses it."""

    model: str
    settings: Mapping[str, Setting]
    key: Hashable
    value: object
    device: Kind
    nbytes: int
    used: float
    users: set[str] = field(default_factory=set)
    going: bool = False


@dataclass(slots=True)
class _Making:
    model: str
    settings: Mapping[str, Setting]
    files: tuple[Hashable, ...]
    nbytes: int
    came: list[_Kept] = field(default_factory=list)
    """What its user uses since then."""
    took: bool = False


class _Here(threading.local):
    """What the calling thread does."""

    warm: Warm | None = None
    user: str = ""
    making: _Making | None = None


_here = _Here()


@contextmanager
def making(model: str, settings: Mapping[str, object], files: Iterable[Path]) -> Iterator[None]:
    """Inside, a model's factory is called with ``settings``; its weights are ``files``, as far as they are there.
    One that is told which file to take isn't kept."""
    warm = _here.warm
    if warm is None or settings.get("weights"):
        yield
        return
    states = []
    for file in files:
        with suppress(OSError):
            state = file.stat()
            states.append((str(file), state.st_size, state.st_mtime_ns))
    plain = {name: value for name, value in settings.items() if isinstance(value, str | bool | int | float)}
    before, _here.making = _here.making, _Making(model, plain, tuple(states), sum(size for _, size, _ in states))
    try:
        yield
        if states and not _here.making.took:
            warm._note_unshared(_here.making, _here.user)
    finally:
        _here.making = before


def held(build: Callable[[], T], *key: Hashable) -> T:
    """What ``build`` makes: a network, or an object or tuple around some. Where networks are kept, one for all who ask
    for the same model by the same ``key``."""
    if _here.warm is None or _here.making is None:
        return build()
    return cast(T, _here.warm._take(build, key, _here.making, _here.user))


def keeps() -> bool:
    """Whether what the calling thread makes is kept."""
    return _here.warm is not None and _here.making is not None


def placed(network: nn.Module, device: torch.device) -> nn.Module:
    """``network`` on ``device``. One that is kept stays where it is for those who use it there, and has a copy."""
    warm = _here.warm
    if warm is None or (kept := warm._kept_as(network)) is None:
        return network.to(device)
    return cast("nn.Module", warm._moved(kept, network, device, _here.making, _here.user))


def give_way() -> bool:
    """The GPU has no memory left: let what nobody uses there go. Returns whether there was something."""
    return _here.warm is not None and _here.warm.free("cuda", 2**62)


def used_by(warm: Warm | None, name: str, *models: str) -> AbstractContextManager[None]:
    """As ``Warm.user``; without one nothing is kept."""
    return nullcontext() if warm is None else warm.user(name, *models)


def free_bytes(device: Kind) -> int:
    """Memory that is free for a network."""
    if device == "cpu":
        return int(psutil.virtual_memory().available)
    import torch

    return int(torch.cuda.mem_get_info()[0])


class Keeper(Protocol):
    """Where an agent's models are in memory: in its own process (``Warm``), or in those of a cluster."""

    changed: Callable[[], None]
    """Called when what is in memory, or who uses it, is another one; from any thread."""

    def load(self, model: str) -> None:
        """Have a model in memory before somebody wants it; it comes in a thread of its own."""
        ...

    def unload(self, model: str) -> None:
        """Let a model leave memory: at once, or when those who use it are done."""
        ...

    def pin(self, models: Collection[str]) -> None:
        """These stay in memory, used or not, and those that aren't there are loaded; all others may leave again."""
        ...

    def told(self) -> list[LoadedModel]:
        """What is in memory, what is being loaded, and what couldn't be."""
        ...

    def let_go_idle(self) -> None:
        """Let go of what nobody has used for long."""
        ...


class Warm:
    """Keeps networks. May be used by any thread.

    Args:
        idle_s: how long one stays that nobody uses.
        load: makes what needs a model's networks, and lets go of it; see ``load``.
        free_now: as ``free_bytes``.
        clock: seconds.
    """

    def __init__(
        self,
        *,
        idle_s: float = IDLE_S,
        load: Callable[[str], object] = lambda model: None,
        free_now: Callable[[Kind], int] = free_bytes,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.idle_s = idle_s
        self._load = load
        self._free_now = free_now
        self._clock = clock
        self._kept: list[_Kept] = []
        self._pinned: frozenset[str] = frozenset()
        self._loading: dict[str, str] = {}
        """By model: empty while it is being loaded, else why it couldn't be."""
        self._lock = threading.RLock()
        self._builds: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)
        self._listeners: list[Callable[[Collection[str]], None]] = []
        self.changed: Callable[[], None] = lambda: None
        """Called when what is in memory, or who uses it, is another one; from any thread."""

    # -------------------------------------------------------------- who uses them

    @contextmanager
    def user(self, name: str, *models: str) -> Iterator[None]:
        """Inside, what the calling thread makes is used by ``name``, and so are the networks of ``models`` that are
        there; until it ends, or, where a thread of the same name goes on, that one."""
        before = _here.warm, _here.user
        _here.warm, _here.user = self, name
        try:
            with self._lock:
                for kept in self._kept:
                    if kept.model in models:
                        self._use(kept, name)
            yield
        finally:
            _here.warm, _here.user = before
            self._leave(name)

    def _use(self, kept: _Kept, user: str) -> None:
        kept.used = self._clock()
        kept.users.add(user)

    def _leave(self, user: str) -> None:
        with self._lock:
            for kept in self._kept:
                if user in kept.users:
                    kept.users.discard(user)
                    kept.used = self._clock()
            gone = [kept for kept in self._kept if not kept.users and (kept.going or kept.value is None)]
            self._drop(gone)
        self.changed()

    # -------------------------------------------------------------- what people ask for

    def load(self, model: str) -> None:
        """Have a model in memory before somebody wants it; in a thread of its own. ``told`` says how it stands."""
        with self._lock:
            if self._loading.get(model) == "" or any(kept.model == model and kept.value for kept in self._kept):
                return
            self._loading[model] = ""
        threading.Thread(target=self._load_now, args=[model], name=f"load {model}", daemon=True).start()
        self.changed()

    def unload(self, model: str) -> None:
        """Let a model leave memory: at once, or when those who use it are done."""
        with self._lock:
            self._loading = {name: problem for name, problem in self._loading.items() if name != model or not problem}
            mine = [kept for kept in self._kept if kept.model == model]
            for kept in mine:
                kept.going = True
            self._drop([kept for kept in mine if not kept.users])
        self.changed()

    def pin(self, models: Collection[str]) -> None:
        """These stay in memory, used or not, and those that aren't there are loaded; all others may leave again."""
        with self._lock:
            self._pinned = frozenset(models)
        for model in sorted(models):
            self.load(model)
        self.changed()

    def told(self) -> list[LoadedModel]:
        """What is in memory, what is being loaded, and what couldn't be."""
        with self._lock:
            now = self._clock()
            there = [
                LoadedModel(
                    model=kept.model,
                    settings=dict(kept.settings),
                    device=kept.device,
                    memory_bytes=kept.nbytes,
                    used_s=max(0.0, now - kept.used),
                    users=sorted({user.partition(PART)[0] for user in kept.users}),
                    state="leaving" if kept.going else "ready",
                )
                for kept in self._kept
            ]
            coming = [
                LoadedModel(model=model, state="failed" if problem else "loading", message=problem)
                for model, problem in self._loading.items()
            ]
        return there + coming

    def _load_now(self, model: str) -> None:
        problem = ""
        try:
            with self.user(f"load {model}"):
                self._load(model)
        except TrackingError as error:
            problem = str(error)
        except Exception as error:
            log.exception("%s couldn't be loaded.", model)
            problem = f"It couldn't be loaded ({type(error).__name__}: {error}). The machine's log holds the details."
        with self._lock:
            if problem:
                self._loading[model] = problem[:LONGEST_MESSAGE]
            else:
                self._loading.pop(model, None)
        log.info("%s: %s", model, problem or "in memory.")
        self.changed()

    # -------------------------------------------------------------- what leaves memory

    def when_gone(self, listener: Callable[[Collection[str]], None]) -> None:
        """Call ``listener`` with models whose networks have left, for who holds more of them; from any thread."""
        self._listeners.append(listener)

    def let_go_idle(self) -> None:
        """Let go of what nobody has used for long."""
        with self._lock:
            since = self._clock() - self.idle_s
            idle = [kept for kept in self._idle() if kept.used <= since]
            for kept in idle:
                log.info("%s: nobody used it for %.0f minutes; it leaves memory.", kept.model, self.idle_s / 60)
            self._drop(idle)

    def free(self, device: Kind, needed: int) -> bool:
        """Let go of what nobody uses on a device, the longest unused first, until ``needed`` bytes are free there.
        Returns whether something went."""
        gone = []
        with self._lock:
            for kept in sorted(self._idle(), key=lambda one: one.used):
                if self._free_now(device) >= needed:
                    break
                if kept.device == device:
                    log.info("%s leaves memory: it is needed for something else.", kept.model)
                    self._drop([kept])
                    gone.append(kept.model)
        return bool(gone)

    def _idle(self) -> Sequence[_Kept]:
        return [kept for kept in self._kept if not kept.users and kept.model not in self._pinned]

    def _drop(self, gone: Collection[_Kept]) -> None:
        if not gone:
            return
        models = {kept.model for kept in gone}
        self._kept = [kept for kept in self._kept if kept not in gone]
        for kept in gone:
            kept.value = None
        for listener in self._listeners:
            listener(models)
        give_memory_back()
        self.changed()

    # -------------------------------------------------------------- for the functions above

    def _take(self, build: Callable[[], object], key: Hashable, made: _Making, user: str) -> object:
        made.took = True
        whole = (made.model, made.files, key)
        with self._lock:
            lock = self._builds[whole]
        with lock:
            with self._lock:
                found = self._find(whole)
                if found is not None:
                    self._come(found, made, user)
                    return found.value
            self.free("cpu", made.nbytes + RESERVE_BYTES)
            value = build()
            nbytes = nbytes_of(value) or made.nbytes
            kept = _Kept(made.model, made.settings, whole, value, _device_of(value), nbytes, self._clock())
            with self._lock:
                self._kept.append(kept)
                self._come(kept, made, user)
        self.changed()
        return value

    def _find(self, key: Hashable, device: Kind | None = None) -> _Kept | None:
        """A network that stays, on a GPU before others."""
        found = [kept for kept in self._kept if kept.key == key and not kept.going and kept.value is not None]
        found = [kept for kept in found if device in (None, kept.device)]
        return max(found, key=lambda kept: kept.device == "cuda", default=None)

    def _come(self, kept: _Kept, made: _Making | None, user: str) -> None:
        if made is not None:
            if user not in kept.users:
                made.came.append(kept)
            kept.settings = made.settings
        self._use(kept, user)

    def _kept_as(self, network: object) -> _Kept | None:
        with self._lock:
            return next((kept for kept in self._kept if network in _modules(kept.value)), None)

    def _moved(self, kept: _Kept, network: nn.Module, device: torch.device, made: _Making | None, user: str) -> object:
        kind = kind_of_device(device)
        if kept.device == kind:
            return network
        with self._lock:
            found = self._find(kept.key, kind)
        if found is None:
            self.free(kind, kept.nbytes + RESERVE_BYTES)
            value = _on(kept.value, device)
            found = _Kept(kept.model, kept.settings, kept.key, value, kind, kept.nbytes, self._clock())
            with self._lock:
                self._kept.append(found)
        with self._lock:
            self._come(found, made, user)
            # Who came for it only now goes on with the other one.
            if made is not None and kept in made.came:
                kept.users.discard(user)
            if kept.device == "cpu" and not kept.users:
                self._drop([kept])
            place = _modules(kept.value).index(network) if kept.value is not None else 0
            return _modules(found.value)[place]

    def _note_unshared(self, made: _Making, user: str) -> None:
        key = (made.model, user, tuple(sorted(made.settings.items(), key=str)))
        with self._lock:
            there = next((kept for kept in self._kept if kept.key == key), None)
            if there is None:
                there = _Kept(made.model, made.settings, key, None, "cpu", made.nbytes, self._clock())
                self._kept.append(there)
            self._use(there, user)


def nbytes_of(value: object) -> int:
    """Bytes of the weights of the networks in what ``held`` takes; a tensor that several use counts once."""
    tensors = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        for module in _modules(value)
        for tensor in (*module.parameters(), *module.buffers())
    }
    return sum(tensors.values())


def _device_of(value: object) -> Kind:
    for module in _modules(value):
        for tensor in module.parameters():
            return kind_of_device(tensor.device)
    return "cpu"


def kind_of_device(device: torch.device) -> Kind:
    return "cuda" if device.type == "cuda" else "cpu"


def _modules(value: object) -> list[Any]:
    """The networks in a value: itself, those of a tuple, or the one that it calls ``network`` or ``model``."""
    if isinstance(value, tuple):
        return [module for part in value for module in _modules(part)]
    if hasattr(value, "named_parameters"):
        return [value]
    inner = getattr(value, "network", None) or getattr(value, "model", None)
    return [] if inner is None else _modules(inner)


def _on(value: object, device: torch.device) -> object:
    """A copy of a network, or of a tuple with some, on a device."""
    if isinstance(value, tuple):
        return tuple(_on(part, device) for part in value)
    return cast(Any, deepcopy(value)).to(device) if hasattr(value, "named_parameters") else value
