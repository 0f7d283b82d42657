"""What people do with tracking runs: start, correct, extend, stop."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from annotator import access, stored_shapes
from annotator.actions.edits.events import lock_layer
from annotator.actions.edits.layer_draft import FrameRange
from annotator.actions.edits.reach import spelt
from annotator.actions.edits.shown import shown_at
from annotator.actions.errors import ActionError
from annotator.actions.runs.automatic import choose_model
from annotator.actions.runs.dispatch import dispatch, finish, queue
from annotator.actions.runs.held import left_alone
from annotator.actions.runs.open_run import OpenRun
from annotator.actions.runs.rejoin import set_aside
from annotator.announce.messages import (
    AsMaskOptions,
    ClickedOn,
    FindOptions,
    RunCorrect,
    RunExtend,
    RunStart,
    RunStop,
)
from annotator.announce.progress import (
    WAYS,
    LegState,
    ObjectState,
    SearchState,
    Way,
    corrected_leg,
    corrected_ways,
    leg_end,
    make_leg,
    ways,
)
from annotator.announce.publish import announce_run, tell_agent
from annotator.models import Agent, Label, Layer, Project, Run, RunState, SweptVideo, User, VideoState
from annotator.offers import finder_for
from tracking import catalog
from tracking.association import registry as associations
from tracking.protocol import ClickAt, Clicks, Correct, Extend, Setting, Stop
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.payloads import shape_of
from tracking.shapes.values import GeometryKind, is_empty, kind_name
from tracking.types import TrackingError
from tracking.words import checked_words

ACTIVE = (RunState.QUEUED, RunState.RUNNING)


def start_run(*, user: User, layer_id: int, start: RunStart, swept: SweptVideo | None = None) -> Run:
    """Begin a run and give it to an agent, or let it wait for one. The same id again changes nothing.

    Args:
        swept: the video of a sweep that it serves; None: the person waits for it.

    Raises:
        Http404, PermissionDenied: the layer, or frames of the run, aren't the user's.
        ActionError: a run that can't be.
    """
    layer = access.access_layer(user, layer_id, "annotate")
    with transaction.atomic():
        layer = lock_layer(layer_id)
        known = Run.objects.filter(pk=start.id).first()
        if known is not None:
            if known.layer_id != layer_id:
                raise ActionError("A run has an id of its own; this one is taken. Start it again.")
            return known
        _check_start(user, layer, start)
        shapes = _prompted(layer, start)
        entry, chosen = _model_for(layer, start, shapes)
        _take_over(user, layer, {str(prompt.track) for prompt in start.prompts})
        run = Run(
            id=start.id,
            layer=layer,
            model=entry.id,
            chosen=chosen,
            machine=_named_machine(layer, start),
            model_settings=_settings_for(entry, start),
            first=start.first,
            last=start.last,
            direction=start.direction,
            options=start.options.model_dump(mode="json"),
            swept=swept,
            created_by=user,
        )
        opened = OpenRun(run, _objects_of(layer, start, shapes), _search_of(start, shapes))
        opened.save(insert=True)
        if start.options.redo:
            _begin_redo(opened, layer, shapes)
        dispatch(opened)
    return run


def correct_run(*, user: User, correct: RunCorrect) -> Run:
    """One object goes back to a frame, with what the layer shows there; the others go on. A run that is done goes on
    for it.

    Raises:
        Http404, PermissionDenied: the run isn't the user's to see, or to annotate.
        ActionError: it was stopped or failed, or reaches beyond the user's frames; the track or frame isn't one of its
            own, or shows nothing there.
    """
    layer_id = access.access_run(user, correct.run, "annotate").layer_id
    with transaction.atomic():
        layer = lock_layer(layer_id)
        opened = OpenRun.get(correct.run)
        run = opened.run
        if run.state not in (*ACTIVE, RunState.DONE):
            raise ActionError(f"A run that {run.get_state_display().lower()} takes no correction. Start another one.")
        track = str(correct.track)
        if track not in opened.objects:
            raise ActionError("A correction is for a track of the run; this one isn't in it. Start a run for it.")
        if not run.first <= correct.frame <= run.last:
            raise ActionError(f"A correction lies in the run's frames {run.first}..{run.last}; {correct.frame} came.")
        _check_control(user, layer, run)
        shape = _shown(layer, correct.track, correct.frame, shown_at(layer, [(correct.track, correct.frame)]))
        _entry_for(run.model, [shape], as_mask=opened.as_mask)
        if run.state == RunState.DONE:
            run.swept = None  # Somebody waits for it now.
        state = opened.objects[track]
        held = _held(opened, layer, correct.track, shape)
        cleared = _redo(opened, layer, correct.track, shape, held, _clicks(correct.clicked))
        set_aside(run, layer, correct.track, state, cleared, held)
        _go_on(opened, {track})
    return run


def extend_run(*, user: User, extend: RunExtend) -> Run:
    """Let a run end elsewhere. Objects that have reached the former end go on; those that left stay away.

    Raises:
        Http404, PermissionDenied: the run isn't the user's to see, or to annotate.
        ActionError: it was stopped or failed, or its frames, now or then, aren't the video's or the user's.
    """
    layer_id = access.access_run(user, extend.run, "annotate").layer_id
    with transaction.atomic():
        layer = lock_layer(layer_id)
        opened = OpenRun.get(extend.run)
        run = opened.run
        if run.state not in (*ACTIVE, RunState.DONE):
            raise ActionError(f"A run that {run.get_state_display().lower()} can't go on. Start another one.")
        _check_control(user, layer, run)
        _check_frames(layer, extend.first, extend.last)
        _check_editable(user, layer, extend.first, extend.last)
        run.first, run.last = extend.first, extend.last
        _take_over(user, layer, opened.objects.keys(), by=run)
        _move_ends(opened, layer, opened.objects)
    return run


def stop_run(*, user: User, stop: RunStop) -> Run:
    """Stop a run, or some of its tracks. What it stored stays; a run that ended already stays as it is."""
    layer_id = access.access_run(user, stop.run, "annotate").layer_id
    with transaction.atomic():
        layer = lock_layer(layer_id)
        opened = OpenRun.get(stop.run)
        if opened.run.state not in ACTIVE:
            return opened.run
        _check_control(user, layer, opened.run)
        if stop.tracks is None and opened.search is not None:
            opened.search.ended = True
        named = {str(track) for track in stop.tracks} if stop.tracks is not None else opened.objects
        _drop(opened, opened.objects.keys() & named)
    return opened.run


def respect_keyframes(layer: Layer, changed: Collection[UUID], deleted: Collection[UUID]) -> None:
    """After an edit of a locked layer: runs stop at keyframes that are new ahead of them, go on past those that are
    gone, and leave deleted tracks alone."""
    if not changed and not deleted:
        return
    for opened in _active(layer):
        gone = opened.objects.keys() & {str(track) for track in deleted}
        if gone:
            _drop(opened, gone)
        moved = opened.objects.keys() & {str(track) for track in changed} - gone
        if moved and opened.run.state in ACTIVE:
            _move_ends(opened, layer, moved)


def _active(layer: Layer) -> Iterator[OpenRun]:
    """The runs of a locked layer that aren't over."""
    runs = Run.objects.filter(layer=layer, state__in=ACTIVE)
    return map(OpenRun.of, runs.select_related("layer__video__project", "agent", "created_by"))


