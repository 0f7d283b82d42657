"""Which agent does which run, and what happens to runs when agents come and go.

Everything here expects the layers of the runs it changes to be locked, and says so to everybody once it is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.dispatch import Signal
from django.utils import timezone

from annotator.actions.edits.events import lock_layer
from annotator.actions.runs.choosing import AtWork, Machine, decide
from annotator.actions.runs.condense import join_later
from annotator.actions.runs.open_run import OpenRun
from annotator.actions.runs.sentences import one_each
from annotator.actions.webhooks.telling import tell_run
from annotator.announce.publish import announce_run, tell_agent
from annotator.announce.waiting import carrier_of, finder_of, place_of, waiting_runs, waiting_with
from annotator.media.agent_access import video_access
from annotator.models import Agent, Run, RunState, Sweep, SweepState, Workspace
from tracking import catalog
from tracking.protocol import AsMask, Find, Link, Start, Stop

TRIES = 3
"""How often a run is given to an agent without getting on, before it fails."""
GIVEN_WAY = "It gave way to what somebody tracks in the editor, and goes on after that."
GIVEN_UP = (
    f"It was begun {TRIES} times without getting on by a frame, so it isn't begun again. Start one on another frame or "
    "with another model; the agent's log says what happened there."
)

GIVING = 0x46574752
"""The database's lock that is held while runs are given to machines."""

run_ended = Signal()
"""``run``: it is done, was stopped or has failed. Sent within the transaction that ends it."""


def requeue_runs_of(agent_id: int) -> list[UUID]:
    """An agent is gone: its runs go back to the queue, and to another agent if there is one. Returns which."""
    with transaction.atomic():
        _give_alone(wait=True)
        runs = list(_locked(Run.objects.filter(agent_id=agent_id, state=RunState.RUNNING)))
        waited = {run.pk for run in runs if place_of(run) is not None}
        for run in runs:
            if run.pk in waited:
                run.tries = max(0, run.tries - 1)  # It was not yet its turn.
            queue(run, "Its agent is gone; it goes on as soon as one is there.")
            dispatch(OpenRun.of(run))
    return [run.pk for run in runs]


def dispatch_queued(*, agent_id: int | None = None, its_own: Collection[UUID] = ()) -> None:
    """There may be room for what waits: whatever is next and fits begins.

    Args:
        agent_id: an agent that has come back.
        its_own: what that one is at work on still, and so gets also while it is in maintenance.
    """
    if not Run.objects.filter(state=RunState.QUEUED).exists():
        return
    with transaction.atomic():
        _give_alone(wait=True)
        plan = _planned({agent_id: frozenset(its_own)} if agent_id is not None else {})
        agents = Agent.objects.in_bulk(plan.values())
        for run in _locked(Run.objects.filter(pk__in=plan, state=RunState.QUEUED)):
            dispatch(OpenRun.of(run), to=agents.get(plan[run.pk]))


def _dispatch_soon(run: Run, **_: object) -> None:
    if Run.objects.filter(state=RunState.QUEUED).exclude(pk=run.pk).exists():
        transaction.on_commit(dispatch_queued, robust=True)


run_ended.connect(_dispatch_soon, dispatch_uid="queue")


def choose_agent(run: Run) -> Agent | None:
    """The agent that a queued run begins on now; None: it waits. See ``choosing.decide``."""
    chosen = _planned({}).get(run.pk)
    return None if chosen is None else Agent.objects.filter(pk=chosen).first()


def _planned(back: Mapping[int, frozenset[UUID]]) -> dict[UUID, int]:
    """Which runs begin now, and with which agents.

    Args:
        back: by agent that has come back, what it is at work on still.
    """
    slow = {entry.id for entry in catalog.entries() if not entry.on_cpu}
    return decide(waiting_runs(), _machines(back), _limits(), slow)


