"""Two layers of a video compared in the background."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import LazySettings
from django.http import HttpResponse

from annotator.actions.comparisons import (
    begin_comparison,
    cancel_comparison,
    carry_out_comparison,
    changed_since,
    is_current,
)
from annotator.actions.edits.apply import apply_edit
from annotator.actions.errors import ActionError
from annotator.models import Comparison, Gold, Label, Layer, Video
from annotator.worker.kinds import KINDS
from tests.annotator.worlds import World, create, draw, edit, keyframe, make_world, put
from tests.people import client_of
from tracking import comparing
from tracking.shapes.chunks import Row

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: LazySettings) -> World:
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": []}}
    return make_world(frame_count=60)


@pytest.fixture
def truth(world: World) -> Layer:
    return Layer.objects.create(video=world.video, kind="ground_truth", name="truth")


def drawn_in(world: World, layer: Layer, *rows: Row, label: Label | None = None) -> UUID:
    track = uuid4()
    operations = [create(track, label or world.car), put(track, rows)]
    apply_edit(user=world.people["admin"], layer_id=layer.pk, edit=edit(*operations))
    return track


def begun(world: World, truth: Layer) -> Comparison:
    return begin_comparison(user=world.annotator, reference=truth, compared=world.layer)


def compared(world: World, truth: Layer) -> Comparison:
    found = begun(world, truth)
    carry_out_comparison.func(str(found.pk))
    found.refresh_from_db()
    return found


def test_it_tells_scores_and_differences_with_the_tracks_of_both_layers(world: World, truth: Layer) -> None:
    dog = Label.objects.create(project=world.project, name="dog", colour="#00ff00")
    drawn_in(world, truth, keyframe(0), keyframe(20))  # shown on the frames between, too
    known = drawn_in(world, truth, keyframe(5, 400), keyframe(9, 400), label=dog)
    drawn_in(world, world.layer, keyframe(0), keyframe(20))
    extra = drawn_in(world, world.layer, keyframe(30, 800))
    report = compared(world, truth).report
    assert report["differences"] == [
        {"kind": "missed", "first": 5, "last": 9, "reference": str(known), "compared": None, "overlap": 0},
        {"kind": "extra", "first": 30, "last": 30, "reference": None, "compared": str(extra), "overlap": 0},
    ]
    assert report["boxes"] == {"missed": 5, "extra": 1, "switch": 0, "overlap": 0, "label": 0}
    every, cars, dogs = report["scores"]
    assert (every["label"], every["reference_boxes"], every["compared_boxes"]) == (None, 26, 22)
    assert (cars["label"], cars["mota"], cars["switches"]) == (world.car.pk, pytest.approx(20 / 21), 0)
    assert (dogs["label"], dogs["hota"], dogs["compared_boxes"]) == (dog.pk, 0, 0)


def test_it_is_kept_until_one_of_the_layers_changes(world: World, truth: Layer) -> None:
    draw(world, 1, 2)
    first = compared(world, truth)
    assert (first.state, first.compared_revision, is_current(first)) == ("done", 1, True)
    assert begun(world, truth).state == "done"
    drawn_in(world, truth, keyframe(1))
    assert not is_current(first)
    again = begun(world, truth)
    assert (again.pk, again.state) == (first.pk, "queued")
    assert begun(world, truth).state == "queued"


def test_the_two_ways_round_are_two_comparisons(world: World, truth: Layer) -> None:
    draw(world, 1)
    assert [each["kind"] for each in compared(world, truth).report["differences"]] == ["extra"]
    other = begin_comparison(user=world.annotator, reference=world.layer, compared=truth)
    carry_out_comparison.func(str(other.pk))
    other.refresh_from_db()
    assert [each["kind"] for each in other.report["differences"]] == ["missed"]


def test_more_differences_than_are_listed_are_counted(
    world: World, truth: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.actions.comparisons.MOST_LISTED", 1)
    draw(world, 1)
    draw(world, 5)
    report = compared(world, truth).report
    assert (len(report["differences"]), report["not_listed"], report["boxes"]["extra"]) == (1, 1, 2)


def test_without_trackeval_it_says_how_to_get_scores(
    world: World, truth: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "why_no_scores", lambda: "Get it: pip install")
    draw(world, 1)
    report = compared(world, truth).report
    assert (report["scores"], report["scores_missing"]) == ([], "Get it: pip install")
    assert len(report["differences"]) == 1


def test_layers_of_two_videos_arent_compared(world: World, truth: Layer) -> None:
    elsewhere = Layer.objects.create(video=Video.objects.create(project=world.project, name="b.mp4", frame_count=9))
    with pytest.raises(ActionError, match="these are of two"):
        begun(world, elsewhere)
    with pytest.raises(ActionError, match="named twice"):
        begun(world, world.layer)


def test_one_whose_layer_goes_isnt_wanted_any_more(world: World, truth: Layer) -> None:
    found = begun(world, truth)
    kind = KINDS[carry_out_comparison.module_path]
    assert kind.is_wanted(str(found.pk))
    assert kind.workspaces() == {str(found.pk): world.workspace.pk}
    truth.delete()
    assert not kind.is_wanted(str(found.pk))
    carry_out_comparison.func(str(found.pk))


def test_the_api_answers_how_it_stands(world: World, truth: Layer) -> None:
    path = f"/api/layers/{world.layer.pk}/comparisons/{truth.pk}"
    viewer = client_of(world.people["viewer"])
    assert viewer.get(path).status_code == 404
    draw(world, 1)
    answer = viewer.post(path).json()
    assert (answer["state"], answer["current"], answer["report"]["differences"]) == ("queued", False, [])
    carry_out_comparison.func(str(Comparison.objects.get().pk))
    answer = viewer.get(path).json()
    assert (answer["state"], answer["current"], len(answer["report"]["differences"])) == ("done", True, 1)
    for stranger in (client_of(world.people["stranger"]),):
        assert (stranger.get(path).status_code, stranger.post(path).status_code) == (404, 404)


def test_one_that_is_cancelled_ends_and_what_was_found_before_stays(world: World, truth: Layer) -> None:
    draw(world, 1)
    before = compared(world, truth)
    draw(world, 2)
    found = begun(world, truth)
    differences = comparing.differences

    def cancelled_meanwhile(*args: Any, **named: Any) -> Any:
        cancel_comparison(reference=truth, compared=world.layer)
        return differences(*args, **named)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(comparing, "differences", cancelled_meanwhile)
        carry_out_comparison.func(str(found.pk))
    found.refresh_from_db()
    assert (found.state, found.report, found.finished_at) == ("cancelled", before.report, before.finished_at)
    assert not KINDS[carry_out_comparison.module_path].is_wanted(str(found.pk))
    assert changed_since(found) == [world.layer.pk]
    assert begun(world, truth).state == "queued"
    carry_out_comparison.func(str(found.pk))
    found.refresh_from_db()
    assert (found.state, changed_since(found)) == ("done", [])
    assert found.report["boxes"]["extra"] == 2


def test_one_that_is_done_cant_be_cancelled(world: World, truth: Layer) -> None:
    draw(world, 1)
    found = compared(world, truth)
    cancel_comparison(reference=truth, compared=world.layer)
    found.refresh_from_db()
    assert (found.state, is_current(found)) == ("done", True)


def test_the_tracks_of_differences_are_named(world: World, truth: Layer) -> None:
    known = drawn_in(world, truth, keyframe(5))
    report = compared(world, truth).report
    assert report["tracks"] == {str(known): {"label": world.car.pk, "number": 1}}


def test_those_of_a_video_are_listed_with_their_scores_to_who_sees_both_layers(world: World, truth: Layer) -> None:
    drawn_in(world, truth, keyframe(0), keyframe(9))
    drawn_in(world, world.layer, keyframe(0), keyframe(9))
    path = f"/api/videos/{world.video.pk}/comparisons"
    annotator = client_of(world.annotator)
    assert annotator.get(path).json() == []
    found = begun(world, truth)
    assert annotator.get(path).json() == []
    carry_out_comparison.func(str(found.pk))
    (line,) = annotator.get(path).json()
    assert (line["compared"], line["reference"], line["current"]) == (world.layer.pk, truth.pk, True)
    assert (line["hota"], line["idf1"], line["mota"], line["switches"]) == (1, 1, 1, 0)
    assert line["by"] == str(world.annotator)
    draw(world, 20)
    assert annotator.get(path).json()[0]["current"] is False
    # Gold is hidden from who is scored against it, and with it how they compare.
    Gold.objects.create(layer=truth, first=0, last=9)
    assert annotator.get(path).json() == []
    assert len(client_of(world.people["manager"]).get(path).json()) == 1
    assert client_of(world.people["stranger"]).get(path).status_code == 404


def test_the_api_cancels(world: World, truth: Layer) -> None:
    path = f"/api/layers/{world.layer.pk}/comparisons/{truth.pk}"
    viewer = client_of(world.people["viewer"])
    assert viewer.delete(path).status_code == 404
    viewer.post(path)
    assert client_of(world.people["stranger"]).delete(path).status_code == 404
    answer = viewer.delete(path).json()
    assert (answer["state"], answer["compared_at"], answer["report"]["differences"]) == ("cancelled", None, [])


def test_the_page_names_the_layers_that_the_reader_sees(world: World, truth: Layer) -> None:
    Gold.objects.create(layer=truth, first=0, last=9)
    path = f"/videos/{world.video.pk}/compare/"
    seen = {who: _layers_on(client_of(world.people[who]).get(path)) for who in ("annotator", "manager")}
    assert seen == {"annotator": ["main"], "manager": ["main", "truth"]}
    assert client_of(world.people["stranger"]).get(path).status_code == 404
    Video.objects.filter(pk=world.video.pk).update(state="ingesting")
    answer = client_of(world.annotator).get(path)
    assert (answer.status_code, "ready yet" in answer.content.decode()) == (404, True)


def _layers_on(answer: HttpResponse) -> list[str]:
    found = re.search(r'<script id="compare-data" type="application/json">(.+?)</script>', answer.content.decode())
    assert found is not None
    return [layer["name"] for layer in json.loads(found[1])["layers"]]
