"""``framewise weights`` with folders as on the Hugging Face hub."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from framewise.cli import app
from framewise.hub import import_folder
from tests.tracking.detectors.test_words import saved
from tests.tracking.models.test_sam3 import save_whole
from tracking import catalog
from tracking.models.sam2.tracker import tiny_network
from tracking.parts import parts_of
from tracking.verification import verify

HUB = "facebook/sam2.1-hiera-tiny"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a hub that has a small network under a known id."""
    root = tmp_path_factory.mktemp("hub")
    folder = root / HUB / "resolve" / "main"
    tiny_network().save_pretrained(folder)
    return root


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


@pytest.fixture
def served(hub: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(hub))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()


def framewise(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["weights", *words])
    return result.exit_code, " ".join(result.output.split())


def test_a_model_is_downloaded_by_its_id_with_its_licence(weights: Path, served: None) -> None:
    code, said = framewise("download", HUB)
    assert code == 0, said
    assert "Licence of these weights: Apache-2.0" in said
    assert catalog.missing(catalog.find("sam2.1-tiny")) == []
    assert [path.name for path in weights.iterdir()] == ["sam2.1-hiera-tiny"]
    assert "here as sam2.1-hiera-tiny" in framewise("list")[1]


def test_an_unknown_id_names_the_known_ones(weights: Path) -> None:
    code, said = framewise("download", "somebody/something")
    assert code != 0
    assert HUB in said


def test_a_hub_that_has_it_not_is_a_sentence(weights: Path, served: None) -> None:
    code, said = framewise("download", "facebook/sam2.1-hiera-large")
    assert code != 0
    assert "facebook/sam2.1-hiera-large could not be downloaded" in said
    assert catalog.missing(catalog.find("sam2.1-large")) == ["sam2.1_hiera_large.pt"]


def test_a_folder_is_imported_under_its_name(weights: Path, hub: Path, tmp_path: Path) -> None:
    renamed = shutil.copytree(hub / HUB / "resolve" / "main", tmp_path / "mine")
    code, said = framewise("import", str(renamed))
    assert code != 0
    assert "mine is none of them: sam2.1-hiera-tiny" in said

    code, said = framewise("import", str(renamed.rename(tmp_path / "sam2.1-hiera-tiny")))
    assert code == 0, said
    assert catalog.missing(catalog.find("sam2.1-tiny")) == []


def test_a_folder_that_lacks_something_is_refused(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sam2.1-hiera-tiny"
    folder.mkdir()
    code, said = framewise("import", str(folder))
    assert code != 0
    assert "lacks config.json, model.safetensors" in said
    assert not weights.exists()


def test_a_folder_of_a_detector_stays_usable_once_it_is_checked(weights: Path, tmp_path: Path) -> None:
    folder = saved(tmp_path / "owlv2-base-patch16-ensemble", "owlv2")
    entry = catalog.find_detector("owlv2-base")
    (listed,) = entry.weights
    import_folder(folder)
    assert sorted(path.name for path in (weights / folder.name).iterdir()) == [
        *("config.json", "merges.txt", "model.safetensors", "preprocessor_config.json", "vocab.json")
    ]
    assert verify(listed) == ""
    assert catalog.missing(entry) == []
    detector = catalog.create_detector(entry.id, classes=["cone"], device="cpu")
    assert detector.classes == ("cone",)

    (folder / "merges.txt").unlink()
    code, said = framewise("import", str(folder))
    assert code != 0
    assert "lacks merges.txt" in said


def test_a_folder_of_what_answers_clicks_is_taken_too(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sam-vit-base"
    folder.mkdir()
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes(b"{}")
    entry = catalog.find_with_weights("sam-base")
    assert "sam-vit-base/model.safetensors" in catalog.missing(entry)
    import_folder(folder)
    assert "sam-vit-base/model.safetensors" not in catalog.missing(entry)


# ---------------------------------------------------------------- gated folders

GATED = "facebook/sam3"


class Gate(SimpleHTTPRequestHandler):
    """Lets in who has the right token."""

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == "Bearer let-me-in":
            super().do_GET()
        else:
            self.send_error(403)


@pytest.fixture
def gated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A gated hub's root; nobody sits at the keyboard, and no token is set."""
    folder = save_whole(tmp_path / "hub" / GATED / "resolve" / "main")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    handler = partial(Gate, directory=str(tmp_path / "hub"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield folder
        server.shutdown()


def test_gated_weights_are_taken_by_who_accepts_their_licence_and_was_let_in(
    weights: Path, gated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = framewise("download", GATED)
    assert code != 0
    assert "SAM License" in said
    assert "add --accept-licence" in said

    code, said = framewise("download", GATED, "--accept-licence")
    assert code != 0
    assert "only to who accepted its licence on https://huggingface.co/facebook/sam3" in said
    assert "HF_TOKEN" in said

    monkeypatch.setenv("HF_TOKEN", "let-me-in")
    code, said = framewise("download", GATED, "--accept-licence")
    assert code == 0, said
    assert "Licence of these weights: SAM License" in said
    assert catalog.missing(catalog.find("sam3")) == []
    assert "let-me-in" not in said


def test_a_gated_folder_is_imported_by_who_accepts_its_licence(
    weights: Path, gated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(gated, tmp_path / "sam3")
    code, said = framewise("import", str(folder))
    assert code != 0
    assert "accepts their licence: SAM License" in said
    assert not weights.exists()
    code, said = framewise("import", str(folder), "--accept-licence")
    assert code == 0, said
    assert catalog.missing(catalog.find("sam3")) == []


def test_machines_get_gated_weights_from_what_was_uploaded_alone() -> None:
    parts = parts_of(catalog.find("sam3").weights[0], [catalog.find("sam3")])
    assert {part.name: part.url for part in parts} == {"sam3/config.json": "", "sam3/model.safetensors": ""}
