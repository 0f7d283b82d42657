"""Each address, tried by everybody: nobody, a stranger, each role and a site admin."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils import timezone

from annotator.actions.agents import create_agent
from annotator.actions.api_tokens import create_token
from annotator.actions.issues.issues import Place, open_issue
from annotator.actions.parcels.parcels import parcel_file
from annotator.actions.projects import archive_project
from annotator.actions.stored_weights import path_of, sources_for
from annotator.actions.transfers import transfer_file
from annotator.actions.webhooks.manage import create_webhook
from annotator.actions.webhooks.record import ping
from annotator.actions.workspaces import invite
from annotator.api import videos
from annotator.api.router import api
from annotator.media import storage
from annotator.media.agent_access import media_token
from annotator.models import (
    Comparison,
    Consensus,
    Gold,
    Layer,
    Membership,
    Parcel,
    Preview,
    Role,
    StoredWeights,
    Sweep,
    Transfer,
    TransferState,
    Upload,
    User,
)
from tests.annotator.routes import API, EVERYBODY, LET_IN, NOT_ALLOWED, NOTHING, PAGES, ROUTES, SIGN_IN, Route
from tests.people import PASSWORD, Team, client_of
from tracking.parts import Part


def all_paths(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            if each.app_name != "admin":
                yield from all_paths(each.url_patterns, path)
        else:
            yield path


def api_operations() -> set[str]:
    """``METHOD path`` of every operation; HEAD where nothing else is offered."""
    found = set()
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                methods = set(operation.methods) - ({"HEAD"} if len(operation.methods) > 1 else set())
                found |= {f"{method} /api{prefix}{path}" for method in methods}
    return found


MISSING = "is not in tests/annotator/routes.py: add a line that says what it needs, and whom it lets in."


def test_every_page_is_in_the_table() -> None:
    paths = [path for path in all_paths(get_resolver().url_patterns) if not path.startswith("/api/")]
    listed = {resolve(re.sub(r"\{\w+\}", "1", route.path)).route for route in PAGES}
    missing = sorted(path for path in paths if path.removeprefix("/") not in listed)
    assert not missing, f"{', '.join(missing)} {MISSING}"


def test_every_api_operation_is_in_the_table() -> None:
    missing = sorted(api_operations() - {str(route) for route in API})
    assert not missing, f"{', '.join(missing)} {MISSING}"


@pytest.fixture
def things(team: Team, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What stands for the braces of the table, with files where files are served."""
    settings.MEDIA_ROOT = tmp_path
    for name in (storage.SOURCE, storage.INDEX, storage.PACKETS, storage.PROXY, storage.STRIP):
        put(storage.video_file(team.video, name))
    upload = Upload.objects.create(project=team.project, name="a.mp4", size=4, created_by=team.mona)
    put(storage.upload_file(upload), b"")
    transfer = Transfer.objects.create(
        layer=team.layer, kind="export", format="mot", state=TransferState.DONE, file_name="a.zip", created_by=team.mona
    )
    put(transfer_file(transfer))
    monkeypatch.setattr(videos, "frame_jpeg", lambda video, frame: b"a picture")
    sweep = Sweep.objects.create(project=team.project, pipeline="continue", model="framewise-cf", destination="main")
    invitation, token = invite(by=team.alice, workspace=team.workspace, role=Role.VIEWER)
    truth = Layer.objects.create(video=team.video, kind="ground_truth", name="truth")
    Comparison.objects.create(reference=truth, compared=team.layer)
    known = Layer.objects.create(video=team.video, kind="ground_truth", name="known")
    gold = Gold.objects.create(layer=known, first=0, last=9)
    said = open_issue(
        user=team.mona,
        layer_id=team.layer.pk,
        issue_id=uuid4(),
        comment_id=uuid4(),
        place=Place(first=0, last=9),
        text="@bob, is it a car?",
    )
    settings.DATA_DIR = tmp_path
    coming, ready = (
        StoredWeights.objects.create(workspace=team.workspace, name=name, size=4, state=state)
        for name, state in (("mixformer_cvt_online_22k.pth.tar", "coming"), ("XMem.pth", "ready"))
    )
    for each in (coming, ready):
        put(path_of(each), b"")
    agent, _ = create_agent(by=team.alice, workspace=team.workspace, name="machine")
    now = timezone.now()
    preview = Preview.objects.create(
        video=team.video,
        agent=agent,
        model="yolox-tiny",
        frame=0,
        least=0.05,
        created_by=team.mona,
        created_at=now,
        heard_at=now,
    )
    parcel = Parcel.objects.create(
        workspace=team.workspace, kind="export", state="done", project=team.project, created_by=team.alice
    )
    put(parcel_file(parcel), b"")
    webhook = create_webhook(by=team.mona, project=team.project, url="https://example.org/", events=["job.moved"])
    return {
        "webhook_id": webhook.pk,
        "parcel_id": parcel.pk,
        "delivery_id": ping(by=team.mona, webhook=webhook).pk,
        "preview_id": preview.pk,
        "ask": uuid4(),
        "workspace_id": team.workspace.pk,
        "project_id": team.project.pk,
        "project64": base64.b64encode(str(team.project.pk).encode()).decode(),
        "video_id": team.video.pk,
        "layer_id": team.layer.pk,
        "reference_id": truth.pk,
        "job_id": team.job.pk,
        "person_id": team.bob.pk,
        "membership_id": Membership.objects.get(user=team.bob).pk,
        "invitation_id": invitation.pk,
        "invitation": token,
        "agent_id": agent.pk,
        "api_token_id": create_token(user=team.bob, name="script", scope="read", days=1, current=PASSWORD)[0].pk,
        "model": "xmem",
        "weights_id": coming.pk,
        "weights_token": sources_for(agent, team.workspace.pk, [Part(ready.name)])[ready.name].rpartition("/")[2],
        "workspace64": base64.b64encode(str(team.workspace.pk).encode()).decode(),
        "upload_id": upload.pk,
        "transfer_id": transfer.pk,
        "sweep_id": sweep.pk,
        "issue_id": said.issue.id,
        "comment_id": said.comments[0].id,
        "token": media_token(team.video, agent),
        "frame": 0,
        "table": "days",
        "quality_table": "jobs",
        "gold_id": gold.pk,
        "consensus_id": Consensus.objects.create(video=team.video, first=0, last=9, created_by=team.mona).pk,
    }