# ---------------------------------------------------------------- changing a run


def _begin_redo(opened: OpenRun, layer: Layer, shapes: Mapping[UUID, Row]) -> None:
    """A new run redoes what was predicted before: its objects were corrected where it starts."""
    run = opened.run
    for track, state in opened.objects.items():
        ranges = [(min(leg.head + leg.step, leg.last), max(leg.head + leg.step, leg.last)) for leg in state.unfinished]
        held = _held(opened, layer, UUID(track), shapes[UUID(track)])
        set_aside(run, layer, UUID(track), state, ranges, held)
    opened.save([])


def _held(opened: OpenRun, layer: Layer, track: UUID, shape: Row) -> list[int]:
    """The points that a correction leaves alone; none of an outline around a mask, which is another on every frame."""
    return [] if opened.as_mask else left_alone(layer, track, shape)


def _clicks(clicked: ClickedOn | None) -> Clicks | None:
    """What a shape came of, as agents are told; None where nothing was clicked."""
    if clicked is None or not (clicked.clicks or clicked.box):
        return None
    return Clicks(
        clicks=[ClickAt(x=each.x, y=each.y, positive=each.positive) for each in clicked.clicks], box=clicked.box
    )


def _redo(
    opened: OpenRun, layer: Layer, track: UUID, shape: Row, held: Sequence[int], clicked: Clicks | None
) -> list[FrameRange]:
    """Replace the corrected legs of an object, whose points ``held`` weren't corrected. Returns the frames whose
    predictions go."""
    run, state = opened.run, opened.objects[str(track)]
    state.epoch += 1
    keyframes = _keyframes(layer, [track], run.first, run.last).get(track, [])
    redone = corrected_ways(run.direction, start=state.start, frame=shape.frame)
    legs = [leg for leg in state.legs if leg.way not in redone and not leg.check]
    cleared: list[FrameRange] = []
    for way in redone:
        next_end = leg_end(way, frame=shape.frame, first=run.first, last=run.last, keyframes=keyframes)
        end = next_end if opened.until_keyframe else (run.last if way == "forward" else run.first)
        legs.append(corrected_leg(state, way, shape=shape, end=end, held=held, clicked=clicked))
        first, last = (shape.frame + 1, next_end) if way == "forward" else (next_end, shape.frame - 1)
        if first <= last:
            cleared.append((first, last))
    state.legs = [leg for way in WAYS for leg in legs if leg.way == way]
    return cleared


