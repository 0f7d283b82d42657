"""Detectors that who runs a machine puts into a folder: which there are, what they know, what is wrong with them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.tracking.detectors.test_onnx import RED, ROWS, graph
from tracking import catalog
from tracking.own import MOST, own_detectors
from tracking.types import TrackingError

REMOTE = {"server": "http://models:9001", "protocol": "cvat", "classes": ["sheep"]}
ROW = {"classes": ["cup", "spoon"], "output": {"boxes": "rows", "objectness": True}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


def write(path: Path, told: Any) -> None:
    path.write_text(told if isinstance(told, str) else json.dumps(told))


def test_each_kind_has_a_name_and_classes_and_can_be_chosen(folder: Path) -> None:
    graph(folder / "cups.onnx", {"rows": ROWS})
    write(folder / "cups.json", ROW)
    write(folder / "sheep.json", REMOTE)
    (folder / "tuned").mkdir()
    write(folder / "tuned" / "config.json", {"id2label": {"10": "ten", "2": "two"}})
    write(folder / "notes.txt", "nothing")
    (folder / "empty").mkdir()

    assert [(one.id, one.classes, one.problem) for one in own_detectors()] == [
        ("own:cups", ("cup", "spoon"), ""),
        ("own:sheep", ("sheep",), ""),
        ("own:tuned", ("two", "ten"), ""),
    ]
    assert {"own:cups", "own:sheep", "own:tuned"} <= set(catalog.ready_finders())
    assert catalog.name_of("own:cups") == "cups"
    (seen,) = catalog.create_detector("own:cups", classes=["spoon"], confidence=0.3).detect([RED])
    assert [one.label for one in seen] == ["spoon"]
    assert catalog.create_finder("own:cups", classes=["cup"]).find(RED, [])[0].label == "cup"


def test_without_a_folder_there_are_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    assert own_detectors() == ()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{", "doesn't describe a detector"),
        ({**REMOTE, "server": "nowhere"}, "http:// or https://"),
        ({**REMOTE, "classes": ["x" * 101]}, "classes"),
        ({**REMOTE, "classes": ["nul\0"]}, "'nul"),
    ],
)
def test_one_that_can_not_be_used_is_listed_with_the_reason_and_is_not_ready(
    folder: Path, told: Any, said: str
) -> None:
    write(folder / "sheep.json", told)
    (one,) = own_detectors()
    assert one.classes == ()
    assert said in one.problem
    assert "own:sheep" not in catalog.ready_finders()
    with pytest.raises(TrackingError, match="sheep can't be used on this machine"):
        catalog.create_detector("own:sheep")


@pytest.mark.parametrize(
    ("config", "said"),
    [({}, "names no classes"), ({"id2label": {"a": "b"}}, "invalid literal"), ([], "names no classes")],
)
def test_a_folder_whose_config_names_no_classes_is_told(folder: Path, config: Any, said: str) -> None:
    (folder / "tuned").mkdir()
    write(folder / "tuned" / "config.json", config)
    (one,) = own_detectors()
    assert one.problem
    assert said in one.problem


def test_what_is_written_anew_is_read_anew(folder: Path) -> None:
    write(folder / "sheep.json", {**REMOTE, "classes": []})
    assert own_detectors()[0].problem
    write(folder / "sheep.json", REMOTE)
    os.utime(folder / "sheep.json", ns=(1, 1))
    assert own_detectors()[0].classes == ("sheep",)
    (folder / "sheep.json").unlink()
    assert own_detectors() == ()


def test_names_that_people_could_not_tell_apart_from_paths_do_not_count(folder: Path) -> None:
    for name in (".hidden.json", "-flag.json", "a;b.json", "x" * 61 + ".json"):
        write(folder / name, REMOTE)
    assert own_detectors() == ()


def test_so_many_count_and_no_more(folder: Path) -> None:
    for number in range(MOST + 3):
        write(folder / f"d{number:03}.json", REMOTE)
    assert [one.name for one in own_detectors()] == [f"d{number:03}" for number in range(MOST)]
