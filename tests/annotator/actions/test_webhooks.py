"""What other servers are told, by a real one that is told it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address, ip_network
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from annotator.actions import ingest, transfers
from annotator.actions.errors import ActionError
from annotator.actions.issues.issues import Place, open_issue, settle
from annotator.actions.jobs import begin_by_editing, move
from annotator.actions.parcels import parcels
from annotator.actions.parcels.report import Report
from annotator.actions.runs.dispatch import finish
from annotator.actions.webhooks import record as recording
from annotator.actions.webhooks import sending
from annotator.actions.webhooks.deliver import DELIVERING, MOST_GIVEN_UP, MOST_TRIES, PAUSES, QUEUE, deliver
from annotator.actions.webhooks.manage import change_webhook, create_webhook, redeliver
from annotator.actions.webhooks.record import ping, record
from annotator.actions.webhooks.sending import NotSent, UnfitAddress, check_url, is_allowed, send, signature
from annotator.actions.webhooks.telling import tell_merged, tell_verdicts
from annotator.actions.workspaces import change_role
from annotator.config import config
from annotator.models import (
    Consensus,
    Delivery,
    Happening,
    Job,
    Membership,
    Parcel,
    ParcelState,
    Run,
    RunState,
    Transfer,
    TransferState,
    Webhook,
)
from annotator.operations import SpanVerdict, VerdictsReplace
from annotator.worker.queue import Turns
from tests.people import Team, client_of


@dataclass
class Receiver:
    """A server on this machine. It answers with ``status``, and what it says with that."""

    url: str = ""
    status: int = 200
    says: str = "thank you"
    location: str = ""
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(config, "webhook_networks", [ip_network("127.0.0.0/8")])
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            said = made.says.encode()
            self.send_response(made.status)
            if made.location:
                self.send_header("Location", made.location)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/hook?team=cats"
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hook(team: Team, url: str = "https://example.org/", *events: str) -> Webhook:
    return create_webhook(by=team.mona, project=team.project, url=url, events=events or Happening.values)


def work() -> int:
    """Do what a jobs worker would now. Returns how many tries that were."""
    count = 0
    while (claimed := Turns().next(QUEUE)) is not None:
        result, _ = claimed
        result.set_successful(deliver.func(*result.args_kwargs["args"]))
        count += 1
    return count


def hurry() -> None:
    """The time of what waits has come."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.update(next_at=past)
    DBTaskResult.objects.filter(finished_at=None).update(run_after=past)


def only(webhook: Webhook) -> Delivery:
    return webhook.deliveries.get()


