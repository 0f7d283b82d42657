"""Names, labels and jobs that others change are told at once to whoever has them on the screen."""

from __future__ import annotations

from uuid import uuid4

import pytest

from annotator.actions.jobs import move, remove_job
from annotator.actions.labels import LabelDraft, save_labels
from annotator.actions.layers import delete_layer, rename_layer
from annotator.actions.projects import archive_project, change_project, restore_project
from annotator.actions.videos import rename_video
from annotator.announce.messages import Gone, Ping, Pong, Refused, Rights, RunUpdate, Surroundings, Welcome
from annotator.live.relay import in_thread
from annotator.models import Event, EventKind, Job, Label, Layer, Project, Stage, Video
from tests.annotator.live.sockets import Browser
from tests.annotator.worlds import World, create, keyframe, make_world, put

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


async def save(world: World, *drafts: LabelDraft, removed: tuple[int, ...] = ()) -> None:
    by = world.people["manager"]
    await in_thread(lambda: save_labels(by=by, project=world.project, drafts=drafts, removed=removed))


async def test_they_come_with_the_welcome(world: World) -> None:
    browser = Browser(world)
    assert await browser.open()
    told = (await browser.until(Welcome)).surroundings
    assert (told.video, told.project, told.archived, told.job, told.why) == ("cross.mp4", "Crossing", False, None, "")
    assert [label.name for label in told.labels] == ["car"]
    await browser.close()


async def test_a_renamed_video_and_project_have_their_new_names(world: World) -> None:
    browser, by = await Browser.on(world, "viewer"), world.people["manager"]
    await in_thread(lambda: rename_video(by=by, video=Video.objects.get(), name="junction.mp4"))
    told = await browser.until(Surroundings)
    assert (told.video, told.why) == ("junction.mp4", "manager renamed “cross.mp4” to “junction.mp4”.")
    await in_thread(lambda: change_project(by=by, project=Project.objects.get(), name="Junction", description=""))
    told = await browser.until(Surroundings)
    assert (told.project, told.why) == ("Junction", "manager renamed the project “Crossing” to “Junction”.")
    await browser.close()


async def test_a_renamed_layer_has_its_new_name(world: World) -> None:
    await in_thread(lambda: Layer.objects.update(kind="model", name="yolo"))
    browser, by = await Browser.on(world, "viewer"), world.people["manager"]
    layer = await in_thread(lambda: Layer.objects.select_related("video__project").get())
    await in_thread(lambda: rename_layer(by=by, layer=layer, name="YOLO v5"))
    told = await browser.until(Surroundings)
    assert (told.layer, told.why) == ("YOLO v5", "manager renamed the layer “yolo” to “YOLO v5”.")
    await browser.close()


async def test_who_has_a_deleted_layer_open_is_told_who_did_it(world: World) -> None:
    await in_thread(lambda: Layer.objects.update(kind="model", name="yolo"))
    browser, by = await Browser.on(world, "viewer"), world.people["manager"]
    layer = await in_thread(lambda: Layer.objects.select_related("video__project").get())
    await in_thread(lambda: delete_layer(by=by, layer=layer, revision=0))
    assert (await browser.until(Gone)).message == "The layer “yolo” of “cross.mp4” was deleted by manager."
    await browser.close()


async def test_an_archived_project_says_so_and_so_does_one_that_is_back(world: World) -> None:
    browser, by = await Browser.on(world), world.people["manager"]
    await in_thread(lambda: archive_project(by=by, project=Project.objects.get()))
    assert "manager archived the project “Crossing”" in (await browser.until(Rights)).why
    assert (await browser.until(Surroundings)).archived is True
    await in_thread(lambda: restore_project(by=by, project=Project.objects.get()))
    assert (await browser.until(Surroundings)).archived is False
    await browser.close()


