"""What the documents point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLACES = ("*.md", "docs/*.md", "tracking/**/*.md", "tests/**/*.md")
DOCUMENTS = sorted(path for place in PLACES for path in ROOT.glob(place))
# Below these a document's paths may begin, for short.
BASES = ("", "annotator", "annotator/actions", "annotator/announce", "frontend/src", "tracking", "tests")
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
QUOTED = re.compile(r"`([\w.-]+(?:/[\w.*-]+)+/?|[\w-]+\.(?:py|ts|tsx|toml|md|js))`")
DECISION = re.compile(r"decisions/([0-9]{4})-")
NOT_OURS = ("gt/", "data/", "det/", "img1/")
"""Paths inside of annotation files."""
WRITTEN = ("./data", "docs/gpu.md")
"""What commands write where they are run, and may not have yet."""


def test_there_are_documents_to_look_at() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in DOCUMENTS}
    assert {"README.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/formats.md"} <= names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text())
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "README.md", "docs/formats.md"])
def test_paths_that_are_named_exist(name: str) -> None:
    named = [path for path in QUOTED.findall((ROOT / name).read_text()) if not path.startswith(NOT_OURS)]
    assert named
    assert [path for path in named if path not in WRITTEN and not is_there(path)] == []


def test_decisions_are_named_by_numbers_that_exist() -> None:
    named = {(path, number) for path in DOCUMENTS for number in DECISION.findall(path.read_text())}
    assert named
    missing = [(path.name, number) for path, number in named if not list(ROOT.glob(f"docs/decisions/{number}-*.md"))]
    assert missing == []


def is_there(path: str) -> bool:
    return any(list(ROOT.glob(f"{base}/{path}".strip("/"))) for base in BASES)