def test_signatures_are_those_of_the_specification() -> None:
    # The example of the reference libraries.
    made = signature(
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_is_sent_signed_with_what_happened(team: Team, receiver: Receiver) -> None:
    webhook = hook(team, receiver.url)
    move(user=team.bob, job=team.job, transition="submit")
    assert work() == 1
    ((path, headers, body),) = receiver.heard
    assert path == "/hook?team=cats"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(webhook.secret.removeprefix("whsec_"))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    message = json.loads(body)
    assert (message["id"], message["type"]) == (headers["webhook-id"], "job.moved")
    assert message["by"] == {"id": team.bob.pk, "username": "bob", "name": "Bob"}
    assert message["data"]["job"]["stage"] == "review"
    assert (message["data"]["step"], message["data"]["video"]["name"]) == ("submit", "lions.mp4")
    sent = only(webhook)
    assert (sent.state, sent.tries, sent.status, sent.answer) == ("delivered", 1, 200, "thank you")
    assert work() == 0


def _verdict(team: Team) -> None:
    given = VerdictsReplace(
        track=uuid4(), ranges=[(0, 9)], spans=[SpanVerdict(first=0, last=9, verdict="rejected", reason="drifts")]
    )
    tell_verdicts(team.layer, by=team.rita, revision=3, given=[given])


def _comment(team: Team) -> Any:
    place = Place(first=0, last=9)
    return open_issue(
        user=team.mona, layer_id=team.layer.pk, issue_id=uuid4(), comment_id=uuid4(), place=place, text="Is it a car?"
    )


def _run(state: RunState) -> Callable[[Team], None]:
    def end(team: Team) -> None:
        finish(Run.objects.create(layer=team.layer, model="framewise-cf", first=0, last=9), state, "so it was")

    return end


def _transfer(kind: str, state: TransferState) -> Callable[[Team], None]:
    def end(team: Team) -> None:
        transfer = Transfer.objects.create(layer=team.layer, kind=kind, format="mot", state=TransferState.RUNNING)
        if state == TransferState.DONE:
            transfers._finish(transfer, {})
        else:
            transfers._fail(transfer, "It has no rows.")

    return end


def _export(state: ParcelState) -> Callable[[Team], None]:
    def end(team: Team) -> None:
        parcel = Parcel.objects.create(
            kind=Parcel.Kind.EXPORT, workspace=team.project.workspace, project=team.project, state=ParcelState.RUNNING
        )
        if state == ParcelState.DONE:
            parcels._finish(parcel, Report(taken=[]))
        else:
            parcels._fail(parcel, "There is no room.")

    return end


def _merged(team: Team) -> None:
    consensus = Consensus.objects.create(video=team.video, first=0, last=9)
    tell_merged(consensus, into=team.layer, tracks=3, undecided=2)


HAPPENINGS: dict[str, tuple[Callable[[Team], object], str]] = {
    "job.moved": (lambda team: move(user=team.bob, job=team.job, transition="submit"), "submit"),
    "verdict.given": (_verdict, "drifts"),
    "comment.added": (_comment, "Is it a car?"),
    "issue.settled": (lambda team: settle(user=team.mona, issue_id=_comment(team).issue.id, resolved=True), "true"),
    "run.done": (_run(RunState.DONE), "so it was"),
    "run.failed": (_run(RunState.FAILED), "so it was"),
    "export.finished": (_transfer("export", TransferState.DONE), "/file"),
    "import.finished": (_transfer("import", TransferState.FAILED), "It has no rows."),
    "project.exported": (_export(ParcelState.FAILED), "There is no room."),
    "consensus.merged": (_merged, '"undecided": 2'),
    "video.ready": (lambda team: ingest.tell_video(team.video, ready=True), "frame_count"),
    "video.failed": (lambda team: ingest._fail(team.video, "It is no video."), "It is no video."),
}


@pytest.mark.parametrize("kind", Happening.values)
def test_each_kind_is_told_to_who_asked_for_it_and_nobody_else(team: Team, kind: str) -> None:
    asked = hook(team, "https://example.org/1", kind)
    others = hook(team, "https://example.org/2", *(set(Happening.values) - {kind, "comment.added"}))
    happen, words = HAPPENINGS[kind]
    happen(team)
    assert [each.kind for each in asked.deliveries.all()] == [kind]
    assert words in only(asked).body
    assert not others.deliveries.exists()


def test_where_the_export_of_a_project_is_fetched_is_told_and_of_an_import_nothing(team: Team) -> None:
    webhook = hook(team)
    _export(ParcelState.DONE)(team)
    told = json.loads(only(webhook).body)["data"]["export"]
    assert (told["state"], told["file"]) == ("done", f"/api/parcels/{told['id']}/file")
    coming = Parcel.objects.create(
        kind=Parcel.Kind.IMPORT, workspace=team.project.workspace, project=team.project, state=ParcelState.RUNNING
    )
    parcels._fail(coming, "It is damaged.")
    assert webhook.deliveries.count() == 1


def test_a_job_that_somebody_begins_by_drawing_in_it_is_told(team: Team) -> None:
    webhook = hook(team)
    for _ in range(2):
        begin_by_editing(user=team.bob, layer=team.layer, ranges=[(0, 9)])
    data = json.loads(only(webhook).body)["data"]
    assert (data["step"], data["job"]["state"]) == ("start", "in_progress")


def test_a_run_that_was_stopped_is_told_nobody(team: Team) -> None:
    webhook = hook(team)
    _run(RunState.STOPPED)(team)
    assert not webhook.deliveries.exists()


def test_what_is_rolled_back_is_told_nobody_and_what_is_kept_waits_for_a_worker(team: Team) -> None:
    webhook = hook(team)
    with transaction.atomic():
        move(user=team.bob, job=team.job, transition="submit")
        transaction.set_rollback(True)
    assert not webhook.deliveries.exists()
    assert not DBTaskResult.objects.filter(queue_name=QUEUE).exists()
    # Nothing is left to be done on commit: a process that is killed behind it loses nothing.
    move(user=team.bob, job=Job.objects.get(pk=team.job.pk), transition="submit")
    waiting = DBTaskResult.objects.get(queue_name=QUEUE)
    assert waiting.args_kwargs["args"] == [str(only(webhook).pk)]


def test_what_fails_is_tried_again_later_each_time_and_given_up_in_the_end(team: Team, receiver: Receiver) -> None:
    webhook = hook(team, receiver.url)
    receiver.status, receiver.says = 500, "Down for tea"
    move(user=team.bob, job=team.job, transition="submit")
    for number, pause in enumerate(PAUSES, 1):
        assert work() == 1
        tried = only(webhook)
        assert (tried.state, tried.tries, tried.status, tried.answer) == ("waiting", number, 500, "Down for tea")
        assert timedelta(0) <= timezone.now() + pause - tried.next_at < timedelta(minutes=1)
        assert work() == 0
        hurry()
    assert work() == 1
    tried = only(webhook)
    assert (tried.state, tried.tries) == ("failed", MOST_TRIES)
    assert tried.problem == "The answer was 500, not 200 to 299."
    assert {headers["webhook-id"] for _, headers, _ in receiver.heard} == {str(tried.pk)}
    assert Webhook.objects.get().given_up == 1
    receiver.status = 204
    redeliver(delivery=tried)
    assert work() == 1
    assert only(webhook).state == "delivered"
    assert Webhook.objects.get().given_up == 0


def test_a_try_that_its_worker_did_not_survive_counts_and_is_made_again(team: Team, receiver: Receiver) -> None:
    webhook = hook(team, receiver.url)
    sent = ping(by=team.mona, webhook=webhook)
    Delivery.objects.filter(pk=sent.pk).update(tries=1)  # It was counted, then the worker was killed.
    assert work() == 1
    assert (only(webhook).state, only(webhook).tries) == ("delivered", 2)


def test_one_that_takes_too_long_is_tried_again_like_any_other(team: Team) -> None:
    webhook = hook(team)
    move(user=team.bob, job=team.job, transition="submit")
    DELIVERING.fail(str(only(webhook).pk), "whatever")
    assert (only(webhook).state, only(webhook).tries) == ("waiting", 1)
    assert "took longer than" in only(webhook).problem


def test_after_many_given_up_in_a_row_it_is_switched_off_and_its_page_says_so(team: Team, receiver: Receiver) -> None:
    webhook = hook(team, receiver.url)
    receiver.status = 500
    for _ in range(MOST_GIVEN_UP + 1):
        record(Happening.RUN_DONE, project=team.project, by=None, data={})
    last = webhook.deliveries.order_by("created_at").last()
    assert last is not None
    Delivery.objects.exclude(pk=last.pk).update(tries=MOST_TRIES - 1)
    work()
    webhook.refresh_from_db()
    assert (webhook.active, webhook.deliveries.filter(state="waiting").count()) == (False, 0)
    page = client_of(team.mona).get(f"/webhooks/{webhook.pk}/").content.decode()
    assert f"{MOST_GIVEN_UP} messages in a row could not be delivered" in page
    assert "The webhook was switched off before this was delivered." in page
    record(Happening.RUN_DONE, project=team.project, by=None, data={})
    assert webhook.deliveries.count() == MOST_GIVEN_UP + 1
    with pytest.raises(ActionError, match="switched off"):
        redeliver(delivery=last)


def test_one_that_says_it_is_gone_is_switched_off_at_once(team: Team, receiver: Receiver) -> None:
    webhook = hook(team, receiver.url)
    receiver.status = 410
    move(user=team.bob, job=team.job, transition="submit")
    work()
    webhook.refresh_from_db()
    assert (webhook.active, only(webhook).state) == (False, "failed")


def test_too_many_that_wait_switch_it_off_instead_of_filling_the_disk(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 2)
    webhook = hook(team)
    for _ in range(4):
        record(Happening.RUN_DONE, project=team.project, by=None, data={})
    webhook.refresh_from_db()
    assert (webhook.active, webhook.deliveries.count()) == (False, 2)
    assert "More than 2 messages" in webhook.off_why


def test_who_manages_no_more_takes_their_webhooks_along(team: Team) -> None:
    webhook = hook(team)
    closed = change_role(by=team.alice, membership=Membership.objects.get(user=team.mona), role="annotator")
    assert "1 webhook" in str(closed)
    webhook.refresh_from_db()
    assert (webhook.active, webhook.off_why) == (False, "Alice gave Mona the role annotator. They had set it.")
    change_webhook(by=team.alice, webhook=webhook, url=webhook.url, events=["run.done"], active=True)
    assert (webhook.set_by, webhook.off_why) == (team.alice, "")


def test_redirects_are_not_followed(team: Team, receiver: Receiver) -> None:
    webhook = hook(team, receiver.url)
    receiver.status, receiver.location = 302, receiver.url.replace("hook", "elsewhere")
    move(user=team.bob, job=team.job, transition="submit")
    work()
    assert [path for path, _, _ in receiver.heard] == ["/hook?team=cats"]
    assert "Redirects aren't followed" in only(webhook).problem


INSIDE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1"),
    *("255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"),
    *("2002:7f00:1::", "fe80::1%lo"),
)


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_refused_however_they_are_written(address: str) -> None:
    assert not is_allowed(ip_address(address))