def _go_on(opened: OpenRun, changed: Iterable[str], *, anew: bool = False) -> None:
    """The legs of ``changed`` objects are others now: tell the run's agent, or give the run to one again. ``anew``: as
    it looks for new objects again."""
    run = opened.run
    run.tries = 0  # What it is asked for is something else now.
    opened.save()
    if run.state == RunState.RUNNING and run.agent_id is not None and not anew:
        for track, legs in opened.agent_legs(changed).items():
            tell_agent(run.agent_id, Correct(run=str(run.pk), object=track, legs=legs), layer_id=run.layer_id)
        announce_run(run)
        return
    run.message = ""
    queue(run, "")
    dispatch(opened)


def _drop(opened: OpenRun, dropped: Iterable[str]) -> None:
    """End some objects of a run; the run with the last of them."""
    run = opened.run
    for track in dropped:
        for leg in opened.objects[track].legs:
            leg.ended = True
    opened.save()
    if not opened.is_unfinished:
        if run.agent_id is not None:
            tell_agent(run.agent_id, Stop(run=str(run.pk)), layer_id=run.layer_id)
        finish(run, RunState.STOPPED)
        return
    for track in dropped:
        if run.agent_id is not None:
            tell_agent(run.agent_id, Correct(run=str(run.pk), object=track, legs=[]), layer_id=run.layer_id)
    announce_run(run)