def put(path: Path, data: bytes = b"something") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_it_lets_in_whom_it_should(route: Route, team: Team, things: dict[str, Any]) -> None:
    sam = User.objects.create_superuser("sam", "sam@example.org")
    people = {"nobody": None, "stranger": team.eve, **team.members, "site admin": sam}
    found = {}
    for who in EVERYBODY:
        with transaction.atomic():
            found[who] = outcome(ask(client_of(people[who]), route, things))
            transaction.set_rollback(True)
    assert found == dict(route.outcome)


KEPT_WHEN_ARCHIVED = {
    "POST /projects/{project_id}/jobs/split/",
    "POST /projects/{project_id}/jobs/hand-out/",
    "POST /projects/{project_id}/quality/gold/",
    "POST /projects/{project_id}/quality/pass-mark/",
    "POST /gold/{gold_id}/end/",
    "POST /projects/{project_id}/consensus/",
    "POST /consensus/{consensus_id}/do/",
    "POST /consensus/{consensus_id}/decide/",
    "POST /api/projects/{project_id}/consensus",
    "POST /api/consensus/{consensus_id}/steps",
    "POST /api/consensus/{consensus_id}/decisions",
    "DELETE /api/consensus/{consensus_id}",
    "POST /jobs/{job_id}/step/",
    "POST /jobs/{job_id}/reviewers/",
    "POST /projects/{project_id}/accepting/",
    "PUT /api/jobs/{job_id}/reviewers",
    "PUT /api/projects/{project_id}/labels",
    "PATCH /api/projects/{project_id}/class-labels",
    "POST /api/jobs/{job_id}/steps",
    "POST /api/uploads/",
    "PATCH /api/uploads/{upload_id}",
    "POST /api/videos/{video_id}/layers",
    "PATCH /api/layers/{layer_id}",
    "DELETE /api/layers/{layer_id}",
    "POST /api/layers/{layer_id}/take-over",
    "GET /api/layers/{layer_id}/restore",
    "POST /api/layers/{layer_id}/restore",
    "PUT /api/layers/{layer_id}/verdicts",
    "POST /api/layers/{layer_id}/joins",
    "DELETE /api/layers/{layer_id}/joins",
    "POST /api/layers/{layer_id}/joins/dismissed",
    "POST /api/layers/{layer_id}/issues",
    "PATCH /api/issues/{issue_id}",
    "POST /api/issues/{issue_id}/comments",
    "PATCH /api/comments/{comment_id}",
    "DELETE /api/comments/{comment_id}",
    "POST /api/layers/{layer_id}/imports",
    "POST /api/projects/{project_id}/imports",
    "POST /api/projects/{project_id}/queues",
    "DELETE /api/projects/{project_id}/queues",
    "POST /api/videos/{video_id}/previews",
    "POST /api/machines/{agent_id}/tries",
    "POST /api/projects/{project_id}/sweeps",
    "POST /projects/{project_id}/jobs/take/",
    "POST /projects/{project_id}/taking/",
    "POST /api/projects/{project_id}/jobs/take",
    "POST /api/sweeps/{sweep_id}/steps",
    "POST /api/sweeps/{sweep_id}/videos/{video_id}/take-over",
}


