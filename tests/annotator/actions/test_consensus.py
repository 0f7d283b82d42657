"""Consensus: copies hidden from each other, compared, decided and merged by vote."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.test import Client

from annotator.access import access_consensus, access_job, access_layer, editable_ranges, hidden_layers
from annotator.actions.consensus.managing import (
    decide,
    decide_rest,
    left_to_decide,
    make_consensus,
    remove_consensus,
    undo_merge,
)
from annotator.actions.consensus.reports import Outcome, Report, is_current
from annotator.actions.consensus.working import begin_merging, begin_weighing, work_on_consensus
from annotator.actions.edits.apply import apply_edit
from annotator.actions.errors import ActionError
from annotator.actions.job_pool import pool, take_next
from annotator.actions.jobs import assign, move
from annotator.actions.webhooks.manage import create_webhook
from annotator.models import Consensus, ConsensusCopy, Event, Job, Label, Layer, Membership, Notification, User
from tests.annotator.worlds import World, create, edit, keyframe, make_world, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world()
    for name in ("ann", "ben", "cat"):
        person = made.people[name] = User.objects.create(username=name, email=f"{name}@example.org")
        Membership.objects.create(workspace=made.workspace, user=person, role="annotator")
    return made


def begun(world: World, *names: str, **asked: Any) -> Consensus:
    people = [world.people[name] for name in names or ("ann", "ben", "cat")]
    return make_consensus(by=world.people["manager"], video=world.video, first=100, last=199, people=people, **asked)


def copy_of(found: Consensus, number: int) -> ConsensusCopy:
    return found.copies.select_related("layer", "job").get(number=number)


def draw(
    found: Consensus, number: int, first: int, last: int, left: float = 10, label: Label | None = None, **fields: Any
) -> UUID:
    """Whoever has the copy draws a car in it."""
    copy, track = copy_of(found, number), uuid4()
    car = label or found.video.project.labels.get(name="car")
    operations = [create(track, car, **fields), put(track, [keyframe(first, left), keyframe(last, left)])]
    assert copy.job is not None and copy.job.assignee is not None
    apply_edit(user=copy.job.assignee, layer_id=copy.layer_id, edit=edit(*operations))
    return track


def submit(found: Consensus, *numbers: int) -> None:
    for number in numbers:
        job = copy_of(found, number).job
        assert job is not None and job.assignee is not None
        move(user=job.assignee, job=job, transition="submit")


def worked(found: Consensus) -> Consensus:
    """As the jobs worker leaves it."""
    work_on_consensus.func(str(found.pk))
    return Consensus.objects.select_related("video__project").get(pk=found.pk)


def weighed(found: Consensus) -> tuple[Consensus, Report]:
    now = worked(found)
    assert now.state == "done", now.message
    return now, Report.model_validate(now.report)


def merged(found: Consensus, by: User, **asked: Any) -> tuple[Consensus, Outcome]:
    begin_merging(by=by, consensus=found, **asked)
    now = worked(found)
    assert now.state == "done", now.message
    return now, Outcome.model_validate(now.outcome)


# ---------------------------------------------------------------- making


def test_each_person_gets_a_layer_and_a_job_and_is_told(world: World) -> None:
    found = begun(world, reviewer=world.people["reviewer"])
    for copy, name in zip(found.copies.select_related("job", "layer"), ("ann", "ben", "cat"), strict=True):
        assert copy.job is not None
        assert (copy.job.assignee, copy.job.reviewer) == (world.people[name], world.people["reviewer"])
        assert (copy.job.layer_id, copy.job.first, copy.job.last, copy.layer.kind) == (
            copy.layer_id,
            100,
            199,
            "replica",
        )
        assert editable_ranges(world.people[name], copy.layer) == [(100, 199)]
        assert Notification.objects.filter(user=world.people[name], kind="job_given").count() == 1


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"names": ("ann",)}, "2 to 20 copies; 1 came"),
        ({"names": ("ann", "ann")}, "somebody was named twice"),
        ({"names": ("ann", "viewer")}, "may not annotate"),
        ({"names": ("ann", "stranger")}, "no member"),
        ({"votes": 4}, "1 to 3 votes here, as there are 3 copies; 4 came"),
        ({"least_overlap": 1.5}, "0 to 100 per cent; 150 came"),
        ({"reviewer": "manager", "names": ("ann", "manager")}, "can't review their own work|annotates a copy"),
    ],
)
def test_what_cant_be_is_refused_and_leaves_nothing(world: World, asked: dict[str, Any], words: str) -> None:
    names = asked.pop("names", ())
    if "reviewer" in asked:
        asked["reviewer"] = world.people[asked["reviewer"]]
    with pytest.raises(ActionError, match=words):
        begun(world, *names, **asked)
    assert (Consensus.objects.count(), Job.objects.count(), Layer.objects.count()) == (0, 0, 1)


def test_frames_are_the_videos(world: World) -> None:
    with pytest.raises(ActionError, match="frames 0 to 999, in order; 990 to 1000 came"):
        make_consensus(by=world.people["manager"], video=world.video, first=990, last=1000, people=[], free=2)


def test_nobody_annotates_two_copies_or_reviews_beside_one(world: World) -> None:
    found = begun(world, "ann", "ben", reviewer=world.people["reviewer"])
    job = copy_of(found, 2).job
    assert job is not None
    by = world.people["manager"]
    for who, role in (("ann", "assignee"), ("reviewer", "assignee"), ("manager", "reviewer")):
        if who == "manager":
            other = copy_of(found, 1).job
            assert other is not None
            assign(by=by, job=other, assignee=by, reviewer=None)
        people: dict[str, Any] = {"assignee": None, "reviewer": None, role: world.people[who]}
        with pytest.raises(ActionError, match="copy of this consensus"):
            assign(by=by, job=Job.objects.get(pk=job.pk), **people)


def test_of_the_pool_each_person_takes_one_copy(world: World) -> None:
    found = begun(world, "ann", free=2)
    ann, ben = world.people["ann"], world.people["ben"]
    assert not pool(user=ann, projects=[world.project], to="annotate").exists()
    taken = take_next(user=ben, project=world.project, to="annotate")
    assert taken.consensus_copy.consensus_id == found.pk
    assert not pool(user=ben, projects=[world.project], to="annotate").exists()
    assert pool(user=world.people["cat"], projects=[world.project], to="annotate").count() == 1


# ---------------------------------------------------------------- who sees what


def sees(user: User, copy: ConsensusCopy) -> bool:
    job = copy.job
    assert job is not None
    for look in (lambda: access_layer(user, copy.layer_id, "view"), lambda: access_job(user, job.pk, "view")):
        try:
            look()
        except Http404:
            return False
    return True


@pytest.mark.parametrize(
    ("who", "before"),
    [
        ("ann", [1]),
        ("annotator", []),
        ("viewer", []),
        ("reviewer", [1, 2, 3]),
        ("manager", [1, 2, 3]),
        ("stranger", []),
    ],
)
def test_copies_are_hidden_from_who_annotates_until_they_are_merged(world: World, who: str, before: list[int]) -> None:
    found, user = begun(world), world.people[who]
    assert [copy.number for copy in found.copies.all() if sees(user, copy)] == before
    if who != "stranger":
        hidden = set(hidden_layers(user, world.project).values_list("pk", flat=True))
        assert {copy.number for copy in found.copies.all() if copy.layer_id not in hidden} == set(before)
        found.merged_at = found.created_at
        found.save()
        assert [copy.number for copy in found.copies.all() if sees(user, copy)] == [1, 2, 3]


def test_a_reviewer_who_annotates_a_copy_sees_no_other_and_no_page(world: World) -> None:
    reviewer = world.people["reviewer"]
    found = begun(world, "ann", "reviewer")
    assert [copy.number for copy in found.copies.all() if sees(reviewer, copy)] == [2]
    with pytest.raises(PermissionDenied, match="once it is merged"):
        access_consensus(reviewer, found.pk, "view")
    submit(found, 1)
    assert not pool(user=reviewer, projects=[world.project], to="review").exists()


def test_a_list_of_jobs_holds_no_copy_of_others(world: World) -> None:
    found = begun(world)
    client = Client()
    client.force_login(world.people["ann"])
    page = client.get(f"/projects/{world.project.pk}/jobs/").content.decode()
    jobs = [copy.job_id for copy in found.copies.all()]
    assert [f"job={job}&" in page for job in jobs] == [True, False, False]
    assert f"/consensus/{found.pk}/" not in page


# ---------------------------------------------------------------- agreement


def test_copies_are_compared_once_two_are_submitted_and_the_maker_is_told_of_the_last(world: World) -> None:
    found = begun(world)
    for number, left in ((1, 10), (2, 10), (3, 500)):
        draw(found, number, 100, 199, left)
    submit(found, 1)
    found.refresh_from_db()
    assert found.state == "waiting"
    with pytest.raises(ActionError, match="two copies that are submitted; 1 of"):
        begin_weighing(found)
    submit(found, 2)
    _, report = weighed(found)
    assert [(pair.one, pair.other, pair.idf1, pair.overlap) for pair in report.pairs] == [(1, 2, 1, 1)]
    told = Notification.objects.filter(user=world.people["manager"], kind="consensus")
    assert not told.exists()
    submit(found, 3)
    now, report = weighed(found)
    assert {(pair.one, pair.other): pair.idf1 for pair in report.pairs} == {(1, 2): 1, (1, 3): 0, (2, 3): 0}
    assert [(span.kind, span.first, span.last) for span in report.pairs[1].spans] == [
        ("missed", 100, 199),
        ("extra", 100, 199),
    ]
    assert (report.votes, report.merged, report.minority) == (2, 1, 1)
    assert told.count() == 1
    assert is_current(now, report)


def test_a_copy_that_is_returned_votes_no_more(world: World) -> None:
    found = begun(world)
    submit(found, 1, 2, 3)
    now, report = weighed(found)
    job = copy_of(found, 3).job
    assert job is not None
    move(user=world.people["reviewer"], job=job, transition="return", reason="Look again.")
    assert not is_current(now, report)
    with pytest.raises(ActionError, match="changed since they were compared"):
        begin_merging(by=world.people["manager"], consensus=now)


# ---------------------------------------------------------------- the vote


def test_what_most_have_is_merged_in_one_event_and_taken_back_in_another(world: World) -> None:
    found = begun(world)
    for number, left in ((1, 10), (2, 12), (3, 14)):
        draw(found, number, 100, 150, left)
    draw(found, 1, 100, 150, 700)
    submit(found, 1, 2, 3)
    now, report = weighed(found)
    assert [(each.kind, each.copies) for each in report.conflicts] == [("minority", [1])]
    manager, project = world.people["manager"], world.video.project
    hook = create_webhook(by=manager, project=project, url="https://example.org/", events=["consensus.merged"])
    now, outcome = merged(now, world.people["manager"])
    told = json.loads(hook.deliveries.get().body)["data"]
    assert (told["consensus"]["tracks"], told["consensus"]["undecided"], told["layer"]) == (1, 1, world.layer.pk)
    (track,) = world.layer.tracks.filter(deleted_at=None)
    assert (outcome.tracks, outcome.objects_left, outcome.undecided) == ([track.pk], 1, 1)
    assert (track.label, track.number, track.source) == (world.car, 1, "consensus")
    event = Event.objects.get(layer=world.layer)
    assert (event.edit_id, event.author) == (now.merged_edit, world.people["manager"])
    assert "Merged 1 track of the consensus of frames 100 to 199" in event.summary
    assert undo_merge(by=world.people["manager"], consensus=now) == 1
    assert not world.layer.tracks.filter(deleted_at=None).exists()
    assert Event.objects.filter(layer=world.layer, undoes=event.edit_id).count() == 1
    now.refresh_from_db()
    assert (now.merged_at, now.outcome) == (None, {})


def test_a_minority_is_taken_and_labels_that_tie_are_decided(world: World) -> None:
    van = Label.objects.create(project=world.project, name="van", colour="#00ff00")
    found = begun(world, "ann", "ben", votes=2)
    draw(found, 1, 100, 150, 10)
    draw(found, 2, 100, 150, 10, label=van)
    draw(found, 2, 160, 190, 300)
    submit(found, 1, 2)
    now, report = weighed(found)
    by_kind = {each.kind: each for each in report.conflicts}
    assert left_to_decide(now, report) == (2, 2)
    assert [each.id for each in by_kind["label"].choices] == [f"label:{world.car.pk}", f"label:{van.pk}", "leave"]
    decide(consensus=now, conflict=by_kind["label"].id, choice=f"label:{van.pk}")
    decide(consensus=now, conflict=by_kind["minority"].id, choice="take")
    _, outcome = merged(now, world.people["manager"])
    assert (outcome.objects_left, outcome.labels_left, outcome.undecided) == (0, 0, 0)
    assert [track.label for track in world.layer.tracks.order_by("number")] == [van, world.car]


def test_undecided_ties_and_shapes_in_conflict_are_left_out_and_counted(world: World) -> None:
    van = Label.objects.create(project=world.project, name="van", colour="#00ff00")
    found = begun(world, "ann", "ben")
    draw(found, 1, 100, 119, 10)
    draw(found, 2, 100, 119, 10, label=van)
    draw(found, 1, 130, 149, 300)
    astray = draw(found, 2, 130, 149, 300)
    rows = [keyframe(frame, 324 if 140 <= frame <= 144 else 300) for frame in (139, 140, 144, 145)]
    apply_edit(user=world.people["ben"], layer_id=copy_of(found, 2).layer_id, edit=edit(put(astray, rows)))
    submit(found, 1, 2)
    now, report = weighed(found)
    assert [(each.kind, each.first, each.last) for each in report.conflicts] == [
        ("label", 100, 119),
        ("shape", 140, 144),
    ]
    _, outcome = merged(now, world.people["manager"])
    assert (outcome.labels_left, outcome.frames_left, outcome.undecided, len(outcome.tracks)) == (1, 5, 2, 1)


def test_the_rest_is_decided_at_once_but_for_labels_that_tie(world: World) -> None:
    van = Label.objects.create(project=world.project, name="van", colour="#00ff00")
    found = begun(world, "ann", "ben")
    draw(found, 1, 100, 119, 10)
    draw(found, 2, 100, 119, 10, label=van)
    draw(found, 1, 130, 149, 300)
    submit(found, 1, 2)
    now, report = weighed(found)
    assert (decide_rest(consensus=now, choice="take"), left_to_decide(now, report)) == (1, (1, 2))
    assert (decide_rest(consensus=now, choice="leave"), left_to_decide(now, report)) == (1, (0, 2))
    decide(consensus=now, conflict=report.conflicts[0].id, choice="")
    assert left_to_decide(now, report) == (1, 2)
    with pytest.raises(ActionError, match="is decided by"):
        decide(consensus=now, conflict=report.conflicts[0].id, choice="copy:1")
    with pytest.raises(ActionError, match="isn't there any more"):
        decide(consensus=now, conflict="minority:0", choice="take")


def test_attributes_are_what_most_say(world: World) -> None:
    attribute = world.car.attributes.create(name="parked", kind="checkbox")
    key = str(attribute.pk)
    found = begun(world)
    for number, value in ((1, True), (2, True), (3, False)):
        draw(found, number, 100, 150, attributes={key: value})
    submit(found, 1, 2, 3)
    _, outcome = merged(weighed(found)[0], world.people["manager"])
    assert (world.layer.tracks.get().attributes, outcome.attributes_open) == ({key: True}, 0)


def test_into_a_new_layer_the_main_one_stays_as_it_is(world: World) -> None:
    found = begun(world, "ann", "ben")
    for number in (1, 2):
        draw(found, number, 100, 150)
    submit(found, 1, 2)
    now, outcome = merged(weighed(found)[0], world.people["manager"], into="new")
    assert now.merged_into is not None
    assert (now.merged_into.kind, outcome.into) == ("ground_truth", "Consensus of 100 to 199")
    assert (now.merged_into.tracks.count(), world.layer.tracks.count()) == (1, 0)


def test_a_merge_without_anything_is_refused_and_says_so(world: World) -> None:
    found = begun(world, "ann", "ben")
    draw(found, 1, 100, 150)
    submit(found, 1, 2)
    begin_merging(by=world.people["manager"], consensus=weighed(found)[0])
    now = worked(found)
    assert (now.state, "no object has enough votes" in now.message, now.merged_at) == ("failed", True, None)


def test_a_copy_that_changes_while_it_waits_to_be_merged_isnt_merged(world: World) -> None:
    found = begun(world, "ann", "ben")
    for number in (1, 2):
        draw(found, number, 100, 150)
    submit(found, 1, 2)
    begin_merging(by=world.people["manager"], consensus=weighed(found)[0])
    draw(found, 1, 100, 150, 400)
    now = worked(found)
    assert (now.state, "changed since" in now.message, world.layer.tracks.count()) == ("failed", True, 0)


def test_removed_it_takes_its_copies_along_and_not_what_was_merged(world: World) -> None:
    found = begun(world, "ann", "ben")
    for number in (1, 2):
        draw(found, number, 100, 150)
    submit(found, 1, 2)
    now, _ = merged(weighed(found)[0], world.people["manager"])
    assert remove_consensus(by=world.people["manager"], consensus=now) == 2
    assert (Consensus.objects.count(), Job.objects.count(), list(Layer.objects.all())) == (0, 0, [world.layer])
    assert world.layer.tracks.filter(deleted_at=None).count() == 1


# ---------------------------------------------------------------- pages and API


def test_its_page_shows_agreement_differences_and_conflicts(world: World) -> None:
    client = Client()
    client.force_login(world.people["manager"])
    people = [world.people[name].pk for name in ("ann", "ben")]
    sent = {"video": world.video.pk, "first": 100, "last": 199, "person": people, "overlap": 60}
    answer = client.post(f"/projects/{world.project.pk}/consensus/", sent)
    found = Consensus.objects.get()
    assert (answer["Location"], found.least_overlap) == (f"/consensus/{found.pk}/", 0.6)
    assert "when two of them are submitted" in client.get(answer["Location"]).content.decode()
    for number in (1, 2):
        draw(found, number, 100, 150)
    draw(found, 2, 160, 180, 300)
    submit(found, 1, 2)
    _, report = weighed(found)
    page = client.get(answer["Location"]).content.decode()
    assert "ann and ben: 83 %" in page
    assert f"?layer={copy_of(found, 2).layer_id}&amp;frame=160&amp;beside={copy_of(found, 1).layer_id}" in page
    assert "Only ben (1 of 2) has it" in page
    assert "1 undecided conflict would be left out" in page
    assert "track in these frames already" not in page
    client.post(f"/consensus/{found.pk}/decide/", {"conflict": report.conflicts[0].id, "choice": "take"})
    assert "Everything is decided" in client.get(answer["Location"]).content.decode()
    client.post(f"/consensus/{found.pk}/do/", {"do": "merge", "into": "main"})
    worked(found)
    page = client.get(answer["Location"]).content.decode()
    assert ("Merged by manager" in page, "2, with 4 stored shapes" in page) == (True, True)
    other = begun(world, "ann", "ben")
    submit(other, 1, 2)
    weighed(other)
    assert "has 2 tracks in these frames already; they stay" in client.get(f"/consensus/{other.pk}/").content.decode()


def test_programs_do_the_same(world: World) -> None:
    client = Client()
    client.force_login(world.people["manager"])
    sent = {
        "video": world.video.pk,
        "first": 100,
        "last": 199,
        "people": [world.people[name].pk for name in ("ann", "ben")],
    }
    made = client.post(f"/api/projects/{world.project.pk}/consensus", sent, content_type="application/json").json()
    assert [copy["assignee"] for copy in made["copies"]] == ["ann", "ben"]
    found = Consensus.objects.get(pk=made["id"])
    draw(found, 1, 100, 150)
    submit(found, 1, 2)
    worked(found)
    address = f"/api/consensus/{found.pk}"
    (conflict,) = client.get(address).json()["conflicts"]
    body = {"conflict": conflict["id"], "choice": "take"}
    decided = client.post(f"{address}/decisions", body, content_type="application/json").json()
    assert (decided["left"], decided["among"], decided["conflicts"][0]["decision"]) == (0, 1, "take")
    client.post(f"{address}/steps", {"step": "merge"}, content_type="application/json")
    worked(found)
    assert len(client.get(address).json()["merged"]["tracks"]) == 1
    assert client.post(f"{address}/steps", {"step": "undo"}, content_type="application/json").json()["merged"] is None
    assert client.delete(address).status_code == 204