async def test_an_archived_project_is_only_looked_at_from_that_moment_on(world: World) -> None:
    browser, by = await Browser.on(world), world.people["manager"]
    track = uuid4()
    await browser.edited(create(track, world.car), put(track, [keyframe(0)]))
    run = await browser.track(track)
    await browser.until(RunUpdate)
    await in_thread(lambda: archive_project(by=by, project=Project.objects.get()))
    ended = await browser.until(RunUpdate)
    assert (ended.run.id, ended.run.state) == (run, "stopped")
    assert ended.run.message == "manager archived the project “Crossing”. Everything in it is kept."
    rights = await browser.until(Rights)
    assert (rights.ranges, rights.why) == ([], ended.run.message)
    edit = await browser.edit(create(uuid4(), world.car))
    refused = await browser.until(Refused, edit=edit)
    assert "The project “Crossing” is archived" in refused.message
    again = await browser.track(track)
    assert "is archived" in (await browser.until(Refused, run=again)).message
    await in_thread(lambda: restore_project(by=by, project=Project.objects.get()))
    assert (await browser.until(Rights)).why == "manager took the project “Crossing” out of the archive."
    await browser.edited(create(uuid4(), world.car))
    await browser.close()


async def test_labels_are_renamed_added_and_deleted_on_the_screen(world: World) -> None:
    browser = await Browser.on(world)
    await save(world, LabelDraft("lorry", "#ff0000", world.car.pk), LabelDraft("bus", "#00ff00"))
    told = await browser.until(Surroundings)
    assert [label.name for label in told.labels] == ["lorry", "bus"]
    assert told.why == "manager renamed the label “car” to “lorry”, and added the label “bus”."
    bus = told.labels[1].id
    await save(world, removed=(bus,))
    told = await browser.until(Surroundings)
    assert ([label.name for label in told.labels], told.why) == (["lorry"], "manager deleted the label “bus”.")
    edit = await browser.edit(create(uuid4(), Label(pk=bus)))
    refused = await browser.until(Refused)
    assert refused.edit == edit
    assert refused.message == "The label “bus” was deleted by manager. Choose another label."
    await browser.close()


async def test_a_page_of_another_project_hears_nothing(world: World) -> None:
    other = await in_thread(Project.objects.create, workspace=world.workspace, name="Other")
    browser = await Browser.on(world)
    await in_thread(lambda: change_project(by=world.people["manager"], project=other, name="Else", description=""))
    await browser.send(Ping())
    assert isinstance(await browser.until((Surroundings, Pong)), Pong)
    await browser.close()


async def test_the_job_that_is_open_is_told_as_it_is_and_when_it_is_removed(world: World) -> None:
    by = world.people["manager"]
    job = await in_thread(
        Job.objects.create, video=world.video, layer=world.layer, first=0, last=99, stage=Stage.REVIEW
    )
    browser = Browser(world, "manager", job=job.pk)
    assert await browser.open()
    assert (await browser.until(Welcome)).surroundings.job.stage == Stage.REVIEW
    await in_thread(lambda: move(user=by, job=job, transition="accept"))
    told = await browser.until(Surroundings)
    assert (told.job.stage, told.why) == (Stage.ACCEPTED, "manager accepted the job of frames 0 to 99.")
    await in_thread(lambda: remove_job(by=by, job=Job.objects.get()))
    told = await browser.until(Surroundings)
    assert (told.job, told.why) == (None, "The job of frames 0 to 99 of “cross.mp4” was deleted by manager.")
    await browser.close()


@pytest.mark.parametrize("asked", ["x", "-1", "9" * 40, "999999"])
async def test_a_job_that_is_none_is_none(world: World, asked: str) -> None:
    browser = Browser(world, job=asked)
    assert await browser.open()
    assert (await browser.until(Welcome)).surroundings.job is None
    await browser.close()


async def test_labels_that_an_import_brought_are_told_though_another_process_did_it(world: World) -> None:
    browser = await Browser.on(world)

    def imported() -> None:
        Label.objects.create(project=world.project, name="tram", colour="#0000ff", position=1)
        Layer.objects.update(revision=1)
        Event.objects.create(layer=world.layer, revision=1, kind=EventKind.IMPORT, edit_id=uuid4(), payload=PAYLOAD)

    await in_thread(imported)
    assert [label.name for label in (await browser.until(Surroundings)).labels] == ["car", "tram"]
    await browser.close()


PAYLOAD = {"operations": [], "numbers": {}, "touched": []}