@pytest.mark.parametrize("route", [route for route in ROUTES if "archive/" not in route.path], ids=str)
def test_in_an_archived_project_what_changes_annotations_labels_or_jobs_is_refused(
    route: Route, team: Team, things: dict[str, Any]
) -> None:
    archive_project(by=team.mona, project=team.project)
    answer = ask(client_of(team.mona), route, things)
    refused = answer.status_code in (400, 403) and "archived" in answer.content.decode()
    assert refused == (str(route) in KEPT_WHEN_ARCHIVED)


def ask(client: Client, route: Route, things: dict[str, Any]) -> Any:
    url = route.path.format_map(things) + route.query.format_map(things)
    headers = {name: value.format_map(things) for name, value in route.headers.items()}
    kind = headers.pop("Content-Type", "application/json")
    if isinstance(route.sent, dict) and (not route.path.startswith("/api/") or "file" in route.sent):
        return client.post(url, {name: form_value(value, things) for name, value in route.sent.items()})
    if route.method in ("GET", "HEAD"):
        return client.generic(route.method, url, headers=headers)
    method = getattr(client, route.method.lower())
    sent = b"" if route.sent is None else filled(route.sent, things)
    return method(url, sent, content_type=kind, headers=headers)


def filled(sent: Any, things: dict[str, Any]) -> Any:
    """The JSON of a request with what stands for the braces of its texts."""
    if not isinstance(sent, dict):
        return sent
    return {name: value.format_map(things) if isinstance(value, str) else value for name, value in sent.items()}


def form_value(value: Any, things: dict[str, Any]) -> Any:
    if isinstance(value, bytes):
        return SimpleUploadedFile("a.zip", value)
    return value.format_map(things)


def outcome(answer: Any) -> str:
    status = answer.status_code
    if status == 401 or (status == 302 and answer["Location"].startswith("/sign-in/?next=")):
        return SIGN_IN
    if status in (403, 404):
        return {403: NOT_ALLOWED, 404: NOTHING}[status]
    # What an action refuses was let in: access was granted, and the rule it breaks is told.
    return LET_IN if status < 500 else f"breaks it ({status})"


def test_all_of_the_admin_is_for_site_admins(team: Team) -> None:
    urls = [
        re.sub(r"<[^>]+>", "1", path)
        for path in all_paths(admin.site.get_urls(), "/admin/")
        if re.search("/log|/password_change/$", path) is None
    ]
    assert len(urls) > 50
    # Roles in workspaces are nothing to it: the strongest and the weakest stand for all.
    for user in (None, team.alice, team.vic):
        client = client_of(user)
        for url in urls:
            for method in (client.get, client.post):
                answer = method(url)
                assert (answer.status_code, answer.get("Location", "")[:19]) in (
                    (302, "/admin/login/?next="),
                    (404, ""),
                ), url
    assert client_of(User.objects.create_superuser("sam", "sam@example.org")).get("/admin/").status_code == 200


def test_forms_of_other_sites_are_refused(team: Team) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(team.alice)
    pages = [route for route in PAGES if route.method == "POST"]
    for route in pages:
        answer = client.post(re.sub(r"\{\w+\}", "1", route.path), {})
        assert (answer.status_code, "This page is out of date" in answer.content.decode()) == (403, True), str(route)
    assert client.patch("/api/me/preferences", {}, content_type="application/json").status_code == 403