def test_public_addresses_and_those_that_the_admin_allows_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"):
        assert is_allowed(ip_address(address))
    monkeypatch.setattr(config, "webhook_networks", [ip_network("10.0.0.0/8")])
    assert is_allowed(ip_address("10.1.2.3"))
    assert is_allowed(ip_address("::ffff:10.1.2.3"))
    assert not is_allowed(ip_address("192.168.1.1"))


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.org/", "example.org", "https://", "https://u:p@example.org/", "https://example.org:0/"),
        *("https://example.org:99999/", "https://exa mple.org/", "https://example.org/#x", "http://[fe80::1%25lo]/"),
        *("http://127.0.0.1/", "https://example.org/\r\nX: y", "https://bücher.example/", "http://[", "http://[::1]/"),
        "https://e.org/" + "x" * 500,
    ],
)
def test_addresses_that_are_none_are_refused_when_they_are_typed(url: str) -> None:
    with pytest.raises(UnfitAddress):
        check_url(url)


@pytest.mark.parametrize("name", ["localhost", "127.1", "2130706433", "0x7f000001", "inside.example"])
def test_names_that_lead_inside_are_refused_when_they_are_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(config, "webhook_networks", [])
    port = int(receiver.url.split(":")[2].partition("/")[0])
    if name == "inside.example":
        there = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(sending.socket, "getaddrinfo", lambda *_, **__: there)
    with pytest.raises(NotSent, match="no public address"):
        send(url=f"http://{name}:{port}/", secret="whsec_AAAA", message_id="1", body=b"{}")
    assert receiver.heard == []


