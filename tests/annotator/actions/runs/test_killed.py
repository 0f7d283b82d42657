"""A process that stores heavy masks is killed in the middle of it, again and again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

# How many frames are stored before each kill, which falls somewhere into storing the next ones.
KILLS = (3, 9, 14)


@pytest.mark.timeout(300)
def test_what_was_stored_is_there_and_whole_after_a_kill(tmp_path: Path) -> None:
    environment = {**os.environ, "FRAMEWISE_DATA": str(tmp_path)}
    environment.pop("FRAMEWISE_DATABASE_URL", None)
    command = [sys.executable, "-m", "tests.annotator.actions.runs.storing"]
    acknowledged = -1
    for stored in KILLS:
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            whole = re.match(r"(\d+) frames are whole", process.stdout.readline())
            assert whole is not None, "what was stored before can't be read"
            assert int(whole[1]) > acknowledged
            for _ in range(stored):
                acknowledged = int(process.stdout.readline())
            process.kill()
            acknowledged = max([acknowledged, *map(int, process.stdout.read().split())])
    last = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert last.stdout is not None
        assert int(last.stdout.readline().split()[0]) > acknowledged
        assert int(last.stdout.readline()) > acknowledged
    finally:
        last.kill()
        last.communicate()