def _machines(back: Mapping[int, frozenset[UUID]]) -> list[Machine]:
    at_work: dict[int, list[AtWork]] = {}
    workspace = "layer__video__project__workspace_id"
    given = Run.objects.filter(state=RunState.RUNNING).exclude(agent=None)
    for agent_id, person, of, swept in given.values_list("agent_id", "created_by_id", workspace, "swept_id"):
        at_work.setdefault(agent_id, []).append(AtWork(person, of, swept is not None))
    return [
        Machine(
            id=agent.pk,
            workspace=agent.workspace_id,
            models=frozenset(agent.info.get("models", ())),
            finders=frozenset(agent.info.get("finders", ())),
            warm=frozenset(each["model"] for each in agent.info.get("loaded", ()) if each["state"] == "ready"),
            at_work=tuple(at_work.get(agent.pk, ())),
            runs_at_once=int(agent.info.get("runs_at_once", 1)),
            cpu=float(agent.info.get("cpu", 0.0)),
            has_gpu=any(device.get("kind") == "cuda" for device in agent.info.get("devices", ())),
            keeps=back.get(agent.pk, frozenset()) if agent.resting else None,
        )
        for agent in Agent.objects.let_in().filter(connected=True)
    ]


def _limits() -> dict[int, int]:
    limited = Workspace.objects.exclude(runs_at_once=None).values_list("pk", "runs_at_once")
    return {workspace: limit for workspace, limit in limited if limit is not None}


def has_free_agent(sweep: Sweep) -> bool:
    """Whether an agent that does nothing else could begin a video of a sweep, and its workspace may have one more."""
    agents = able_agents(sweep)
    return not all(_busy(agents).values()) and not _is_at_limit(sweep.project.workspace)


def _is_at_limit(workspace: Workspace) -> bool:
    if workspace.runs_at_once is None:
        return False
    going = Run.objects.filter(state=RunState.RUNNING, layer__video__project__workspace=workspace)
    return going.exclude(agent=None).count() >= workspace.runs_at_once


def able_agents(sweep: Sweep) -> list[Agent]:
    """Those connected that have what a sweep needs."""
    return _able(sweep.project.workspace_id, sweep.model, {"find": sweep.find})


def _able(workspace_id: int, model: str, options: Mapping[str, Any]) -> list[Agent]:
    """Connected agents that serve a workspace, aren't in maintenance, and have what a run of a model with these options
    needs."""
    finder, carrier = finder_of(options), carrier_of(options)
    return [
        agent
        for agent in Agent.objects.taking_runs()
        if agent.workspace_id in (None, workspace_id)
        and {model, carrier or model} <= set(agent.info.get("models", ()))
        and (finder is None or finder in agent.info.get("finders", ()))
    ]


def _busy(agents: Collection[Agent]) -> dict[int, int]:
    """How many runs each has been given."""
    return {agent.pk: Run.objects.filter(agent=agent, state=RunState.RUNNING).count() for agent in agents}


def needed(model: str, options: Mapping[str, Any]) -> str:
    """The names of what an agent must have for a run with these options."""
    wanted = dict.fromkeys((model, finder_of(options), carrier_of(options)))
    return " and ".join(catalog.name_of(each) for each in wanted if each is not None)


