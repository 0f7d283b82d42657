"""The log that a machine hands out: its last lines, and no secret in them."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tracking import log_ring
from tracking.log_ring import LogRing
from tracking.protocol import MOST_LOG_LINES

TOKEN = "sesame-open-4711"


@pytest.fixture
def ring() -> Iterator[LogRing]:
    ring = LogRing([TOKEN, ""])
    log = logging.getLogger("test.ring")
    log.setLevel(logging.DEBUG)
    log.addHandler(ring)
    yield ring
    log.removeHandler(ring)


def say(text: str, level: int = logging.INFO) -> None:
    logging.getLogger("test.ring").log(level, text)


def texts(ring: LogRing) -> list[str]:
    return [line.text.removeprefix("test.ring: ") for line in ring.after(0)[0]]


def test_lines_are_numbered_and_asked_for_from_where_somebody_has_come(ring: LogRing) -> None:
    for text, level in (("one", logging.INFO), ("two", logging.WARNING), ("three", logging.CRITICAL)):
        say(text, level)
    say("what only developers read", logging.DEBUG)
    assert [(line.number, line.level) for line in ring.after(0)[0]] == [(1, "info"), (2, "warning"), (3, "error")]
    assert [line.text for line in ring.after(2)[0]] == ["test.ring: three"]
    assert ring.after(3) == ([], 0)
    assert len(ring.after(99)[0]) == 3, "It was started again since."


def test_the_oldest_lines_go_and_how_many_is_said(ring: LogRing) -> None:
    for number in range(MOST_LOG_LINES + 5):
        say(str(number))
    lines, lost = ring.after(2)
    assert (len(lines), lost, lines[0].number) == (MOST_LOG_LINES, 3, 6)


def test_a_long_line_is_cut_and_says_so(ring: LogRing) -> None:
    say("x" * 10_000)
    (text,) = texts(ring)
    assert text.startswith("x" * 100)
    assert text.endswith("more characters)")
    assert len(text) < log_ring.LONGEST_LINE + 100


def test_a_traceback_is_part_of_its_line(ring: LogRing) -> None:
    try:
        raise ValueError(f"no {TOKEN}")
    except ValueError:
        logging.getLogger("test.ring").exception("It failed.")
    (text,) = texts(ring)
    assert "Traceback" in text
    assert TOKEN not in text


@pytest.mark.parametrize(
    "line",
    [
        f"Connecting with {TOKEN} to the server",
        "GET https://x.org/api/agent-media/S3CRET:abc:def/source 200",
        "GET /api/agent-weights/S3CRET?x=1 broke off",
        "PUT https://s3.example.org/b/k?X-Amz-Signature=S3CRET&X-Amz-Date=2026",
        "GET https://s3.example.org/b/k?a=1&X-Amz-Credential=S3CRET/2026&b=2",
        "https://blob.example.net/c?sv=2026&sig=S3CRET%3D",
        "Authorization: Bearer S3CRET",
        "authorization: basic S3CRET==",
        "FRAMEWISE_AGENT_TOKEN=S3CRET framewise agent",
        "{'password': 'S3CRET'}",
        "api_key: S3CRET",
        "proxy http://user:S3CRET@proxy.example.org:3128",
    ],
)
def test_no_secret_comes_into_it(ring: LogRing, line: str) -> None:
    say(line)
    (text,) = texts(ring)
    assert "S3CRET" not in text
    assert TOKEN not in text
    assert "(hidden)" in text


def test_other_words_stay(ring: LogRing) -> None:
    said = "Run 1: framewise-cf, 3 legs; tokens of a machine are good; https://x.org/a?frame=3 by 10 %."
    say(said)
    assert texts(ring) == [said]
