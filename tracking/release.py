"""Which version of the agent this is: the same on a server and on the machines that it handed its agent to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("framewise", "tracking")
LEFT_OUT = Path("framewise/bench")
"""It measures a whole installation, and no agent."""


@cache
def release() -> str:
    """The version with a digest of the sources behind it, as in "0.1.0+src.1f0c9a2b7d3e" (PEP 440: a local version).

    An agent that was installed from a server's package has it as its version; elsewhere it is computed.
    """
    told = version("framewise")
    return told if "+" in told else f"{told}+src.{_digest()}"


def sources() -> Iterator[Path]:
    """The files that an agent consists of, relative to ``ROOT``, always in the same order."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*")):
            inside = file.relative_to(ROOT)
            if file.is_file() and "__pycache__" not in inside.parts and LEFT_OUT not in inside.parents:
                yield inside


def _digest() -> str:
    found = hashlib.sha256()
    for file in sources():
        content = (ROOT / file).read_bytes()
        found.update(f"{file.as_posix()}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:12]