def _locked(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Runs, oldest first, as they are once all of their layers are locked."""
    for layer_id in sorted(set(runs.order_by().values_list("layer_id", flat=True))):
        lock_layer(layer_id)
    return runs.select_related("layer__video__project__workspace", "created_by", "swept__sweep", "machine")


def spare_tries(agent_id: int, run_ids: Collection[str]) -> None:
    """An agent has come back that still works on some runs: they lost a connection, which is no try of theirs."""
    lost = Q(state=RunState.QUEUED) | Q(agent_id=agent_id, state=RunState.RUNNING)
    named = [run.pk for run in Run.objects.filter(lost, tries__gt=0).only("pk") if str(run.pk) in run_ids]
    Run.objects.filter(pk__in=named).update(tries=F("tries") - 1)


def queue(run: Run, why: str) -> None:
    """Let a run wait for an agent; ``why``, for its card, which keeps what it said before. Everybody watching is
    told."""
    run.state, run.agent, run.waiting, run.finished_at = RunState.QUEUED, None, why, None
    run.save(update_fields=["state", "agent", "message", "waiting", "tries", "finished_at"])
    announce_run(run)


def _give_alone(*, wait: bool) -> bool:
    """Let no other transaction give runs to machines until this one ends: two web processes would both see the last
    free place of one. Returns whether that is so.

    Args:
        wait: for another one to end. Only who holds no layer yet may: the other may need it.
    """
    if connection.vendor != "postgresql":
        return True  # SQLite has one transaction at a time that writes.
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GIVING])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [GIVING])
        return bool(cursor.fetchone()[0])


def dispatch(opened: OpenRun, *, to: Agent | None = None, why: str = "") -> None:
    """Give a queued run to an agent: to the one that was chosen for it, or to the best one if it is its turn; else it
    waits. A run with nothing left to do is done; one that ended its
    agent, or came back from it, ``TRIES`` times without getting on has failed. ``why``: what its card tells besides."""
    run = opened.run
    if not opened.is_unfinished:
        finish(run, RunState.DONE, "" if run.started_at else _why_nothing(opened))
        return
    if run.tries >= TRIES:
        finish(run, RunState.FAILED, GIVEN_UP)
        return
    if run.swept is not None and run.swept.sweep.state != SweepState.RUNNING:
        return  # It goes on with its sweep.
    # Who else gives runs to machines right now may take the last place: then it is looked again once that is over.
    agent = to or (choose_agent(run) if _give_alone(wait=False) else None)
    if agent is None:
        run.waiting = run.waiting or _why_waiting(run)
        run.save(update_fields=["waiting"])
        announce_run(run)
        for other in waiting_with(run):  # whose turn may come later now
            announce_run(other)
        transaction.on_commit(partial(_look_again, run.pk), robust=True)
        return
    opened.follow_corrected()
    as_mask, told = _as_mask(run, agent)
    run.message = one_each(run.message, (why, told, _linked_anew(opened)))
    run.state, run.agent, run.waiting, run.tries = RunState.RUNNING, agent, "", run.tries + 1
    run.started_at = run.started_at or timezone.now()
    opened.save(["state", "agent", "message", "waiting", "tries", "started_at"])
    start = Start(
        run=str(run.pk),
        model=run.model,
        settings=run.model_settings,
        video=video_access(run.layer.video, agent),
        legs=[leg for legs in opened.agent_legs(opened.objects).values() for leg in legs],
        detect_off_screen=bool(run.options.get("detect_off_screen", True)),
        find=_find(opened),
        as_mask=as_mask,
        link=_link(opened),
    )
    tell_agent(agent.pk, start, layer_id=run.layer_id, doubtful_below=run.options.get("confidence_threshold", 0.0))
    announce_run(run)
    if run.swept is None:
        transaction.on_commit(partial(_make_room, agent.pk), robust=True)


def _why_waiting(run: Run) -> str:
    """What a run without an agent waits for, and which machines would do but for their maintenance; empty: only for
    its turn."""
    workspace = run.layer.video.project.workspace
    workspace_id = workspace.pk
    able = _able(workspace_id, run.model, run.options)
    if run.machine is not None:
        if not any(agent.pk == run.machine_id for agent in able):
            return f"It waits for {run.machine}, which is away, in maintenance, or lacks the model."
        return f"It waits for its turn on {run.machine}."
    if able and _is_at_limit(workspace):
        runs = "run" if workspace.runs_at_once == 1 else "runs"
        return f"{workspace} has its {workspace.runs_at_once} {runs} at once under way."
    if able:
        return ""
    told = f"It waits for an agent that can run {needed(run.model, run.options)}."
    resting = Agent.objects.let_in().filter(connected=True, resting=True)
    names = [
        agent.name if agent.workspace_id is not None else "this server"
        for agent in resting
        if agent.workspace_id in (None, workspace_id) and run.model in agent.info.get("models", ())
    ]
    return f"{told} In maintenance: {', '.join(names)}." if names else told


def _look_again(run_id: UUID) -> None:
    """For a run that found no agent, now that others see that it waits: one that came meanwhile did not see it yet."""
    with transaction.atomic():
        _give_alone(wait=True)
        for run in _locked(Run.objects.filter(pk=run_id, state=RunState.QUEUED)):
            if choose_agent(run) is not None:
                dispatch(OpenRun.of(run))


def _make_room(agent_id: int) -> None:
    """What somebody waits for goes first: where it would have to wait for its turn, a run of a sweep gives way."""
    given = Run.objects.filter(agent=agent_id, state=RunState.RUNNING)
    at_once = int(Agent.objects.get(pk=agent_id).info.get("runs_at_once", 1))
    if given.count() <= at_once:
        return
    with transaction.atomic():
        for run in list(_locked(given.filter(swept__isnull=False))):
            withdraw(run, GIVEN_WAY)


def withdraw(run: Run, why: str) -> None:
    """Take a run, whose layer is locked, from its agent and let it wait; that was no try of its."""
    if run.state == RunState.RUNNING and run.agent_id is not None:
        tell_agent(run.agent_id, Stop(run=str(run.pk)), layer_id=run.layer_id)
        run.tries = max(0, run.tries - 1)
    queue(run, why)


def _as_mask(run: Run, agent: Agent) -> tuple[AsMask | None, str]:
    """What an agent is to make masks of boxes by, and what the person should know of that: the segmenter that was asked
    for, or where the agent lacks it the default one."""
    asked = run.options.get("as_mask")
    if not asked:
        return None, ""
    wanted = asked["segmenter"] or catalog.DEFAULT_SEGMENTER
    if wanted == catalog.DEFAULT_SEGMENTER or wanted in agent.info.get("segmenters", ()):
        return AsMask(segmenter=wanted), ""
    usual = catalog.find_segmenter(catalog.DEFAULT_SEGMENTER)
    lacking = f"The agent {agent.name} doesn't have {catalog.find_segmenter(wanted).name}"
    return AsMask(segmenter=usual.id), f"{lacking}: what is in boxes is found by {usual.name}."


def _why_nothing(opened: OpenRun) -> str:
    """Why a run is over before it began: each of its objects ends where it starts."""
    run = opened.run
    legs = [leg for state in opened.objects.values() for leg in state.legs]
    if all(leg.origin == (run.last if leg.way == "forward" else run.first) for leg in legs):
        return f"Nothing to track: it starts at the end of its frames, {run.first} to {run.last}."
    return "Nothing to track: the next frame on its way has a keyframe, where it stops. Start beyond that one."


def finish(run: Run, state: RunState, message: str = "") -> None:
    """End a run and tell everybody watching; ``message``: why, for its card."""
    run.state, run.message, run.waiting, run.finished_at = state, message, "", timezone.now()
    run.save(update_fields=["state", "message", "waiting", "finished_at"])
    if state != RunState.DONE:  # Only that can be made to go on.
        run.prompts.all().delete()
    tell_run(run)
    announce_run(run)
    run_ended.send(sender=Run, run=run)
    join_later(run)
    for waiting in waiting_with(run):
        announce_run(waiting)


def _find(opened: OpenRun) -> Find | None:
    """What the agent is to look for, by the finder's own names, on the frames that are left."""
    asked, search = opened.run.options.get("find"), opened.search
    if not asked or search is None or search.ended:
        return None
    return Find(
        finder=asked["finder"],
        every=search.every,
        classes=sorted(asked["labels"]),
        direction=search.way,
        # What links begins with what is in sight where it had come to.
        frame=search.next if search.at is None or opened.linked is None else search.at,
        last=search.last,
        confidence=asked["confidence"],
        region=asked["region"],
    )


def _link(opened: OpenRun) -> Link | None:
    """What links the objects of a run that aren't followed; None: all are."""
    run, association, search = opened.run, opened.linked, opened.search
    if association is None or search is None:
        return None
    find = run.options["find"]
    going = [UUID(key) for key, state in opened.objects.items() if any(leg.linked for leg in state.unfinished)]
    labels = run.layer.tracks.filter(pk__in=going).values_list("pk", "label")
    return Link(
        association=association,
        detector=find["finder"],
        origin=search.origin,
        every=search.every,
        rate=run.layer.video.fps,
        # Classes that become one label are one: a van that is held to be a truck now and then is one object.
        kinds={name: str(label) for name, label in find["labels"].items()},
        objects={str(track): str(label) for track, label in labels},
        confidence=find["confidence"],
        mask_model=find.get("mask_model"),
    )


def _linked_anew(opened: OpenRun) -> str:
    """What the person should know of a linked run that goes on: an association's memory is gone with its agent."""
    search = opened.search
    if opened.linked is None or search is None or search.at is None or opened.run.started_at is None:
        return ""
    return (
        f"Linking began anew on frame {search.at}: it goes on from the boxes that are stored, and learns again how "
        "they move. Objects that were hidden there may come back as new tracks."
    )
