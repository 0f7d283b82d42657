"""What is supervised is begun again when it dies, and left alone when it has ended for good."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from framewise.supervision import Child, supervise

DIES_TWICE = """
import os, pathlib, signal, sys
tries = pathlib.Path(sys.argv[1])
tries.write_text(tries.read_text() + "x")
match len(tries.read_text()):
    case 1: os.kill(os.getpid(), signal.SIGKILL)
    case 2: sys.exit(70)
    case _: sys.exit(78)
"""


def test_one_that_dies_is_begun_again_until_it_ends_for_good(tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    tries.touch()
    child = Child("agent", [sys.executable, "-c", DIES_TWICE, str(tries)], os.environ, final=frozenset({78}))
    assert supervise([child]) == 78
    assert tries.read_text() == "xxx"