def _move_ends(opened: OpenRun, layer: Layer, tracks: Iterable[str]) -> None:
    """Let the legs of ``tracks`` end at the run's bounds, or before the next keyframe where the run stops there, and
    looking for new objects at its bounds."""
    run, objects, tracks = opened.run, opened.objects, list(tracks)
    keyframes: dict[UUID, list[int]] = {}
    if opened.until_keyframe:
        keyframes = _keyframes(layer, [UUID(track) for track in tracks], run.first, run.last)
    restarted: set[str] = set()
    moved: dict[tuple[Way, int], list[str]] = {}
    for track in tracks:
        for leg in objects[track].legs:
            was_ended, former = leg.ended, leg.last
            ahead = keyframes.get(UUID(track), [])
            leg.move_end(leg_end(leg.way, frame=leg.head, first=run.first, last=run.last, keyframes=ahead))
            if was_ended and not leg.ended:
                restarted.add(track)
            elif leg.last != former and not was_ended:
                moved.setdefault((leg.way, leg.last), []).append(track)
    seeks_again = _move_search(opened)
    if not restarted and not moved and not seeks_again:
        opened.save()
        announce_run(run)
        return
    if run.state == RunState.RUNNING and run.agent_id is not None and not seeks_again:
        for (way, last), those in moved.items():
            extend = Extend(run=str(run.pk), direction=way, last=last, objects=sorted(set(those) - restarted))
            tell_agent(run.agent_id, extend, layer_id=run.layer_id)
    for track in restarted:
        objects[track].epoch += 1
    if seeks_again or restarted or run.state == RunState.QUEUED:
        _go_on(opened, restarted, anew=seeks_again)
    else:
        opened.save()
        announce_run(run)


def _move_search(opened: OpenRun) -> bool:
    """Let looking for new objects end at the run's bounds. Returns whether it had ended, and goes on now."""
    run, search = opened.run, opened.search
    if search is None:
        return False
    was_ended, former = search.ended, search.last
    search.move_end(run.first if search.way == "backward" else run.last)
    if search.last != former and not was_ended and run.state == RunState.RUNNING and run.agent_id is not None:
        extend = Extend(run=str(run.pk), direction=search.way, last=search.last, objects=[], search=True)
        tell_agent(run.agent_id, extend, layer_id=run.layer_id)
    return was_ended and not search.ended


def _take_over(user: User, layer: Layer, tracks: Collection[str], *, by: Run | None = None) -> None:
    """A run that takes up tracks ends what another one still does with them: two would write over each other. Raises
    ActionError when that one isn't the user's to end."""
    for other in _active(layer):
        taken = {track for track in other.objects.keys() & set(tracks) if other.objects[track].unfinished}
        if taken and (by is None or other.run.pk != by.pk):
            _check_control(user, layer, other.run)
            _drop(other, taken)


# ---------------------------------------------------------------- checks and plans


def _check_start(user: User, layer: Layer, start: RunStart) -> None:
    if layer.video.state != VideoState.READY:
        raise ActionError("A run needs a video that is ready; this one isn't yet.")
    _check_frames(layer, start.first, start.last)
    _check_editable(user, layer, start.first, start.last)
    if start.options.find is not None:
        check_find(layer.video.project, start.options.find)
    elif not start.prompts:
        raise ActionError(
            "A run follows what is prompted, or what it finds; this one has neither a prompt nor a finder."
        )
    _check_segmenter(start.options.as_mask)
    asked = [prompt.track for prompt in start.prompts]
    if len(set(asked)) < len(asked):
        raise ActionError("A run starts each track from one prompt; one track has two.")
    for prompt in start.prompts:
        if not start.first <= prompt.frame <= start.last:
            raise ActionError(
                f"A prompt lies in the run's frames {start.first}..{start.last}; one is on frame {prompt.frame}."
            )
    there = set(layer.tracks.filter(pk__in=asked, deleted_at=None).values_list("pk", flat=True))
    if missing := set(asked) - there:
        raise ActionError(f"A run follows tracks of its layer; {len(missing)} of these aren't there (any more).")


def _named_machine(layer: Layer, start: RunStart) -> Agent | None:
    """Raises ActionError when the machine that was named isn't one that works for the layer's workspace."""
    if start.machine is None:
        return None
    workspace_id = layer.video.project.workspace_id
    serving = Agent.objects.let_in().filter(Q(workspace=None) | Q(workspace_id=workspace_id))
    named = serving.filter(pk=start.machine).first()
    if named is None:
        raise ActionError("The machine that was chosen isn't there any more. Choose another one, or “Automatic”.")
    return named


