"""A project with everything in it, and what becomes of its file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from annotator.actions.issues.issues import Place, open_issue, reply
from annotator.actions.layer_datasets import dataset_of
from annotator.actions.parcels.packing import pack
from annotator.actions.parcels.parcels import bring_project
from annotator.formats import find
from annotator.media import storage
from annotator.models import (
    Attribute,
    Consensus,
    ConsensusCopy,
    Event,
    EventKind,
    Gold,
    Job,
    JobScore,
    JobStep,
    Layer,
    LayerKind,
    Membership,
    Project,
    Role,
    Run,
    RunState,
    Stay,
    User,
    Workspace,
)
from tests.annotator.worlds import World, create, do, judge, keyframe, make_world, put, update

AT = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
SOURCE = b"the bytes of a video" * 1000


def rich_world() -> tuple[World, UUID]:
    """With a track that the annotator drew, moved and that was accepted, and whatever else a project may hold."""
    world = make_world(300)
    admin, annotator, reviewer = (world.people[role] for role in ("admin", "annotator", "reviewer"))
    parked = Attribute.objects.create(label=world.car, name="parked", kind="checkbox", default=False)
    gear = Attribute.objects.create(label=world.car, name="gear", kind="select", choices=["1", "2"], per_frame=True)
    track = uuid4()
    do(world, create(track, world.car, attributes={str(parked.pk): True}), put(track, [keyframe(0), keyframe(280)]))
    do(world, put(track, [keyframe(10, left=60)]))
    do(world, update(track, frame_attributes={str(gear.pk): [(0, "1"), (20, "2")]}))
    do(world, judge(track, 0, 100), by="reviewer")
    do(world, put(track, [keyframe(50, left=90)]))
    gone = uuid4()
    do(world, create(gone, world.car), put(gone, [keyframe(3)]))
    do(world, update(gone, deleted=True))
    run = Run.objects.create(
        layer=world.layer, model="framewise-cf", first=0, last=9, state=RunState.RUNNING, created_by=annotator
    )
    Event.objects.filter(layer=world.layer, revision=2).update(run=run, kind=EventKind.RUN)
    Event.objects.filter(layer=world.layer).update(created_at=AT)
    truth = Layer.objects.create(video=world.video, kind=LayerKind.GROUND_TRUTH, name="truth", owner=reviewer)
    Gold.objects.create(layer=truth, first=0, last=9, created_by=admin)
    job = Job.objects.create(
        video=world.video,
        layer=world.layer,
        first=0,
        last=99,
        assignee=annotator,
        reviewer=reviewer,
        due=date(2026, 4, 1),
    )
    job.co_reviewers.add(world.people["manager"])
    JobStep.objects.create(job=job, kind=JobStep.Kind.GIVEN, by=admin, whom=annotator, reason="Please.", at=AT)
    score = dict.fromkeys(("gold", "matched", "missed", "extra", "switches"), 1) | dict.fromkeys(
        ("overlap", "hota", "idf1"), 0.5
    )
    JobScore.objects.create(
        job=job,
        person=annotator,
        state="done",
        report={"frames": 10, "revision": 2, "scores": [{"label": None, **score}, {"label": world.car.pk, **score}]},
    )
    copy = Layer.objects.create(video=world.video, kind=LayerKind.REPLICA, name="copy", owner=annotator)
    consensus = Consensus.objects.create(video=world.video, first=0, last=99, created_by=admin)
    ConsensusCopy.objects.create(consensus=consensus, number=1, layer=copy, job=job)
    Stay.objects.create(layer=world.layer, person=annotator, job=job, began=AT, ended=AT)
    issue_id = uuid4()
    open_issue(
        user=reviewer,
        layer_id=world.layer.pk,
        issue_id=issue_id,
        comment_id=uuid4(),
        text="Is it @annotator's?",
        place=Place(first=0, last=9, track=track, region=None),
    )
    reply(user=annotator, issue_id=issue_id, comment_id=uuid4(), text="Yes.")
    world.project.class_labels = {"automobile": world.car.pk, "bird": None}
    world.project.pass_mark = 80
    world.project.created_by = admin
    world.project.save()
    source = storage.video_file(world.video, storage.SOURCE)
    source.parent.mkdir(parents=True)
    source.write_bytes(SOURCE)
    return world, track


def no_show(share: float) -> None:
    assert 0 <= share <= 1


def packed(project: Project, path: Path, *, with_media: bool = True) -> Path:
    pack(project, path, with_media=with_media, show=no_show)
    return path


def other_workspace(world: World, *roles: str) -> Workspace:
    """Elsewhere; those who have these roles here are members there."""
    workspace = Workspace.objects.create(name="Elsewhere")
    boss = User.objects.create_user("boss", "boss@example.org", "correct horse battery staple")
    Membership.objects.create(workspace=workspace, user=boss, role=Role.ADMIN)
    for role in roles:
        Membership.objects.create(workspace=workspace, user=world.people[role], role=role)
    return workspace


def brought(path: Path, workspace: Workspace, tmp_path: Path) -> Project:
    return bring_project(path, workspace=workspace, folder=tmp_path / "unpacked", show=no_show)


def native(layer: Layer, path: Path) -> Any:
    """What the layer's export as Framewise JSON says."""
    find("framewise").write(dataset_of(layer), path, {})
    return json.loads(path.read_text())


# ------------------------------------------------------------------ files that are made to be wrong

Members = dict[str, bytes]
Change = Callable[[Members], object]


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def lines(members: Members, member: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in members[f"{member}.jsonl"].splitlines()]


def put_lines(members: Members, member: str, records: list[dict[str, Any]]) -> None:
    """Replace a member's records, and say so in the manifest: only its sense is wrong then."""
    members[f"{member}.jsonl"] = b"".join(json.dumps(record).encode() + b"\n" for record in records)
    resign(members, f"{member}.jsonl")


def change(member: str, at: int = 0, **fields: Any) -> Change:
    """Other values in one record."""

    def do_it(members: Members) -> None:
        records = lines(members, member)
        records[at] |= fields
        put_lines(members, member, records)

    return do_it


def resign(members: Members, path: str) -> None:
    data = members[path]
    said = {"records": data.count(b"\n"), "bytes": len(data), "sha256": sha256(data).hexdigest()}
    manifest = json.loads(members["manifest.json"])
    for member in manifest["members"]:
        if member["path"] == path:
            member.update(said)
    members["manifest.json"] = json.dumps(manifest).encode()


def manifest(**fields: Any) -> Change:
    def do_it(members: Members) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | fields).encode()

    return do_it


def zipped(members: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            stored = zipfile.ZIP_STORED if name.startswith("media/") else zipfile.ZIP_DEFLATED
            archive.writestr(name, data, compress_type=stored)
    return path