def test_what_is_connected_to_is_the_address_that_was_checked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    resolve = socket.getaddrinfo
    port = int(receiver.url.split(":")[2].partition("/")[0])

    def lookup(host: str, *more: Any, **named: Any) -> Any:
        asked.append(host)
        return resolve("127.0.0.1" if host == "rebinding.example" else host, *more, **named)

    monkeypatch.setattr(sending.socket, "getaddrinfo", lookup)
    answer = send(url=f"http://rebinding.example:{port}/", secret="whsec_AAAA", message_id="1", body=b"{}")
    assert answer.status == 200
    assert receiver.heard[0][1]["host"] == f"rebinding.example:{port}"
    # The name was asked for once; what came was connected to.
    assert asked == ["rebinding.example", "127.0.0.1"]


def test_a_server_that_is_not_there_or_speaks_something_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "webhook_networks", [ip_network("127.0.0.0/8")])
    monkeypatch.setattr(sending, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        for scheme in ("http", "https"):
            with pytest.raises(NotSent, match=r"Nothing came within 0\.2 s\."):
                send(url=f"{scheme}://127.0.0.1:{port}/", secret="whsec_AAAA", message_id="1", body=b"{}")
    with pytest.raises(NotSent, match="The connection failed: Connection refused"):
        send(url=f"http://127.0.0.1:{port}/", secret="whsec_AAAA", message_id="1", body=b"{}")
