"""Detectors that look for what words name: folders of each kind, with the smallest networks, give what the library
gives, and what can't be looked for is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.golden import goldfill
from tracking import catalog
from tracking.detection import Detection
from tracking.detectors.grounding_dino import detector as grounding_dino
from tracking.detectors.owlv2 import detector as owlv2
from tracking.types import Frame, TrackingError
from tracking.warm import Warm
from tracking.weights import WeightsError
from tracking.words import LONGEST_WORD, MOST_WORDS

FRAME = Frame(0, goldfill.texture_u8("frame", 60, 100))
WORDS = ["Traffic cone", "person", "car"]
NORMALISED = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28], "do_normalize": True}
SIZES = {
    "owlv2": {"height": 64, "width": 64},
    "grounding_dino": {"shortest_edge": 64, "longest_edge": 96},
}
MODULES = {"owlv2": owlv2, "grounding_dino": grounding_dino}
both = pytest.mark.parametrize("kind", SIZES)


def saved(folder: Path, kind: str) -> Path:
    """With the files that are downloaded: tensors, configurations, and the pieces that words are cut into."""
    network, tokenizer = MODULES[kind].smallest_parts()
    network.save_pretrained(folder)
    pieces = tokenizer.get_vocab()
    if kind == "owlv2":
        (folder / "vocab.json").write_text(json.dumps(pieces))
        (folder / "merges.txt").write_text("#version: 0.2\n")
    else:
        (folder / "vocab.txt").write_text("\n".join(sorted(pieces, key=pieces.__getitem__)))
    told = {"size": SIZES[kind], "do_rescale": True, "rescale_factor": 1 / 255, **NORMALISED}
    (folder / "preprocessor_config.json").write_text(json.dumps(told))
    return folder


def opened(folder: Path, **settings: Any) -> Any:
    given = {"classes": WORDS, "confidence": 0.0, "overlap": 1.0, "device": "cpu", **settings}
    return catalog.open_detector(str(folder), **given)


def boxes(found: list[Detection]) -> np.ndarray:
    return np.array([[one.box.x1, one.box.y1, one.box.x2, one.box.y2] for one in found])


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def test_a_folder_of_owlv2_gives_what_the_library_gives(tmp_path: Path) -> None:
    from transformers import CLIPTokenizer, Owlv2ForObjectDetection, Owlv2Processor
    from transformers.models.owlv2.image_processing_pil_owlv2 import Owlv2ImageProcessorPil

    folder = saved(tmp_path / "model", "owlv2")
    (found,) = opened(folder).detect([FRAME])

    processor = Owlv2Processor(Owlv2ImageProcessorPil.from_pretrained(folder), CLIPTokenizer.from_pretrained(folder))
    network = Owlv2ForObjectDetection.from_pretrained(folder).eval()
    asked = processor(
        images=Image.fromarray(FRAME.image),
        text=[[owlv2.PROMPT.format(word) for word in WORDS]],
        max_length=40,
        return_tensors="pt",
    )
    with torch.inference_mode():
        told = network(**asked)
    (expected,) = processor.image_processor.post_process_object_detection(told, 0.0, target_sizes=[(60, 100)])
    order = np.argsort(-expected["scores"].numpy(), kind="stable")
    cut = expected["boxes"].numpy()[order].clip(0, [100, 60, 100, 60])
    seen = (cut[:, 2:] > cut[:, :2]).all(1)
    assert len({one.label for one in found}) > 1
    assert [one.confidence for one in found] == pytest.approx(expected["scores"].numpy()[order][seen], abs=1e-4)
    assert boxes(found) == pytest.approx(cut[seen], abs=0.01)
    assert [one.label for one in found] == [WORDS[label] for label in expected["labels"].numpy()[order][seen]]


def test_a_folder_of_grounding_dino_gives_what_the_library_gives(tmp_path: Path) -> None:
    from transformers import BertTokenizer, GroundingDinoForObjectDetection, GroundingDinoProcessor
    from transformers.models.grounding_dino.image_processing_pil_grounding_dino import GroundingDinoImageProcessorPil
    from transformers.models.grounding_dino.modeling_grounding_dino import build_label_maps

    folder = saved(tmp_path / "model", "grounding_dino")
    (found,) = opened(folder).detect([FRAME])

    scaler = GroundingDinoImageProcessorPil.from_pretrained(folder)
    processor = GroundingDinoProcessor(scaler, BertTokenizer.from_pretrained(folder))
    network = GroundingDinoForObjectDetection.from_pretrained(folder).eval()
    asked = processor(images=Image.fromarray(FRAME.image), text=[WORDS], return_tensors="pt")
    with torch.inference_mode():
        told = network(**asked)
    (expected,) = processor.post_process_grounded_object_detection(told, threshold=-1.0, target_sizes=[(60, 100)])
    # The library scores what lies between words, too: by its own map of pieces to words that is left out.
    (places,) = build_label_maps(told.logits, asked["input_ids"])
    pieces = told.logits[0].sigmoid()
    scores, words = torch.stack([pieces[:, of.bool()].amax(-1) for of in places], -1).max(-1)
    order = np.argsort(-scores.numpy(), kind="stable")
    cut = expected["boxes"].numpy()[order].clip(0, [100, 60, 100, 60])
    seen = (cut[:, 2:] > cut[:, :2]).all(1)
    assert len({one.label for one in found}) > 1
    assert [one.confidence for one in found] == pytest.approx(scores.numpy()[order][seen], abs=1e-4)
    assert boxes(found) == pytest.approx(cut[seen], abs=0.01)
    assert [one.label for one in found] == [WORDS[word] for word in words.numpy()[order][seen]]
    surest = expected["scores"].numpy()[order][seen]
    assert (np.array([one.confidence for one in found]) <= surest + 1e-4).all()


@both
def test_words_are_read_once_for_all_frames(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers.models.bert.modeling_bert import BertModel
    from transformers.models.owlv2.modeling_owlv2 import Owlv2TextTransformer

    reader = {"owlv2": Owlv2TextTransformer, "grounding_dino": BertModel}[kind]
    read = 0
    forward = reader.forward

    def counted(self: Any, *given: Any, **more: Any) -> Any:
        nonlocal read
        read += 1
        return forward(self, *given, **more)

    monkeypatch.setattr(reader, "forward", counted)
    detector = MODULES[kind].smallest(confidence=0.0)
    other = Frame(1, goldfill.texture_u8("other", 60, 100))
    detector.detect([FRAME, other])
    detector.detect([other])
    assert read == 1


@both
def test_each_word_is_a_class_as_it_was_typed(kind: str) -> None:
    detector = MODULES[kind].smallest(classes=WORDS, confidence=0.0)
    assert detector.classes == tuple(WORDS)


def test_who_looks_for_other_words_shares_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMEWISE_WEIGHTS", str(tmp_path))
    saved(tmp_path / "owlv2-base-patch16-ensemble", "owlv2")
    warm = Warm()
    with warm.user("one"):
        catalog.load("owlv2-base")
        detectors = [catalog.create_detector("owlv2-base", classes=[word], device="cpu") for word in WORDS]
    networks = {id(detector._look.network) for detector in detectors}  # type: ignore[attr-defined]
    assert len(networks) == 1
    assert [detector.classes for detector in detectors] == [(word,) for word in WORDS]


@both
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "none came"),
        ([""], "letters or digits; '' came"),
        (["a\0b"], r"'a\\x00b' came"),
        (["…!?"], "letters or digits"),
        (["x" * 10_000], "one of 10,000 came"),
        ([f"w{index}" for index in range(MOST_WORDS + 1)], "41 came"),
        (["cone", "CONE"], "'CONE' came twice"),
    ],
)
def test_words_that_nobody_can_look_for_are_refused(tmp_path: Path, kind: str, words: list[str], said: str) -> None:
    with pytest.raises(TrackingError, match=said):
        opened(folders(tmp_path, kind), classes=words)


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("owlv2", ["x" * LONGEST_WORD], "at most 40 pieces; 'xxx"),
        ("grounding_dino", ["x" * LONGEST_WORD, "y" * LONGEST_WORD, "z" * LONGEST_WORD], "256 pieces.*305"),
        ("grounding_dino", ["[SEP]"], None),
        ("grounding_dino", ["car. bus?"], None),
        ("owlv2", ["<|endoftext|> car"], None),
    ],
)
def test_words_must_fit_what_a_network_reads(tmp_path: Path, kind: str, words: list[str], said: str | None) -> None:
    folder = folders(tmp_path, kind)
    if said is None:
        (found,) = opened(folder, classes=words).detect([FRAME])
        assert {one.label for one in found} == set(words)
        return
    with pytest.raises(TrackingError, match=said):
        opened(folder, classes=words)


def folders(tmp_path: Path, kind: str) -> Path:
    return saved(tmp_path / "model", kind)


@both
@pytest.mark.parametrize("broken", ["{", "[]", '{"a": 1}', ""])
def test_a_folder_whose_tokenizer_is_damaged_is_refused(tmp_path: Path, kind: str, broken: str) -> None:
    folder = folders(tmp_path, kind)
    for name in {"owlv2": ["vocab.json"], "grounding_dino": ["vocab.txt"]}[kind]:
        (folder / name).write_text(broken)
    with pytest.raises(WeightsError):
        opened(folder)
    (folder / "tokenizer.json").write_text(broken)
    with pytest.raises(WeightsError):
        opened(folder)


@both
def test_a_folder_without_what_cuts_words_is_refused(tmp_path: Path, kind: str) -> None:
    folder = folders(tmp_path, kind)
    for name in ("vocab.json", "merges.txt", "vocab.txt"):
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(WeightsError, match="vocab"):
        opened(folder)


@both
def test_no_code_of_a_folder_is_run(tmp_path: Path, kind: str) -> None:
    folder = folders(tmp_path, kind)
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n")
    told = {"auto_map": {"AutoTokenizer": ["evil.Evil", "evil.Evil"]}, "tokenizer_class": "Evil"}
    (folder / "tokenizer_config.json").write_text(json.dumps(told))
    told = json.loads((folder / "config.json").read_text())
    told["auto_map"] = {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}
    (folder / "config.json").write_text(json.dumps(told))
    assert opened(folder).detect([FRAME])
    assert not (tmp_path / "ran").exists()


@both
def test_pickles_are_not_read(tmp_path: Path, kind: str) -> None:
    folder = folders(tmp_path, kind)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="safetensors"):
        opened(folder)


@both
def test_what_a_folder_says_of_its_pictures_is_checked(tmp_path: Path, kind: str) -> None:
    folder = folders(tmp_path, kind)
    with pytest.raises(TrackingError, match=r"image_size|looks at 64"):
        opened(folder, image_size=5000)
    (folder / "preprocessor_config.json").write_text('{"size": {"height": -3, "width": 8, "shortest_edge": 0}}')
    with pytest.raises(WeightsError, match="pictures are scaled"):
        opened(folder)
