"""What is stored in is away, locked or full for a while: nobody's change is lost or done twice, no connection goes
deaf, and everybody is told in true words."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from playwright.sync_api import Browser, Page, expect
from websockets.exceptions import ConnectionClosed

from framewise.bench.client import Client, LiveChannel
from framewise.bench.product import Product, free_port
from tests.e2e.clips import moving_things, thing_at
from tests.e2e.conftest import ENVIRONMENT, sign_in
from tests.e2e.editor import draw_box, opened, rows_stored, track_with, wait_until_runs_end, wait_until_saved
from tests.e2e.settings import LOCK_S
from tests.services import Postgres, Redis, fill, small_disk
from tracking.types import Box

pytestmark = pytest.mark.faults

FRAMES = 150
LOCKED_S = LOCK_S + 3.0
"""Longer than a connection waits for the lock."""
SOON_S = 30.0
AGAIN_S = 60.0
"""Within it everything works again once the store does: the longest pause, and what a loaded machine takes."""


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_things(tmp_path_factory.mktemp("clips") / "things.mp4", FRAMES)


@contextmanager
def running(data: Path, **environment: str) -> Iterator[Product]:
    product = Product.start(data, {**ENVIRONMENT, **environment})
    try:
        yield product
    finally:
        product.stop()


def with_video(client: Client, clip: Path) -> tuple[int, int, int]:
    """(video, layer, label) of a video that is ready."""
    video = client.upload(client.demo_project(), clip)
    client.until_ready(video)
    config = client.editor_config(video)
    return video, config["layer"]["id"], config["labels"][0]["id"]


@contextmanager
def locked(product: Product) -> Iterator[None]:
    """Somebody else writes to the database, and doesn't come to an end."""
    with closing(sqlite3.connect(product.data / "framewise.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def until_held(live: LiveChannel, why: str | None) -> None:
    live.until(lambda m: m["type"] == "held" and m["what"] == "changes" and m["why"] == why, AGAIN_S)


def until_done(live: LiveChannel, *edits: str) -> list[int]:
    """The revisions of edits, once all are acknowledged and nothing waits any more."""
    revisions: dict[str, int] = {}
    held: Any = "not told"
    for message in live.messages(AGAIN_S):
        if message["type"] == "event" and message["edit"] in edits:
            revisions[message["edit"]] = message["revision"]
        elif message["type"] == "held" and message["what"] == "changes":
            held = message["why"]
        if len(revisions) == len(edits) and held is None:
            break
    return [revisions[edit] for edit in edits]


def api_says(client: Client, layer: int) -> str:
    """What the API answers while the store is away."""
    body = {"revision": 0, "base": None}
    answer = client.http.post(f"/api/layers/{layer}/restore", json=body, headers=client.headers, timeout=60)
    assert answer.status_code in (503, 507), answer.text
    assert answer.headers["content-type"].startswith("application/json")
    return str(answer.json()["message"])


def test_edits_wait_for_a_locked_database_and_are_all_done_once(product: Product, client: Client, clip: Path) -> None:
    unwanted, _, _ = with_video(client, clip)
    _, layer, label = with_video(client, clip)
    with client.live(layer) as live, client.live(layer) as other, ThreadPoolExecutor(1) as beside:
        with locked(product):
            began = time.monotonic()
            refused = beside.submit(delete, client, unwanted)
            edits = [live.begin_drawing(label=label, frame=frame, box=Box(10, 10, 50, 50)) for frame in range(5)]
            until_held(live, "busy")
            live.send(type="ping")
            live.until(lambda message: message["type"] == "pong", SOON_S)
            answer = refused.result()
            time.sleep(max(0.0, LOCKED_S - (time.monotonic() - began)))
        revisions = until_done(live, *(edit for edit, _ in edits))
        assert revisions == sorted(set(revisions)), "In their order, each once."
        seen = other.until(lambda m: m["type"] == "event" and m["revision"] == revisions[-1])
        assert seen["edit"] == edits[-1][0]
        live.draw(label=label, frame=9, box=(1, 1, 9, 9))
    stored = rows_stored(client, layer, FRAMES)
    assert [(track, [row.frame for row in stored[track]]) for _, track in edits] == [
        (track, [frame]) for frame, (_, track) in enumerate(edits)
    ]
    assert len(stored) == 6
    # The API can't wait that long, and says so in JSON.
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "busy" in answer.json()["message"]
    assert delete(client, unwanted).status_code == 204


def delete(client: Client, video: int) -> Response:
    return client.http.delete(f"/api/videos/{video}", headers=client.headers, timeout=60)


def test_a_person_reads_that_changes_wait_and_that_they_are_saved(
    person: Page, product: Product, client: Client, clip: Path
) -> None:
    video, layer, _ = with_video(client, clip)
    page = opened(person, product, video)
    track_with(page, "slow")
    tracked = draw_box(page, thing_at(0, 0))
    page.keyboard.press("t")
    page.wait_for_function("framewise.store.runs.active().length === 1")
    with locked(product):
        drawn = [draw_box(page, thing_at(1, 0)), draw_box(page, thing_at(2, 0))]
        banner = page.locator("[data-held=busy]")
        expect(banner).to_contain_text("store changes now", timeout=SOON_S * 1000)
        expect(banner).to_contain_text(re.compile("[23] changes are kept and tried again. Its database is busy."))
        expect(page.locator("[data-saved=held]")).to_contain_text("wait to be stored")
    wait_until_saved(page)
    expect(page.locator("[data-held]")).to_have_count(0)
    wait_until_runs_end(page)
    stored = rows_stored(client, layer, FRAMES)
    assert set(stored) == {tracked, *drawn}
    assert [row.frame for row in stored[tracked]] == list(range(FRAMES))


def test_a_full_disk_holds_changes_back_until_there_is_room(tmp_path: Path, clip: Path) -> None:
    with small_disk(tmp_path / "disk", 96) as disk, running(disk / "data") as product, Client(product.url) as client:
        _, layer, label = with_video(client, clip)
        with client.live(layer) as live:
            filler = fill(disk)
            edits = fill_by_drawing(live, label)
            until_held(live, "full")
            assert "disk is full" in api_says_full(client)
            filler.unlink()
            until_done(live, *(edit for edit, _ in edits))
        stored = rows_stored(client, layer, FRAMES)
        assert set(stored) == {track for _, track in edits}
        assert all(len(rows) == 1 for rows in stored.values())


def fill_by_drawing(live: LiveChannel, label: int) -> list[tuple[str, str]]:
    """Edits until the log of the database can't grow any more."""
    return [live.begin_drawing(label=label, frame=n % FRAMES, box=Box(10, 10, 50, 50)) for n in range(400)]


def api_says_full(client: Client) -> str:
    """What the API says once the log of the database has no room for another page."""
    for size in range(1000, 20_000, 1000):
        body = {"filler": "x" * size}
        answer = client.http.patch("/api/me/preferences", json=body, headers=client.headers, timeout=60)
        if answer.status_code == 507:
            return str(answer.json()["message"])
    raise AssertionError(f"The disk is full, and still the API answered {answer.status_code}: {answer.text}")


@dataclass
class Apart:
    """A product whose web processes share a PostgreSQL and tell each other by Redis."""

    product: Product
    postgres: Postgres
    redis: Redis
    environment: dict[str, str]


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apart]:
    postgres, redis = Postgres(), Redis()
    postgres.start()
    redis.start()
    environment = {"FRAMEWISE_DATABASE_URL": postgres.url, "FRAMEWISE_REDIS_URL": redis.url}
    try:
        with running(tmp_path_factory.mktemp("apart") / "data", **environment) as product:
            yield Apart(product, postgres, redis, environment)
    finally:
        redis.stop()
        postgres.close()


@pytest.mark.services
def test_postgresql_goes_and_comes_back_while_people_edit_and_track(browser: Browser, apart: Apart, clip: Path) -> None:
    product, server = apart.product, apart.postgres
    with Client(product.url) as client:
        video, layer, label = with_video(client, clip)
        client.prefer_defaults()
        page = browser.new_page()
        sign_in(page, product.url)
        opened(page, product, video)
        track_with(page, "slow")
        tracked = draw_box(page, thing_at(0, 0))
        page.keyboard.press("t")
        page.wait_for_function("framewise.store.runs.active().length === 1")
        with client.live(layer) as live:
            # Who isn't let in yet when the database goes is told to come back.
            live.until(lambda message: message["type"] == "welcome", SOON_S)
            server.stop()
            drawn = draw_box(page, thing_at(1, 0))
            edit, track = live.begin_drawing(label=label, frame=3, box=Box(10, 10, 50, 50))
            until_held(live, "away")
            expect(page.locator("[data-held=away]")).to_contain_text("be reached.")
            assert "can't be reached" in api_says(client, layer)
            answer = client.http.get("/")
            assert (answer.status_code, "do this now" in answer.text) == (503, True)
            with pytest.raises(ConnectionClosed) as closed, client.live(layer) as late:
                late.socket.recv(timeout=SOON_S)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4503
            server.start()
            until_done(live, edit)
        wait_until_saved(page)
        wait_until_runs_end(page)
        stored = rows_stored(client, layer, FRAMES)
        assert set(stored) == {tracked, drawn, track}
        assert [row.frame for row in stored[tracked]] == list(range(FRAMES))
        page.close()


@contextmanager
def second_web(apart: Apart) -> Iterator[str]:
    """Another web process beside the product's own; its address."""
    port = free_port()
    environment = {**os.environ, **ENVIRONMENT, **apart.environment, "FRAMEWISE_DATA": str(apart.product.data)}
    command = [sys.executable, "-m", "annotator.web", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen([*command, "annotator.asgi:application"], env=environment) as process:
        try:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and process.poll() is None:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.mark.services
def test_what_happens_at_one_web_process_is_seen_at_another(apart: Apart, clip: Path) -> None:
    with second_web(apart) as address, Client(apart.product.url) as here, Client(address) as there:
        _, layer, label = with_video(here, clip)
        with here.live(layer) as one, there.live(layer) as other:
            other.until(lambda message: message["type"] == "welcome", SOON_S)
            drawn = one.draw(label=label, frame=0, box=(10, 20, 50, 60))
            seen = other.until(lambda message: message["type"] == "event", SOON_S)
            assert seen["operations"][0]["track"] == drawn
            back = other.draw(label=label, frame=1, box=(60, 20, 90, 60))
            one.until(lambda m: m["type"] == "event" and m["operations"][0]["track"] == back, SOON_S)
            # The agent is connected to one of them; a run that is asked for at the other reaches it.
            run = other.run(prompts=[(drawn, 0)], first=0, last=40)
            assert other.until_ended(run)["state"] == "done"
            assert one.until_ended(run)["state"] == "done"
            assert one.seen[drawn] == other.seen[drawn] == set(range(1, 41))


@pytest.mark.services
def test_redis_goes_and_comes_back_while_people_work(apart: Apart, clip: Path) -> None:
    product, server = apart.product, apart.redis
    with Client(product.url) as client:
        _, layer, label = with_video(client, clip)
        with client.live(layer) as live:
            live.draw(label=label, frame=0, box=(10, 10, 50, 50))
            server.stop()
            logged = product.log.stat().st_size
            live.draw(label=label, frame=1, box=(10, 10, 50, 50))
            # Others come, sign in and work; those who were there go on.
            with Client(product.url) as late, late.live(layer) as other:
                other.until(lambda message: message["type"] == "welcome", SOON_S)
                other.draw(label=label, frame=2, box=(10, 10, 50, 50))
                live.until(lambda message: message["type"] == "event" and message["revision"] == 3, SOON_S)
            run = live.run(prompts=[(live.draw(label=label, frame=0, box=(0, 0, 40, 40)), 0)], first=0, last=20)
            assert live.until_ended(run)["state"] == "done"
            assert product.log.stat().st_size - logged < 100_000
            server.start()
            live.draw(label=label, frame=3, box=(10, 10, 50, 50))
        log = product.log.read_text(errors="replace")
        assert "The channel layer" in log
