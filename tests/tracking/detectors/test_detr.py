"""Detectors of the hub: folders of each kind, with the smallest networks that there can be."""

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
from tracking.detectors.detr.detector import create, smallest_config
from tracking.types import Frame, TrackingError
from tracking.weights import WeightsError

FRAME = Frame(0, goldfill.texture_u8("frame", 50, 90))
HYBRID = {
    "encoder_in_channels": [8, 8, 8],
    "encoder_hidden_dim": 16,
    "encoder_ffn_dim": 16,
    "encoder_attention_heads": 2,
    "d_model": 16,
    "num_queries": 12,
    "decoder_in_channels": [16, 16, 16],
    "decoder_ffn_dim": 16,
    "decoder_layers": 2,
    "decoder_attention_heads": 2,
    "num_denoising": 0,
    "id2label": {0: "person", 1: "car"},
}
RESNET = {
    "model_type": "rt_detr_resnet",
    "embedding_size": 8,
    "hidden_sizes": [8] * 4,
    "depths": [1] * 4,
    "out_indices": [2, 3, 4],
}
HGNET = {
    "model_type": "hgnet_v2",
    "hidden_sizes": [8] * 4,
    "stem_channels": [3, 8, 8],
    "stage_in_channels": [8] * 4,
    "stage_mid_channels": [8] * 4,
    "stage_out_channels": [8] * 4,
    "stage_num_blocks": [1] * 4,
    "stage_downsample": [False, True, True, True],
    "stage_light_block": [False] * 4,
    "stage_kernel_size": [3] * 4,
    "stage_numb_of_layers": [1] * 4,
    "out_indices": [2, 3, 4],
}


def config(kind: str) -> Any:
    from transformers import Deimv2Config, DFineConfig, RTDetrV2Config

    if kind == "rf_detr":
        return smallest_config()
    if kind == "rt_detr_v2":
        return RTDetrV2Config(backbone_config=RESNET, **HYBRID)
    made = {"d_fine": DFineConfig, "deimv2": Deimv2Config}[kind]
    return made(backbone_config=HGNET, decoder_n_points=[2, 2, 2], **HYBRID)


def saved(folder: Path, kind: str, **preprocessing: object) -> Path:
    from transformers import AutoModelForObjectDetection

    torch.manual_seed(0)
    AutoModelForObjectDetection.from_config(config(kind)).save_pretrained(folder)
    told = {"size": {"height": 64, "width": 64}, "do_rescale": True, "rescale_factor": 1 / 255, **preprocessing}
    (folder / "preprocessor_config.json").write_text(json.dumps(told))
    return folder


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("kind", ["rt_detr_v2", "d_fine", "deimv2", "rf_detr"])
def test_a_folder_gives_what_the_library_gives(tmp_path: Path, kind: str) -> None:
    from transformers import AutoModelForObjectDetection
    from transformers.models.rt_detr.image_processing_pil_rt_detr import RTDetrImageProcessorPil

    mean = [0.485, 0.456, 0.406]
    normalised = {"do_normalize": True, "image_mean": mean, "image_std": [0.229, 0.224, 0.225]}
    folder = saved(tmp_path / "model", kind, **(normalised if kind == "rf_detr" else {}))
    detector = catalog.open_detector(str(folder), confidence=0.0, overlap=1.0, device="cpu")

    (found,) = detector.detect([FRAME])

    processor = RTDetrImageProcessorPil.from_pretrained(folder)
    network = AutoModelForObjectDetection.from_pretrained(folder).eval()
    with torch.inference_mode():
        told = network(**processor(images=Image.fromarray(FRAME.image), return_tensors="pt"))
    (expected,) = processor.post_process_object_detection(told, threshold=0.0, target_sizes=[(50, 90)])
    boxes = expected["boxes"].numpy().clip(0, [90, 50, 90, 50])
    seen = (boxes[:, 2:] > boxes[:, :2]).all(1)
    assert detector.classes == ("person", "car")
    assert [one.confidence for one in found] == pytest.approx(expected["scores"].numpy()[seen], abs=1e-5)
    ours = np.array([[one.box.x1, one.box.y1, one.box.x2, one.box.y2] for one in found])
    assert ours == pytest.approx(boxes[seen], abs=0.01)
    assert [one.label for one in found] == [detector.classes[label] for label in expected["labels"].numpy()[seen]]


def test_folders_that_are_no_such_detector_are_refused(tmp_path: Path) -> None:
    from transformers import SamConfig

    SamConfig().save_pretrained(tmp_path / "sam")
    with pytest.raises(WeightsError, match="is a sam"):
        create(weights=str(tmp_path / "sam"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match="Check the folder"):
        create(weights=str(tmp_path / "empty"))


def test_what_a_folder_says_of_its_pictures_is_checked(tmp_path: Path) -> None:
    folder = saved(tmp_path / "model", "rf_detr", size={"shortest_edge": 800})
    with pytest.raises(WeightsError, match="height and width"):
        create(weights=str(folder))
    (folder / "preprocessor_config.json").write_text("[]")
    with pytest.raises(WeightsError, match="height and width"):
        create(weights=str(folder))
    (folder / "preprocessor_config.json").write_text('{"size": {"height": 64, "width": 64}}')
    with pytest.raises(TrackingError, match="64 x 64 px; image_size 96 came"):
        create(weights=str(folder), image_size=96)
