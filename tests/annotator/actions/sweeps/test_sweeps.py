"""A model over several videos: agents share them, people's runs go first, and nothing is lost on the way."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied

from annotator.actions.errors import ActionError
from annotator.actions.projects import archive_project
from annotator.actions.runs.store import fail_run
from annotator.actions.sweeps.begin import SweepIn, begin_sweep
from annotator.actions.sweeps.standing import standing_of
from annotator.actions.sweeps.steps import steps_for
from annotator.models import Agent, Layer, LayerKind, Run, RunState, Sweep, Track
from tests.annotator.actions.sweeps.conftest import Sweeping
from tests.annotator.worlds import do, draw, frames_of, make_agent, rows_of, update
from tracking.protocol import Start, Stop
from tracking.shapes.chunks import Flag


def track_of(run: Run) -> UUID:
    (key,) = Run.objects.get(pk=run.pk).objects_state
    return UUID(key)


def test_every_track_is_continued_by_an_ordinary_run(sweeping: Sweeping) -> None:
    one, two = draw(sweeping.world, 0), draw(sweeping.world, 40)
    sweep = sweeping.begin()
    (run,) = sweeping.runs(sweep)
    (start,) = sweeping.desk.told(Start)
    assert {leg.prompt.object: (leg.prompt.frame, leg.last) for leg in start.legs} == {
        str(one): (0, 99),
        str(two): (40, 99),
    }
    assert (run.state, run.created_by, run.layer) == (RunState.RUNNING, sweeping.manager, sweeping.world.layer)

    sweeping.end(run)
    sweep.refresh_from_db()
    swept = sweeping.only(sweep)
    assert (sweep.state, swept.state, swept.tracks, swept.done, swept.total) == ("done", "done", 2, 158, 158)
    assert frames_of(two) == list(range(40, 100))


def test_an_agent_takes_one_video_after_the_other(sweeping: Sweeping) -> None:
    videos = [sweeping.add_video(f"{name}.mp4") for name in "abc"]
    sweep = sweeping.begin(videos)
    for ended in range(3):
        assert sweeping.states(sweep) == ["done"] * ended + ["running"] + ["waiting"] * (2 - ended)
        (run,) = sweeping.runs(sweep, RunState.RUNNING)
        assert run.layer.video == videos[ended]
        sweeping.end(run)
    sweep.refresh_from_db()
    assert sweep.state == "done"


def test_several_agents_share_the_videos(sweeping: Sweeping) -> None:
    make_agent(sweeping.world, "second")
    make_agent(sweeping.world, "without the model", models=["framewise-flow"])
    sweep = sweeping.begin([sweeping.add_video(f"{name}.mp4") for name in "abc"])
    assert sweeping.states(sweep) == ["running", "running", "waiting"]
    assert len({run.agent_id for run in sweeping.runs(sweep)}) == 2


def test_two_sweeps_take_turns(sweeping: Sweeping) -> None:
    videos = [sweeping.add_video(f"{name}.mp4") for name in "abcd"]
    one, two = sweeping.begin(videos[:2]), sweeping.begin(videos[2:])
    began = []
    for _ in range(4):
        run = Run.objects.get(state=RunState.RUNNING)
        assert run.swept is not None
        began.append(run.swept.sweep_id)
        sweeping.end(run)
    assert began == [one.pk, two.pk, one.pk, two.pk]


def test_nothing_begins_while_the_agent_tracks_for_somebody(sweeping: Sweeping) -> None:
    track = draw(sweeping.world, 0)
    run = sweeping.desk.start(track)
    sweep = sweeping.begin([sweeping.add_video("a.mp4")])
    assert sweeping.states(sweep) == ["waiting"]
    assert standing_of(sweep).message.startswith("It waits until an agent is free")
    sweeping.end(run, [track])
    assert sweeping.states(sweep) == ["running"]


def test_a_run_that_somebody_waits_for_never_waits_for_a_sweep(sweeping: Sweeping) -> None:
    sweep = sweeping.begin([sweeping.add_video("a.mp4")])
    (swept,) = sweeping.runs(sweep)
    with sweeping.commit(execute=True):
        sweeping.desk.predict(swept, track_of(swept), 1, 30)
        run = sweeping.desk.start(track := draw(sweeping.world, 0))
    assert Run.objects.get(pk=swept.pk).state == RunState.QUEUED
    assert [stop.run for stop in sweeping.desk.told(Stop)] == [str(swept.pk)]
    sweeping.end(run, [track])
    swept.refresh_from_db()
    assert (swept.state, swept.tries) == (RunState.RUNNING, 1)
    assert [leg.prompt.frame for leg in sweeping.desk.told(Start)[-1].legs] == [30]


def test_an_agent_with_room_for_several_runs_goes_on_beside_one_of_a_person(sweeping: Sweeping) -> None:
    Agent.objects.update(info={"models": ["framewise-cf"], "runs_at_once": 2})
    sweep = sweeping.begin([sweeping.add_video("a.mp4")])
    with sweeping.commit(execute=True):
        sweeping.desk.start(draw(sweeping.world, 0))
    assert {run.state for run in Run.objects.all()} == {RunState.RUNNING}
    assert sweeping.states(sweep) == ["running"]


def test_results_may_go_to_a_new_layer(sweeping: Sweeping) -> None:
    track = draw(sweeping.world, 0, 7)
    sweep = sweeping.begin(destination="layer", layer_name="night run")
    sweeping.end(sweeping.runs(sweep)[0])
    swept = sweeping.only(sweep)
    assert swept.layer is not None
    assert (swept.layer.kind, swept.layer.name) == (LayerKind.MODEL, "night run")
    copy = swept.layer.tracks.get()
    assert (copy.number, copy.label) == (Track.objects.get(pk=track).number, sweeping.world.car)
    assert [row.frame for row in rows_of(copy.pk)] == list(range(7, 100))
    assert rows_of(copy.pk)[0].flags == Flag.KEYFRAME
    assert frames_of(track) == [0, 7]
    again = sweeping.begin(destination="layer", layer_name="night run")
    assert sweeping.only(again).layer.name == "night run 2"  # type: ignore[union-attr]


def test_it_pauses_and_goes_on(sweeping: Sweeping) -> None:
    sweep = sweeping.begin([sweeping.add_video("a.mp4"), sweeping.add_video("b.mp4")])
    (run,) = sweeping.runs(sweep)
    sweeping.desk.predict(run, track_of(run), 1, 49)
    sweep = sweeping.step(sweep, "pause")
    sweeping.advance()
    make_agent(sweeping.world, "second")
    sweeping.advance()
    run.refresh_from_db()
    assert (sweep.state, run.state, sweeping.states(sweep)) == ("paused", RunState.QUEUED, ["running", "waiting"])
    assert [stop.run for stop in sweeping.desk.told(Stop)] == [str(run.pk)]
    assert standing_of(sweep).done == 49
    sweep = sweeping.step(sweep, "resume")
    assert (sweep.state, sweeping.states(sweep)) == ("running", ["running", "running"])
    assert Run.objects.get(pk=run.pk).tries == 1
    assert [leg.prompt.frame for leg in sweeping.desk.told(Start)[1].legs] == [49]


def test_what_was_done_is_kept_when_it_is_cancelled(sweeping: Sweeping) -> None:
    track = draw(sweeping.world, 0)
    sweep = sweeping.begin([sweeping.world.video, sweeping.add_video("b.mp4")])
    (run,) = sweeping.runs(sweep)
    sweeping.desk.predict(run, track, 1, 20)
    sweep = sweeping.step(sweep, "cancel")
    run.refresh_from_db()
    assert (run.state, sweep.state, sweep.message) == (RunState.STOPPED, "cancelled", "manager cancelled it.")
    assert frames_of(track) == list(range(21))
    assert list(sweep.videos.values_list("state", "done", "tracks")) == [("cancelled", 20, 1), ("cancelled", 0, 0)]
    assert steps_for(sweep) == []
    with pytest.raises(ActionError, match="It is cancelled, so this can't be done now"):
        sweeping.step(sweep, "resume")


def test_a_video_that_fails_keeps_no_other_from_its_turn_and_can_be_tried_again(sweeping: Sweeping) -> None:
    sweep = sweeping.begin([sweeping.add_video("a.mp4"), sweeping.add_video("b.mp4")])
    run = sweeping.runs(sweep)[0]
    sweeping.desk.predict(run, track_of(run), 1, 39)
    with sweeping.commit(execute=True):
        fail_run(run_id=run.pk, message="Out of memory.")
    assert sweeping.states(sweep) == ["failed", "running"]
    assert sweep.videos.first().message == "Out of memory."  # type: ignore[union-attr]
    sweeping.step(sweep, "retry")
    sweeping.end(sweeping.runs(sweep, RunState.RUNNING)[0])
    assert [leg.prompt.frame for leg in sweeping.desk.told(Start)[-1].legs] == [39]
    sweeping.end(sweeping.runs(sweep, RunState.RUNNING)[0])
    assert sweeping.states(sweep) == ["done", "done"]


def test_a_run_that_is_stopped_in_the_editor_lets_the_next_video_begin(sweeping: Sweeping) -> None:
    draw(sweeping.world, 0)
    sweep = sweeping.begin([sweeping.world.video, sweeping.add_video("b.mp4", drawn=False)])
    with sweeping.commit(execute=True):
        sweeping.desk.stop(sweeping.runs(sweep)[0])
    assert sweeping.states(sweep) == ["stopped", "skipped"]
    sweep.refresh_from_db()
    assert sweep.state == "done"


def test_more_tracks_than_one_run_takes_are_continued_by_several(
    sweeping: Sweeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.actions.sweeps.advance.MOST_PROMPTS", 2)
    tracks = [draw(sweeping.world, frame) for frame in (0, 1, 2)]
    sweep = sweeping.begin()
    do(sweeping.world, update(tracks[0], locked=True))
    sweeping.end(sweeping.runs(sweep)[0])
    assert sweeping.states(sweep) == ["running"]
    sweeping.end(sweeping.runs(sweep)[1])
    swept = sweeping.only(sweep)
    assert (swept.state, swept.tracks, swept.done) == ("done", 3, 99 + 98 + 97)


def test_a_correction_in_the_editor_makes_a_finished_run_the_persons_own(sweeping: Sweeping) -> None:
    track = draw(sweeping.world, 0)
    sweep = sweeping.begin()
    (run,) = sweeping.runs(sweep)
    sweeping.end(run)
    sweeping.desk.correct(run, track, 50)
    run.refresh_from_db()
    assert (run.state, run.swept) == (RunState.RUNNING, None)
    assert sweeping.states(sweep) == ["done"]


def test_it_waits_for_an_agent_that_has_what_it_needs(sweeping: Sweeping) -> None:
    Agent.objects.update(connected=False)
    sweep = sweeping.begin([sweeping.add_video("a.mp4")])
    assert sweeping.states(sweep) == ["waiting"]
    assert standing_of(sweep).message == "It waits for an agent that can run Framewise CF."
    Agent.objects.update(connected=True)
    sweeping.advance()
    assert sweeping.states(sweep) == ["running"]


def test_archiving_the_project_cancels_it(sweeping: Sweeping) -> None:
    sweep = sweeping.begin([sweeping.add_video("a.mp4"), sweeping.add_video("b.mp4")])
    with sweeping.commit(execute=True):
        archive_project(by=sweeping.manager, project=sweeping.world.project)
    sweep.refresh_from_db()
    assert (sweep.state, sweeping.states(sweep)) == ("cancelled", ["cancelled", "cancelled"])
    assert sweep.message == "The project “Crossing” was archived."


def test_who_may_no_longer_annotate_begins_nothing_more(sweeping: Sweeping) -> None:
    Agent.objects.update(connected=False)
    sweep = sweeping.begin([sweeping.add_video("a.mp4")])
    sweeping.manager.memberships.update(role="viewer")
    Agent.objects.update(connected=True)
    sweeping.advance()
    assert sweeping.states(sweep) == ["failed"]
    assert "needs the role annotator" in sweeping.only(sweep).message


def test_a_deleted_layer_ends_its_video(sweeping: Sweeping) -> None:
    sweep = sweeping.begin([sweeping.add_video("a.mp4")], destination="layer")
    Layer.objects.filter(kind=LayerKind.MODEL).delete()
    sweeping.advance()
    assert sweeping.states(sweep) == ["stopped"]


def test_the_same_id_again_changes_nothing(sweeping: Sweeping) -> None:
    wanted = SweepIn(id=uuid4(), pipeline="continue", model="framewise-cf", videos=[sweeping.world.video.pk])
    ask = {"user": sweeping.manager, "project": sweeping.world.project, "wanted": wanted}
    assert begin_sweep(**ask) == begin_sweep(**ask)  # type: ignore[arg-type]
    assert Sweep.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"model": "nothing"}, "A run needs a model of the catalogue"),
        ({"settings": {"colour": 1}}, "'colour' came"),
        ({"videos": [10**9]}, "1 of them aren't there"),
        ({"first": 9, "last": 8}, "9 to 8 came"),
        ({"first": 5000}, "cross.mp4 ends before"),
        ({"destination": "empty"}, "there is no track to continue"),
    ],
    ids=lambda value: "" if isinstance(value, str) else ",".join(value),
)
def test_what_cannot_be_is_said_before_anything_begins(sweeping: Sweeping, wrong: dict[str, object], told: str) -> None:
    fields = {"pipeline": "continue", "model": "framewise-cf", "videos": [sweeping.world.video.pk], **wrong}
    wanted = SweepIn.model_validate({"id": uuid4(), **fields})
    with pytest.raises(ActionError, match=told):
        begin_sweep(user=sweeping.manager, project=sweeping.world.project, wanted=wanted)
    assert not Sweep.objects.exists()


def test_nothing_begins_in_an_archived_project(sweeping: Sweeping) -> None:
    archive_project(by=sweeping.manager, project=sweeping.world.project)
    with pytest.raises(PermissionDenied, match="is archived"):
        sweeping.begin()
