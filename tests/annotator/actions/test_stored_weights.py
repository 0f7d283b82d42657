"""Weights on the server: hostile until checked, and handed out by signed addresses alone."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from django.http import Http404
from django.utils import timezone

from annotator.actions import stored_weights
from annotator.actions.agents import create_agent, revoke_agent
from annotator.actions.appending import OffsetConflict
from annotator.actions.downloads import begin_download, open_fetches
from annotator.actions.errors import ActionError
from annotator.actions.stored_weights import (
    append_weights,
    begin_storing,
    check_weights,
    path_of,
    remove_weights,
    sources_for,
    weights_of,
)
from annotator.models import Agent, StoredWeights, WeightsState, Workspace
from tests.media.stores import open_store
from tests.people import People, client_of
from tests.tracking.weighty import CONTENT, FILE, MODEL
from tracking import catalog, verification
from tracking.parts import Part

IN_A_PROCESS = stored_weights._problem_of


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.weighty:ENTRIES")
    # As the process of the check does it, without starting one.
    monkeypatch.setattr(stored_weights, "_problem_of", problem_in_this_process)
    return tmp_path


def problem_in_this_process(weights: Any, path: Path) -> str:
    try:
        verification.check_copy(weights, path)
    except verification.WeightsError as error:
        return str(error)
    return ""


def upload(people: People, name: str, content: bytes) -> StoredWeights:
    stored = begin_storing(by=people.alice, workspace=people.workspace, name=name, size=len(content))
    append_weights(stored=stored, offset=0, data=content[:10])
    append_weights(stored=stored, offset=10, data=content[10:])
    check_weights.call(str(stored.pk))
    stored.refresh_from_db()
    return stored


def machine(people: People) -> Agent:
    return create_agent(by=people.alice, workspace=people.workspace, name="gpu-box")[0]


def test_what_fits_the_catalogue_is_handed_to_machines_of_its_workspace(people: People) -> None:
    stored = upload(people, FILE, CONTENT)
    assert (stored.state, path_of(stored).read_bytes()) == (WeightsState.READY, CONTENT)
    agent = machine(people)
    begin_download(by=people.alice, agent=agent, workspace=people.workspace, model=MODEL, accepted=True)
    (fetch,) = open_fetches(agent.pk)
    answer = client_of(None).get(fetch.sources[FILE], headers={"Range": "bytes=3000000-"})
    assert answer.status_code == 206
    assert answer.headers["Content-Length"] == str(len(CONTENT) - 3_000_000)


def test_an_address_is_good_for_its_agent_its_workspace_and_its_file_alone(people: People) -> None:
    stored = upload(people, FILE, CONTENT)
    agent = machine(people)

    def address(of: Agent, workspace: Workspace) -> str:
        return sources_for(of, workspace.pk, [Part(FILE)]).get(FILE, "")

    token = address(agent, people.workspace).rpartition("/")[2]
    assert weights_of(token) == stored
    assert address(agent, people.eves_workspace) == ""
    eves, _ = create_agent(by=people.eve, workspace=people.eves_workspace, name="eves")
    for bad in (address(eves, people.workspace).rpartition("/")[2], token + "x", "", "nonsense"):
        with pytest.raises(Http404):
            weights_of(bad)
    revoke_agent(agent=agent, why="Alice disconnected it.")
    with pytest.raises(Http404):
        weights_of(token)


def test_nothing_is_handed_out_before_it_was_checked(people: People) -> None:
    agent = machine(people)
    stored = begin_storing(by=people.alice, workspace=people.workspace, name=FILE, size=len(CONTENT))
    append_weights(stored=stored, offset=0, data=CONTENT)
    assert sources_for(agent, people.workspace.pk, [Part(FILE)]) == {}
    with pytest.raises(ActionError, match="can't be downloaded"):
        begin_download(by=people.alice, agent=agent, workspace=people.workspace, model=MODEL, accepted=True)


def test_another_file_of_the_same_size_is_refused_and_gone(people: People) -> None:
    stored = upload(people, FILE, bytes(len(CONTENT)))
    assert (stored.state, path_of(stored).exists()) == (WeightsState.REFUSED, False)
    assert "has the SHA-256" in stored.problem
    # It may be sent anew at once.
    assert upload(people, FILE, CONTENT).state == WeightsState.READY


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


def hostile(kind: str, mark: Path) -> bytes:
    if kind == "pickle":
        return pickle.dumps({"model": Evil(mark)})
    saved = io.BytesIO()
    torch.save({"model": Evil(mark)}, saved)
    return saved.getvalue()


@pytest.mark.parametrize("kind", ["pickle", "checkpoint"])
def test_a_file_that_would_run_code_runs_none_and_is_refused(people: People, data: Path, kind: str) -> None:
    mark = data / "it ran"
    stored = upload(people, "XMem.pth", hostile(kind, mark))
    assert (stored.state, mark.exists(), path_of(stored).exists()) == (WeightsState.REFUSED, False, False)
    assert "Weights may hold tensors and plain values only; XMem.pth" in stored.problem


def test_tensors_of_another_network_are_refused(people: People) -> None:
    saved = io.BytesIO()
    torch.save({"some.weight": torch.zeros(2)}, saved)
    stored = upload(people, "XMem.pth", saved.getvalue())
    assert stored.state == WeightsState.REFUSED
    assert "XMem.pth" in stored.problem


def test_the_check_is_a_process_of_its_own_that_says_what_is_wrong(data: Path) -> None:
    path = data / "XMem.pth"
    path.write_bytes(b"nonsense")
    (xmem,) = catalog.find("xmem").weights
    assert "XMem.pth is damaged or no checkpoint" in IN_A_PROCESS(xmem, path)


def test_a_folder_is_checked_once_all_of_it_is_there(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(stored_weights, "_problem_of", lambda weights, path: seen.append(path) or "")
    first = upload(people, "sam-vit-base/config.json", json.dumps({"model_type": "sam"}).encode())
    assert (first.state, seen) == (WeightsState.CHECKING, [])
    second = upload(people, "sam-vit-base/model.safetensors", b"as if it were tensors")
    first.refresh_from_db()
    assert (first.state, second.state, seen) == (WeightsState.READY, WeightsState.READY, [path_of(second).parent])


def test_a_folder_in_a_bucket_is_checked_as_one(
    people: People, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any
) -> None:
    open_store("bucket", tmp_path / "media", settings)
    seen: list[dict[str, bytes]] = []

    def look(weights: object, path: Path) -> str:
        seen.append({each.name: each.read_bytes() for each in path.iterdir()})
        return ""

    monkeypatch.setattr(stored_weights, "_problem_of", look)
    config = json.dumps({"model_type": "sam"}).encode()
    first = upload(people, "sam-vit-base/config.json", config)
    second = upload(people, "sam-vit-base/model.safetensors", b"as if it were tensors")
    first.refresh_from_db()
    assert (first.state, second.state) == (WeightsState.READY, WeightsState.READY)
    assert seen == [{"config.json": config, "model.safetensors": b"as if it were tensors"}]
    assert not list(Path(settings.SCRATCH_DIR).iterdir())


@pytest.mark.parametrize(
    ("name", "size", "words"),
    [
        ("../../secret_key", 4, "is none of the catalogue's"),
        ("mine.pt", 4, "is none of the catalogue's"),
        ("XMem.pth", 0, "have 1 to"),
        ("XMem.pth", 10**12, "have 1 to"),
        (FILE, 5, "has 3,072,000 bytes; this file has 5"),
    ],
)
def test_only_files_of_the_catalogue_in_their_size_are_begun(people: People, name: str, size: int, words: str) -> None:
    with pytest.raises(ActionError, match=words):
        begin_storing(by=people.alice, workspace=people.workspace, name=name, size=size)
    assert not StoredWeights.objects.exists()


def test_a_full_disk_is_told_before_anything_is_sent(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(ActionError, match="too little room"):
        begin_storing(by=people.alice, workspace=people.workspace, name=FILE, size=len(CONTENT))


def test_bytes_come_in_their_order_and_no_more_than_were_said(people: People) -> None:
    stored = begin_storing(by=people.alice, workspace=people.workspace, name="XMem.pth", size=8)
    append_weights(stored=stored, offset=0, data=b"abcd")
    with pytest.raises(OffsetConflict):
        append_weights(stored=stored, offset=0, data=b"abcd")
    with pytest.raises(ActionError, match="more came"):
        append_weights(stored=stored, offset=4, data=b"efghi")
    assert path_of(stored).read_bytes() == b"abcd"


def test_a_file_that_is_removed_is_gone_and_may_be_sent_anew(
    people: People, django_capture_on_commit_callbacks: Any
) -> None:
    stored = upload(people, FILE, CONTENT)
    path = path_of(stored)
    with pytest.raises(ActionError, match="is here already"):
        begin_storing(by=people.alice, workspace=people.workspace, name=FILE, size=len(CONTENT))
    with django_capture_on_commit_callbacks(execute=True):
        remove_weights(stored=stored)
    assert not path.exists()
    assert upload(people, FILE, CONTENT).state == WeightsState.READY


def test_what_nobody_goes_on_with_is_removed(people: People) -> None:
    stored = begin_storing(by=people.alice, workspace=people.workspace, name="XMem.pth", size=8)
    stored_weights.remove_stale_weights()
    assert StoredWeights.objects.exists()
    StoredWeights.objects.filter(pk=stored.pk).update(touched_at=timezone.now() - 2 * stored_weights.KEPT)
    stored_weights.remove_stale_weights()
    assert not StoredWeights.objects.exists()
