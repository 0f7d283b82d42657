"""Exports and imports in the background, as each role meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client

from annotator.actions import importing, transfers
from annotator.actions.projects import archive_project
from annotator.actions.transfers import carry_out, export_name, transfer_file
from annotator.actions.videos import delete_video
from annotator.formats import FORMATS
from annotator.formats.native import Native
from annotator.models import Attribute, Job, Label, Layer, Membership, Track, Transfer, TransferState, Video, VideoState
from tests.annotator.worlds import World, create, do, draw, frames_of, judge, make_world, spans_of, update
from tests.formats.cvat import documents as cvat
from tracking.shapes.chunks import Kind

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(settings: LazySettings, tmp_path: Path) -> World:
    settings.MEDIA_ROOT = tmp_path
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": []}}
    return make_world()


def as_(world: World, role: str) -> Client:
    client = Client()
    client.force_login(world.people[role])
    return client


def export(world: World, role: str = "viewer", format: str = "framewise", **options: str) -> Any:
    body = {"format": format, "options": options}
    path = f"/api/layers/{world.layer.pk}/exports"
    return as_(world, role).post(path, body, content_type="application/json")


def bring(world: World, content: bytes, role: str = "reviewer", format: str = "framewise", **fields: object) -> Any:
    form = {"file": SimpleUploadedFile("in.json", content), "format": format, **fields}
    return as_(world, role).post(f"/api/layers/{world.layer.pk}/imports", form)


def work(answer: Any) -> Transfer:
    """What the jobs worker makes of a transfer that was begun."""
    assert answer.status_code == 201, answer.content
    carry_out.func(answer.json()["id"])
    return Transfer.objects.get(pk=answer.json()["id"])


def exported(world: World) -> dict[str, Any]:
    return json.loads(transfer_file(work(export(world))).read_text())  # type: ignore[no-any-return]


def document(*tracks: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"format": "framewise", "version": 1, "tracks": list(tracks), **more}).encode()


def one_track(number: int = 1, label: str = "car", frames: tuple[int, ...] = (0, 9), **more: Any) -> dict[str, Any]:
    shapes = [{"frame": frame, "box": [10, 20, 40, 60]} for frame in frames]
    return {"number": number, "label": label, "shapes": shapes, **more}


# ---------------------------------------------------------------- out

WITHOUT_BOXES = {entry.id for entry in FORMATS if Kind.BOX not in entry.kinds}


@pytest.mark.parametrize("format", [entry.id for entry in FORMATS])
def test_an_export_is_made_and_fetched(world: World, format: str) -> None:
    draw(world, 0, 10)

    transfer = work(export(world, format=format))
    answer = as_(world, "viewer").get(f"/api/transfers/{transfer.pk}").json()

    written = 0 if format in WITHOUT_BOXES else 1
    assert (answer["state"], answer["progress"], answer["report"]["tracks"]) == ("done", 1, written)
    download = as_(world, "viewer").get(answer["file"])
    assert download.status_code == 200
    assert f'filename="cross-{format}' in download["Content-Disposition"]


def test_a_download_keeps_the_name_of_its_video(world: World) -> None:
    world.video.name = "кошка 猫 (50%).mp4"
    world.video.save()

    transfer = work(export(world, format="cvat"))

    header = as_(world, "viewer").get(f"/api/transfers/{transfer.pk}/file")["Content-Disposition"]
    assert unquote(header.partition("filename*=UTF-8''")[2]) == "кошка 猫 (50%)-cvat.zip"


@pytest.mark.parametrize("letter", ["x", "é", "猫", "🐈"])
def test_a_long_name_of_any_script_is_cut_to_what_file_systems_hold(world: World, letter: str) -> None:
    world.video.name = f"{letter * 240}.mp4"
    name = export_name(world.layer, "framewise", ".json")
    assert name == f"{letter * (200 // len(letter.encode()))}-framewise.json"


def test_an_export_holds_tracks_by_number_and_names_attributes(world: World) -> None:
    speed = Attribute.objects.create(label=world.car, name="speed", kind="number", per_frame=True)
    colour = Attribute.objects.create(label=world.car, name="paint", kind="text")
    first, second, gone = draw(world, 300, 700), draw(world, 5), draw(world, 1)
    do(
        world,
        update(first, attributes={str(colour.pk): "red"}, frame_attributes={str(speed.pk): [[300, 50]]}),
        update(gone, deleted=True),
    )

    tracks = exported(world)["tracks"]

    assert [(track["number"], [shape["frame"] for shape in track["shapes"]]) for track in tracks] == [
        (1, [300, 700]),
        (2, [5]),
    ]
    assert tracks[0]["attributes"] == {"paint": "red"}
    assert tracks[0]["frame_attributes"] == {"speed": [[300, 50]]}
    assert Track.objects.get(pk=second).number == 2


def test_an_unknown_format_or_option_is_refused_at_once(world: World) -> None:
    assert "Choose one of" in export(world, format="nothing").json()["message"]
    assert "options" in export(world, format="mot", colour="red").json()["message"]
    assert "official, cvat" in export(world, format="mot", pixels="odd").json()["message"]


def losses(world: World, role: str = "viewer", **wanted: Any) -> Any:
    path = f"/api/layers/{world.layer.pk}/exports/losses"
    return as_(world, role).post(path, wanted, content_type="application/json").json()


def test_what_an_export_would_lose_is_counted_before_it_begins(world: World) -> None:
    first, second = draw(world, 0, 4), draw(world, 8)
    do(
        world,
        update(first, colour="#112233"),
        judge(first, 0, 4),
        judge(second, 8, 8, "rejected", "a shadow"),
        by="reviewer",
    )

    told = losses(world, format="mot")

    assert told["counted"]
    assert {(loss["what"], loss["count"], loss["tracks"]) for loss in told["losses"]} == {
        ("review verdicts have no place in MOTChallenge", 2, 2),
        ("colours of single tracks have no place in MOTChallenge", 1, 1),
        ("interpolated shapes become keyframes: every frame has a line of its own", 3, 1),
    }
    assert not Transfer.objects.exists()


LOSE_NOTHING = {"framewise", "coco"}


@pytest.mark.parametrize("format", [entry.id for entry in FORMATS])
def test_what_is_told_before_is_what_the_export_reports(world: World, format: str) -> None:
    first, _ = draw(world, 0, 4), draw(world, 8)
    do(world, update(first, colour="#112233"), judge(first, 0, 4), by="reviewer")

    told = losses(world, format=format)["losses"]

    assert told == work(export(world, format=format)).report["losses"]
    assert bool(told) == (format not in LOSE_NOTHING)


def test_a_layer_that_takes_long_to_count_says_that_it_was_not_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(world, 0, 4)
    monkeypatch.setattr(transfers, "MOST_WEIGHED", 1)
    assert losses(world, format="mot") == {"counted": False, "losses": []}
    assert losses(world, format="framewise") == {"counted": True, "losses": []}


def test_losses_of_an_unknown_format_or_option_are_refused(world: World) -> None:
    assert "Choose one of" in losses(world, format="nothing")["message"]
    assert "options" in losses(world, format="mot", options={"colour": "red"})["message"]


def test_an_export_that_is_cancelled_leaves_no_file(world: World) -> None:
    draw(world, 0, 10)
    answer = export(world)
    path = f"/api/transfers/{answer.json()['id']}"

    assert as_(world, "viewer").delete(path).json()["state"] == "cancelled"
    transfer = work(answer)

    assert transfer.state == TransferState.CANCELLED
    assert not transfer_file(transfer).exists()
    assert as_(world, "viewer").get(f"{path}/file").status_code == 404


def test_cancelling_ends_an_export_under_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(world, 0)
    draw(world, 1)
    written = Native.write

    def cancelled_meanwhile(self: Native, dataset: Any, *rest: Any) -> Any:
        Transfer.objects.update(state=TransferState.CANCELLED)
        return written(self, dataset, *rest)

    monkeypatch.setattr(Native, "write", cancelled_meanwhile)
    transfer = work(export(world))

    assert transfer.state == TransferState.CANCELLED
    assert not transfer_file(transfer).exists()


def delete_the_video(world: World, name: str = "cross.mp4") -> None:
    delete_video(by=world.people["manager"], video=Video.objects.get(name=name))


def test_an_export_whose_video_is_deleted_says_so_whether_it_waits_runs_or_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(world, 0)
    done, waits, runs = work(export(world)), export(world), export(world)
    written = Native.write

    def deleted_meanwhile(self: Native, dataset: Any, *rest: Any) -> Any:
        delete_the_video(world)
        return written(self, dataset, *rest)

    monkeypatch.setattr(Native, "write", deleted_meanwhile)
    work(runs)
    work(waits)
    for key in (done.pk, waits.json()["id"], runs.json()["id"]):
        told = as_(world, "viewer").get(f"/api/transfers/{key}").json()
        assert (told["state"], told["message"], told["file"]) == ("failed", "“cross.mp4” was deleted by manager.", "")
        file = as_(world, "viewer").get(f"/api/transfers/{key}/file")
        assert (file.status_code, file.json()["message"]) == (404, "“cross.mp4” was deleted by manager.")


def test_an_import_whose_video_is_deleted_meanwhile_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Native.read

    def deleted_meanwhile(self: Native, path: Path) -> Any:
        delete_the_video(world)
        return read(self, path)

    monkeypatch.setattr(Native, "read", deleted_meanwhile)
    transfer = work(bring(world, document(one_track())))
    assert (transfer.state, transfer.message) == (TransferState.FAILED, "“cross.mp4” was deleted by manager.")
    assert not transfer_file(transfer).exists()


def test_an_import_of_somebody_who_was_taken_out_meanwhile_brings_nothing(world: World) -> None:
    begun = bring(world, document(one_track()))
    Membership.objects.filter(user=world.people["reviewer"]).delete()
    transfer = work(begun)
    assert transfer.state == TransferState.FAILED
    assert transfer.message == "The import ended: what it is of was deleted, or isn't shared with you any more."
    assert not Track.objects.exists()


def test_an_import_into_a_project_that_is_archived_meanwhile_brings_nothing(world: World) -> None:
    begun = bring(world, document(one_track()))
    archive_project(by=world.people["manager"], project=world.project)
    assert "is archived" in work(begun).message
    assert not Track.objects.exists()


def test_old_transfers_are_forgotten_with_their_files(world: World) -> None:
    old = work(export(world))
    Transfer.objects.filter(pk=old.pk).update(created_at=old.created_at - transfers.KEPT_FOR * 2)

    export(world)

    assert not Transfer.objects.filter(pk=old.pk).exists()
    assert not transfer_file(old).exists()


# ---------------------------------------------------------------- in


def test_what_was_exported_comes_back_the_same(world: World) -> None:
    speed = Attribute.objects.create(label=world.car, name="speed", kind="number", per_frame=True)
    track = draw(world, 300, 700)
    do(world, update(track, frame_attributes={str(speed.pk): [[300, 50]]}))
    before = exported(world)
    do(world, update(track, deleted=True, number=70))

    transfer = work(bring(world, json.dumps(before).encode()))

    assert (transfer.state, transfer.message) == (TransferState.DONE, "")
    assert exported(world)["tracks"] == before["tracks"]


def test_an_import_is_one_event_that_can_be_undone(world: World) -> None:
    work(bring(world, document(one_track(1), one_track(2))))

    event = world.layer.events.get()
    assert (event.kind, event.summary) == ("import", "Imported in.json")
    assert len(event.inverse) == 2


def test_a_number_that_is_taken_becomes_the_next_free_one(world: World) -> None:
    draw(world, 0)
    work(bring(world, document(one_track(1), one_track(5))))

    assert sorted(world.layer.tracks.values_list("number", flat=True)) == [1, 5, 6]


def test_unknown_labels_are_refused_by_name(world: World) -> None:
    transfer = work(bring(world, document(one_track(label="bus"))))

    assert transfer.state == TransferState.FAILED
    assert "'bus'" in transfer.message
    assert not world.layer.tracks.exists()


def test_unknown_labels_are_made_when_asked(world: World) -> None:
    attribute = {"name": "line", "kind": "text"}
    labels = [{"name": "bus", "colour": "#00ff00", "attributes": [attribute]}]
    tracks = document(one_track(label="bus", attributes={"line": "17"}), labels=labels)

    transfer = work(bring(world, tracks, role="manager", create_labels=True))

    bus = Label.objects.get(name="bus")
    assert (transfer.state, bus.colour, bus.geometry_kinds) == (TransferState.DONE, "#00ff00", ["box"])
    assert world.layer.tracks.get().attributes == {str(bus.attributes.get().pk): "17"}


def test_labels_beyond_what_a_project_may_have_are_refused_by_name(world: World) -> None:
    tracks = document(*(one_track(number, label=f"label {number}") for number in range(1, 501)))

    transfer = work(bring(world, tracks, role="manager", create_labels=True))

    assert transfer.state == TransferState.FAILED
    assert "may have 500 labels" in transfer.message
    assert "would have 501. Over it are 'label 500'" in transfer.message
    assert Label.objects.count() == 1


def test_attributes_and_choices_beyond_what_there_may_be_are_left_out_and_counted(world: World) -> None:
    several = [{"name": f"a{number}", "kind": "text"} for number in range(501)]
    choices = {"name": "which", "kind": "select", "choices": [str(number) for number in range(503)]}
    labels = [{"name": "bus", "attributes": several}, {"name": "tram", "attributes": [choices]}]
    tracks = document(one_track(1, label="bus"), one_track(2, label="tram"), labels=labels)

    transfer = work(bring(world, tracks, role="manager", create_labels=True))

    assert transfer.state == TransferState.DONE, transfer.message
    losses = {loss["what"].partition(" beyond")[0]: loss["count"] for loss in transfer.report["losses"]}
    assert losses == {"attributes of bus": 1, "choices of which": 3}
    assert Attribute.objects.filter(label__name="bus").count() == 500


def test_what_could_not_be_taken_over_is_reported(world: World) -> None:
    track = one_track(attributes={"weight": 3}, verdict="accepted")
    world.people["annotator"].refresh_from_db()

    transfer = work(bring(world, document(track), role="annotator"))

    whats = [loss["what"] for loss in transfer.report["losses"]]
    assert transfer.state == TransferState.DONE, transfer.message
    assert any("weight" in what for what in whats)
    assert any("verdicts" in what for what in whats)
    assert spans_of(world.layer.tracks.get().pk) == []


def test_shapes_that_a_label_is_not_for_come_in_and_are_reported(world: World) -> None:
    triangle = {"frame": 3, "polygon": [[0, 0], [10, 0], [5, 9]]}

    transfer = work(bring(world, document({**one_track(), "shapes": [triangle]})))

    assert transfer.state == TransferState.DONE, transfer.message
    assert transfer.report["losses"] == [
        {
            "what": "tracks of car have a polygon: allow it in the project's labels to change them",
            "count": 1,
            "tracks": 0,
        }
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no json", "no Framewise JSON"),
        (document(one_track(frames=(5000,))), "another video"),
        (document(one_track(), video={"width": 99, "height": 99}), "99x99"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(world: World, content: bytes, says: str) -> None:
    transfer = work(bring(world, content))

    assert transfer.state == TransferState.FAILED
    assert says in transfer.message
    assert not world.layer.tracks.exists()
    assert not transfer_file(transfer).exists()


def test_rows_that_cannot_be_taken_refuse_the_file_and_are_listed(world: World) -> None:
    bad = {**one_track(3), "shapes": [{"frame": 5, "box": [10, 20, 40, 60]}, {"frame": 5000, "box": [1, 1, 2, 2]}]}

    transfer = work(bring(world, document(one_track(1), bad)))

    assert transfer.state == TransferState.FAILED
    assert transfer.message.startswith("1 row of the file can't be taken. track 3, frame 5000: Frames lie in 0..999")
    listed = as_(world, "viewer").get(f"/api/transfers/{transfer.pk}").json()["report"]["left_out"]
    assert (listed["count"], [row["where"] for row in listed["rows"]]) == (1, ["track 3, frame 5000"])
    assert not world.layer.tracks.exists()


def test_they_are_left_out_on_request_and_listed(world: World) -> None:
    bad = {**one_track(3), "shapes": [{"frame": 5, "box": [10, 20, 40, 60]}, {"frame": 5000, "box": [1, 1, 2, 2]}]}

    transfer = work(bring(world, document(one_track(1), bad), leave_out=True))

    assert transfer.state == TransferState.DONE, transfer.message
    assert (transfer.report["tracks"], transfer.report["shapes"], transfer.report["left_out"]["count"]) == (2, 3, 1)
    assert [track["number"] for track in exported(world)["tracks"]] == [1, 3]


def test_an_empty_file_is_refused_at_once(world: World) -> None:
    assert bring(world, b"").status_code in (400, 422)


def test_an_import_that_runs_twice_counts_once(world: World) -> None:
    answer = bring(world, document(one_track()))
    work(answer)
    carry_out.func(answer.json()["id"])

    assert world.layer.tracks.count() == 1


def test_a_fault_of_ours_is_told_without_its_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OperationalError('duplicate key value violates unique constraint "tracks_pkey"')

    monkeypatch.setattr(transfers, "import_reading", broken)
    transfer = work(bring(world, document(one_track())))

    assert transfer.message == (
        "The import failed: the database was busy or couldn't be reached. "
        "Try again; if it fails again, tell your admin."
    )


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[1, 2",
        b"\xff\xfe",
        b'{"format": NaN}',
        b'{"format": "framewise", "version": "1", "tracks": []}',
        b"PK\x05\x06" + bytes(18),
    ],
)
@pytest.mark.parametrize("format", [entry.id for entry in FORMATS])
def test_what_a_parser_says_is_not_for_people(world: World, content: bytes, format: str) -> None:
    transfer = work(bring(world, content, format=format))

    for raw in ("Expecting", "malformed", "codec", "char ", "Input should", "syntax error", "well-formed", "not a zip"):
        assert raw not in transfer.message


# ---------------------------------------------------------------- into the videos of a project


@pytest.fixture
def evening(world: World) -> Layer:
    """The main layer of a second video, beside that of cross.mp4."""
    video = Video.objects.create(
        project=world.project, name="evening.mp4", state=VideoState.READY, width=320, height=240, frame_count=100
    )
    return Layer.objects.create(video=video)


def bring_project(world: World, text: str, role: str = "reviewer", **fields: object) -> Any:
    form = {"file": SimpleUploadedFile("all.xml", text.encode()), "format": "cvat", **fields}
    return as_(world, role).post(f"/api/projects/{world.project.pk}/imports", form)


def two_videos(*names: str) -> str:
    """Two tracks of the first video, one of the second."""
    tracks = [cvat.track(cvat.box(0), number=number, task_id=task) for number, task in enumerate((1, 1, 2))]
    sizes = cvat.project(*names).replace("<width>320</width><height>240</height>", "<width>0</width>")
    return cvat.document(*tracks, meta=sizes)


def test_a_video_that_is_deleted_while_a_file_for_several_comes_in_is_told(
    world: World, evening: Layer, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = importing._targets

    def deleted_meanwhile(*args: Any) -> Any:
        found = targets(*args)
        delete_the_video(world, evening.video.name)
        return found

    monkeypatch.setattr(importing, "_targets", deleted_meanwhile)
    transfer = work(bring_project(world, two_videos(world.video.name, evening.video.name)))
    assert (transfer.state, transfer.message) == (
        TransferState.FAILED,
        "A video that it is for was deleted meanwhile, so nothing was imported. Begin it again.",
    )
    assert not Track.objects.exists()


def test_each_track_goes_to_the_video_that_the_file_names(world: World, evening: Layer) -> None:
    transfer = work(bring_project(world, two_videos("cross.mp4", "evening.mp4")))

    assert transfer.state == TransferState.DONE, transfer.message
    assert (world.layer.tracks.count(), evening.tracks.count()) == (2, 1)
    assert transfer.report["videos"] == [
        {"name": "cross.mp4", "tracks": 2, "shapes": 2},
        {"name": "evening.mp4", "tracks": 1, "shapes": 1},
    ]


def test_tracks_of_videos_that_the_project_lacks_are_told(world: World, evening: Layer) -> None:
    transfer = work(bring_project(world, two_videos("night.mp4", "evening.mp4")))

    assert (world.layer.tracks.count(), evening.tracks.count()) == (0, 1)
    assert transfer.report["losses"] == [
        {"what": "tracks of night.mp4 were left out: no video of the project is called so", "count": 2, "tracks": 0}
    ]


def test_a_file_of_none_of_its_videos_is_refused_with_both_names(world: World, evening: Layer) -> None:
    transfer = work(bring_project(world, two_videos("night.mp4", "noon.mp4")))

    assert transfer.state == TransferState.FAILED
    assert "night.mp4, noon.mp4; the project has cross.mp4, evening.mp4" in transfer.message


def test_two_videos_of_one_name_are_not_guessed(world: World, evening: Layer) -> None:
    Video.objects.update(name="evening.mp4")
    Layer.objects.filter(pk=world.layer.pk).update(kind="main")

    transfer = work(bring_project(world, two_videos("night.mp4", "evening.mp4")))

    assert "2 videos of the project are called so" in transfer.message


def test_an_import_into_a_project_is_whole_or_not_at_all(world: World, evening: Layer) -> None:
    text = two_videos("cross.mp4", "evening.mp4").replace('frame="0"', 'frame="500"')

    transfer = work(bring_project(world, text))

    assert transfer.state == TransferState.FAILED
    assert "evening.mp4, track 2, frame 500" in transfer.message
    assert not Track.objects.exists()


def test_an_annotator_imports_no_frames_that_are_others_jobs(world: World, evening: Layer) -> None:
    Job.objects.create(video=evening.video, layer=evening, first=0, last=99, assignee=world.people["reviewer"])

    refused = work(bring_project(world, two_videos("cross.mp4", "evening.mp4"), "annotator"))
    taken = work(bring_project(world, two_videos("cross.mp4", "night.mp4"), "annotator"))

    assert (refused.state, taken.state) == (TransferState.FAILED, TransferState.DONE)
    assert "every frame of evening.mp4" in refused.message


@pytest.mark.parametrize(("role", "status"), [("stranger", 404), ("viewer", 403), ("annotator", 201)])
def test_who_may_import_into_a_project(world: World, role: str, status: int) -> None:
    assert bring_project(world, two_videos("cross.mp4"), role).status_code == status


def test_making_labels_for_a_project_needs_a_manager(world: World) -> None:
    assert bring_project(world, two_videos("cross.mp4"), create_labels=True).status_code == 403


# ---------------------------------------------------------------- into a new layer


def test_an_import_makes_the_layer_that_it_goes_into(world: World) -> None:
    transfer = work(bring(world, document(one_track()), new_layer=" ground  truth"))

    layer = world.video.layers.get(name="ground truth")
    assert (layer.kind, layer.owner) == ("ground_truth", world.people["reviewer"])
    assert (layer.tracks.count(), world.layer.tracks.count()) == (1, 0)
    assert transfer.report["layer"] == {"id": layer.pk, "name": "ground truth"}


def test_an_import_that_fails_makes_no_layer(world: World) -> None:
    transfer = work(bring(world, document(one_track(label="dog")), new_layer="truth"))

    assert transfer.state == TransferState.FAILED
    assert list(world.video.layers.all()) == [world.layer]


def test_the_name_of_the_new_layer_is_refused_at_once_or_when_it_was_taken_meanwhile(world: World) -> None:
    answer = bring(world, document(one_track()), new_layer="MAIN")
    assert (answer.status_code, "there is a “MAIN” already" in answer.json()["message"]) == (400, True)
    begun = bring(world, document(one_track()), new_layer="truth")
    Layer.objects.create(video=world.video, name="truth")
    assert "there is a “truth” already" in work(begun).message


@pytest.mark.parametrize(
    ("role", "kind", "status"),
    [
        ("stranger", "replica", 404),
        ("viewer", "replica", 403),
        ("annotator", "replica", 201),
        ("annotator", "ground_truth", 403),
        ("annotator", "model", 403),
        ("reviewer", "model", 201),
        ("admin", "main", 422),
    ],
)
def test_who_may_import_into_a_new_layer(world: World, role: str, kind: str, status: int) -> None:
    # A replica is one's own, whoever has the jobs.
    Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.people["reviewer"])
    answer = bring(world, document(one_track()), role, new_layer="another", new_kind=kind)
    assert answer.status_code == status
    if status == 201:
        assert work(answer).state == TransferState.DONE


def test_an_export_names_the_layer_beside_the_main_one(world: World) -> None:
    layer = Layer.objects.create(video=world.video, name="by/night", kind="model")
    assert export_name(layer, "mot", ".zip") == "cross-by_night-mot.zip"


# ---------------------------------------------------------------- who may


@pytest.mark.parametrize(("role", "status"), [("stranger", 404), ("viewer", 201), ("annotator", 201), ("admin", 201)])
def test_who_may_export(world: World, role: str, status: int) -> None:
    assert export(world, role).status_code == status


@pytest.mark.parametrize(
    ("role", "status"), [("stranger", 404), ("viewer", 403), ("annotator", 201), ("reviewer", 201), ("manager", 201)]
)
def test_who_may_import(world: World, role: str, status: int) -> None:
    assert bring(world, document(one_track()), role).status_code == status


def test_an_annotator_with_jobs_does_not_import_over_all_frames(world: World) -> None:
    Job.objects.create(video=world.video, layer=world.layer, first=0, last=99, assignee=world.annotator)
    assert bring(world, document(one_track()), "annotator").status_code == 403


def test_making_labels_needs_a_manager(world: World) -> None:
    assert bring(world, document(one_track()), "reviewer", create_labels=True).status_code == 403
    assert bring(world, document(one_track()), "manager", create_labels=True).status_code == 201


def test_a_stranger_sees_no_transfer(world: World) -> None:
    transfer = work(export(world))
    stranger = as_(world, "stranger")

    for path in (f"/api/transfers/{transfer.pk}", f"/api/transfers/{transfer.pk}/file"):
        assert stranger.get(path).status_code == 404
    assert stranger.delete(f"/api/transfers/{transfer.pk}").status_code == 404
    assert stranger.get(f"/api/layers/{world.layer.pk}/transfers").status_code == 404
    assert Client().get(f"/api/transfers/{transfer.pk}").status_code == 401


def test_only_a_manager_cancels_what_somebody_else_began(world: World) -> None:
    path = f"/api/transfers/{export(world, 'annotator').json()['id']}"

    assert as_(world, "reviewer").delete(path).status_code == 403
    assert as_(world, "manager").delete(path).json()["state"] == "cancelled"


def test_a_layer_lists_its_latest_transfers(world: World) -> None:
    first, second = export(world).json()["id"], export(world).json()["id"]
    listed = as_(world, "viewer").get(f"/api/layers/{world.layer.pk}/transfers").json()
    assert [transfer["id"] for transfer in listed] == [second, first]


def test_formats_name_their_options(world: World) -> None:
    listed = as_(world, "viewer").get("/api/formats").json()
    assert [entry["id"] for entry in listed] == [entry.id for entry in FORMATS]
    assert {option["id"] for entry in listed for option in entry["options"]} >= {"pixels", "frames"}


# ---------------------------------------------------------------- the command line


def test_the_command_line_exports_and_imports(world: World, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from framewise.cli import app

    track = draw(world, 3, 9)
    out = tmp_path / "cross.json"
    done = CliRunner().invoke(app, ["export", "cross.mp4", "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    do(world, update(track, deleted=True))

    done = CliRunner().invoke(app, ["import", str(out), str(world.video.pk)])

    assert done.exit_code == 0, done.stderr
    assert "1 tracks with 2 shapes" in done.stderr
    again = world.layer.tracks.get(deleted_at=None)
    assert frames_of(again.pk) == [3, 9]


def test_the_command_line_names_the_videos_there_are(world: World, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from framewise.cli import app

    done = CliRunner().invoke(app, ["export", "nothing.mp4", "--out", str(tmp_path / "x.json")])
    assert done.exit_code == 1
    assert f"{world.video.pk} (cross.mp4)" in done.stderr


def test_a_track_of_no_shapes_travels(world: World) -> None:
    track = uuid4()
    do(world, create(track, world.car))
    assert exported(world)["tracks"][0]["shapes"] == []
