"""The same tests of what is written, on a real PostgreSQL: locks, JSON and binary columns behave differently there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import Postgres

ROOT = Path(__file__).resolve().parent.parent
WRITERS = {
    "edits": tuple(f"actions/edits/test_{part}.py" for part in ("apply", "insert", "meanwhile", "restore")),
    "runs": tuple(
        f"actions/runs/test_{part}.py" for part in ("bettering", "condense", "found", "giving", "held", "rejoin")
    ),
    "transfers": ("actions/test_transfers.py", "api/test_layers.py", "actions/parcels/test_round_trip.py"),
    "odd values": ("test_odd_values.py",),
}
"""Where rows are locked, JSON and bytes are stored, and texts come from outside."""
ONCE = "not address and not cvat and not mot and not coco and not tapvid and not davis and not ytvis and not mots"
"""Formats know no database; odd values at every address take minutes, and those in messages reach the same writers."""


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of a database on a server that is thrown away afterwards."""
    server = Postgres()
    try:
        server.start()
        yield server.url
    finally:
        server.close()


# Hundreds of tests in one; below ``faulthandler_timeout``, which would end the whole run.
@pytest.mark.timeout(400)
@pytest.mark.services
@pytest.mark.parametrize("writers", WRITERS)
def test_what_is_written_is_the_same_on_postgresql(postgres: str, writers: str) -> None:
    tests = [ROOT / "tests" / "annotator" / name for name in WRITERS[writers]]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", ONCE, *tests],
        cwd=ROOT,
        env={**os.environ, "FRAMEWISE_DATABASE_URL": postgres},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