def _check_frames(layer: Layer, first: int, last: int) -> None:
    if not first <= last < layer.video.frame_count:
        raise ActionError(
            f"A run's frames lie in 0..{layer.video.frame_count - 1}, first before last; {first}..{last} came."
        )


def _check_control(user: User, layer: Layer, run: Run) -> None:
    """A run is for those to change who might have started it: it reaches all of its frames."""
    ranges = access.editable_ranges(user, layer)
    if not any(start <= run.first and run.last <= end for start, end in ranges):
        whose = f" of {run.created_by}" if run.created_by is not None else ""
        raise ActionError(
            f"The run{whose} writes to the frames {run.first}..{run.last}; yours are {spelt(ranges)}. "
            "Ask them or a reviewer to change it."
        )


def _check_editable(user: User, layer: Layer, first: int, last: int) -> None:
    ranges = access.editable_ranges(user, layer)
    if not any(start <= first and last <= end for start, end in ranges):
        raise ActionError(
            f"A run writes to frames that you may change ({spelt(ranges)}); this one would to {first}..{last}."
        )


def _prompted(layer: Layer, start: RunStart) -> dict[UUID, Row]:
    """What each track of a run starts from."""
    shown = shown_at(layer, [(prompt.track, prompt.frame) for prompt in start.prompts])
    return {prompt.track: _shown(layer, prompt.track, prompt.frame, shown) for prompt in start.prompts}


def _shown(layer: Layer, track: UUID, frame: int, shown: Mapping[tuple[UUID, int], Row]) -> Row:
    """A shape that something can be followed from. Raises ActionError when the layer shows none there."""
    row = shown.get((track, frame))
    if row is None or row.kind == Kind.TAG:
        name = layer.tracks.filter(pk=track).first()
        raise ActionError(f"A run goes on from a shape; {name or 'a track'} has none on frame {frame}. Draw one there.")
    if is_empty(shape_of(row)):
        raise ActionError(f"A run goes on from a shape that shows something; the one on frame {frame} is empty.")
    return row


def _search_of(start: RunStart, shapes: Mapping[UUID, Row]) -> SearchState | None:
    """Where a run looks for new objects: in one direction, which is forward for both, and where something is prompted
    from there on, as that comes to the frames before by being followed. What was linked has been looked for as far as
    it has come."""
    if start.options.find is None:
        return None
    way: Way = "backward" if start.direction == "backward" else "forward"
    origin, last = (start.last, start.first) if way == "backward" else (start.first, start.last)
    prompted = [prompt.frame for prompt in start.prompts]
    if prompted:
        origin = max(prompted) if way == "backward" else min(prompted)
    linked = [prompt.frame for prompt in start.prompts if _goes_on_linked(start, shapes[prompt.track])]
    if linked:
        origin = min(linked) if way == "backward" else max(linked)
    return SearchState(way=way, origin=origin, last=last, every=start.options.find.every)


def _model_for(layer: Layer, start: RunStart, shapes: Mapping[UUID, Row]) -> tuple[catalog.ModelEntry, str]:
    """The model that is asked for, or the best that is ready for the shapes' kind, and why it is that one; what is
    found is a box mostly."""
    as_mask = start.options.as_mask is not None
    if start.model:
        return _entry_for(start.model, shapes.values(), as_mask=as_mask), ""
    try:
        return choose_model(layer.video.project.workspace_id, _kinds_of(shapes.values()), as_mask=as_mask)
    except TrackingError as error:
        raise ActionError(str(error)) from error


def _entry_for(model: str, shapes: Iterable[Row], *, as_mask: bool) -> catalog.ModelEntry:
    try:
        return catalog.entry_for(model, _kinds_of(shapes), as_mask=as_mask)
    except TrackingError as error:
        raise ActionError(str(error)) from error


def _kinds_of(shapes: Iterable[Row]) -> list[GeometryKind]:
    return sorted({kind_name(row.kind) for row in shapes}) or ["box"]


def _settings_for(entry: catalog.ModelEntry, start: RunStart) -> dict[str, Setting]:
    try:
        return catalog.checked_settings(entry, start.settings)
    except TrackingError as error:
        raise ActionError(str(error)) from error


def check_find(project: Project, find: FindOptions) -> None:
    """Raises ActionError where a finder, its classes or the project's labels aren't there."""
    try:
        entry = finder_for(project.workspace_id, find.finder)
    except TrackingError as error:
        raise ActionError(str(error)) from error
    if find.linked is not None:
        _check_linked(entry, find.linked, find.mask_model)
    if entry.by_word:
        _check_words(find.labels)
    elif unknown := sorted(find.labels.keys() - set(entry.classes)):
        raise ActionError(f"{entry.name} finds objects of its own classes; {', '.join(unknown)} is none of them.")
    wanted = set(find.labels.values())
    if Label.objects.filter(project=project, pk__in=wanted).count() < len(wanted):
        raise ActionError("What is found gets labels of the project; one of these isn't there (any more).")


def _check_words(words: Iterable[str]) -> None:
    try:
        checked_words(words)
    except TrackingError as error:
        raise ActionError(str(error)) from error


def _check_linked(entry: catalog.FinderEntry, association: str, mask_model: str | None) -> None:
    try:
        linking = associations.find(association)
        if mask_model is not None:
            catalog.entry_for(mask_model, ["mask"])
    except TrackingError as error:
        raise ActionError(str(error)) from error
    if entry.factory:
        raise ActionError(
            f"{linking.name} links what a detector sees; {entry.name} is none. Choose a detector, or let the tracker "
            "follow what is found."
        )


def _check_segmenter(as_mask: AsMaskOptions | None) -> None:
    try:
        if as_mask is not None and as_mask.segmenter is not None:
            catalog.find_segmenter(as_mask.segmenter)
    except TrackingError as error:
        raise ActionError(str(error)) from error


def _objects_of(layer: Layer, start: RunStart, shapes: Mapping[UUID, Row]) -> dict[str, ObjectState]:
    tracks = [prompt.track for prompt in start.prompts]
    keyframes = _keyframes(layer, tracks, start.first, start.last)
    objects: dict[str, ObjectState] = {}
    for prompt in start.prompts:
        ahead = keyframes.get(prompt.track, [])
        legs: list[LegState] = []
        for way in ways(start.direction):
            end = leg_end(
                way,
                frame=prompt.frame,
                first=start.first,
                last=start.last,
                keyframes=ahead if start.options.until_keyframe else [],
            )
            # The prompt is mostly a keyframe, and then there already; only one of two ways may store it otherwise.
            emit_first = prompt.frame not in ahead and not legs
            shape = shapes[prompt.track]
            linked = _goes_on_linked(start, shape)
            leg = make_leg(
                way, shape=shape, end=end, emit_first=emit_first, linked=linked, clicked=_clicks(prompt.clicked)
            )
            legs.append(leg)
        objects[str(prompt.track)] = ObjectState(start=prompt.frame, legs=legs)
    return objects


def _goes_on_linked(start: RunStart, shape: Row) -> bool:
    """Whether a prompt was linked before, and is on; what a person drew is followed."""
    find = start.options.find
    return find is not None and find.linked is not None and bool(shape.flags & Flag.PREDICTED)


def _keyframes(layer: Layer, tracks: Collection[UUID], first: int, last: int) -> dict[UUID, list[int]]:
    """The keyframes of some tracks in ``first..last``, rising."""
    chunks = layer.chunks.filter(stored_shapes.holding(first, last), track_id__in=tracks, keyframes__gt=0)
    found: dict[UUID, list[int]] = {}
    for track_id, table in stored_shapes.read(chunks):
        frames = table.frames[(table.flags & Flag.KEYFRAME) != 0].tolist()
        found.setdefault(track_id, []).extend(frame for frame in frames if first <= frame <= last)
    return found
