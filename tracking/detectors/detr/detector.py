"""Detectors of the DETR family by the networks of ``transformers``; what they are given and what becomes of their
answers is ours, as some of their processors need torchvision.

RT-DETRv2: Lv et al. 2024, https://arxiv.org/abs/2407.17140. D-FINE: Peng et al. 2024, https://arxiv.org/abs/2410.13842.
DEIMv2: Huang et al. 2025, https://arxiv.org/abs/2509.20787. RF-DETR: Robinson et al. 2025,
https://arxiv.org/abs/2511.09554.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tracking.layers.candidates import Candidates, Choice, corners
from tracking.layers.canvas_detector import CanvasDetector
from tracking.layers.hub import Given, kind_of, of_folder, read_given, reading
from tracking.layers.on_device import NetworkOnDevice
from tracking.types import TrackingError
from tracking.warm import held
from tracking.weights import WeightsError

KINDS = ("rt_detr", "rt_detr_v2", "d_fine", "deimv2", "rf_detr")
CONFIDENCE, OVERLAP = 0.4, 1.0
"""Such networks find each object once by themselves."""


def create(
    *,
    weights: str,
    confidence: float = CONFIDENCE,
    overlap: float = OVERLAP,
    image_size: int = 0,
    classes: Sequence[str] = (),
    device: str = "auto",
    precision: str = "auto",
) -> CanvasDetector:
    """The detector of a folder as the Hugging Face hub has them, or of an id there, from where it is downloaded.

    Raises:
        WeightsError: the folder isn't there, can't be downloaded, or holds something else.
        TrackingError: a setting has no meaning for it, or ``transformers`` isn't installed.
    """
    network, given = held(lambda: _opened(weights), weights)
    if image_size not in (0, *given.size):
        height, width = given.size
        raise TrackingError(f"{weights} looks at {width} x {height} px; image_size {image_size} came. Leave it at 0.")
    names = _names(network.config)
    return _detector(network, given, Choice(names, confidence, overlap, classes), device, precision)


def _opened(source: str) -> tuple[Any, Given]:
    kind = kind_of(source)
    if kind not in KINDS:
        raise WeightsError(f"Folders of the hub are read of {', '.join(KINDS)}; {source} is a {kind}.")
    from transformers import AutoModelForObjectDetection

    given = read_given(source)
    with reading(source) as local:
        # Never a pickle: of the hub's files only safetensors are read.
        network = AutoModelForObjectDetection.from_pretrained(source, local_files_only=local, use_safetensors=True)
    return network.eval(), given


def _names(config: Any) -> tuple[str, ...]:
    """By index; of ids that a data set skips (COCO's do) the number."""
    return tuple(str(config.id2label.get(index, index)) for index in range(max(config.id2label, default=-1) + 1))


class _Looking(NetworkOnDevice):
    def __init__(self, network: Any, given: Given, choice: Choice, *, device: str, precision: str) -> None:
        super().__init__(network, device=device, precision=precision)
        self._given, self._choice = given, choice

    def __call__(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        return self.computed(lambda: self._candidates(canvases), torch.OutOfMemoryError, lambda: None)

    def _candidates(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        device, (height, width) = self.compute.device, canvases.shape[1:3]
        told = self.network(pixel_values=self._given.of(torch.from_numpy(canvases).to(device)))
        scores = told.logits.float().sigmoid()
        count = scores.shape[1]
        # One query may be of several classes: the surest pairs of both count, as in the authors' evaluations.
        best, places = scores.flatten(1).topk(count)
        boxes = told.pred_boxes.float().cpu().numpy() * np.array([width, height] * 2, np.float32)
        found = []
        for of_picture, sureness, place in zip(boxes, best.cpu().numpy(), places.cpu().numpy(), strict=True):
            queries, indexes = np.divmod(place, scores.shape[2])
            named = indexes < len(self._choice.names)
            found.append(Candidates(corners(of_picture[queries[named]]), sureness[named], indexes[named]))
        return found


def _detector(network: Any, given: Given, choice: Choice, device: str, precision: str) -> CanvasDetector:
    look = _Looking(network, given, choice, device=device, precision=precision)
    return CanvasDetector(look, choice, canvas=lambda height, width: given.size, fit="stretch")


FOLDERS = {
    "rtdetr_v2_r18": "rtdetr_v2_r18vd", "rtdetr_v2_r34": "rtdetr_v2_r34vd", "rtdetr_v2_r50": "rtdetr_v2_r50vd",
    "dfine_nano": "dfine-nano-coco", "dfine_small": "dfine-small-coco", "dfine_medium": "dfine-medium-coco",
    "dfine_large": "dfine-large-coco",
    "rf_detr_nano": "rf-detr-nano", "rf_detr_small": "rf-detr-small", "rf_detr_medium": "rf-detr-medium",
    "rf_detr_large": "rf-detr-large",
    "deimv2_atto": "DEIMv2_HGNetv2_ATTO_COCO", "deimv2_femto": "DEIMv2_HGNetv2_FEMTO_COCO",
    "deimv2_pico": "DEIMv2_HGNetv2_PICO_COCO", "deimv2_nano": "DEIMv2_HGNetv2_N_COCO",
}  # fmt: skip
"""Folders of the hub by the names of their factories."""


def __getattr__(name: str) -> Callable[..., CanvasDetector]:
    if name not in FOLDERS:
        raise AttributeError(name)
    return of_folder(FOLDERS[name], create)


def smallest(**settings: object) -> CanvasDetector:
    """The smallest RF-DETR that there can be, with the same random weights each time, for 64 x 64 px; for tests."""
    from transformers import AutoModelForObjectDetection

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = AutoModelForObjectDetection.from_config(smallest_config()).eval()
    kept = {name: value for name, value in settings.items() if name in ("confidence", "overlap")}
    choice = Choice(_names(network.config), **kept, wanted=settings.get("classes", ()))  # type: ignore[arg-type]
    return _detector(network, Given((64, 64)), choice, "cpu", "float32")


def smallest_config() -> Any:
    """Of an RF-DETR of some ten thousand parameters that knows a person and a car."""
    from transformers import RfDetrConfig

    backbone = {
        "model_type": "rf_detr_dinov2",
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 16,
        "num_windows": 2,
        "out_features": ["stage1", "stage2"],
        "num_register_tokens": 0,
        "window_block_indices": [0],
    }
    return RfDetrConfig(
        backbone_config=backbone,
        d_model=16,
        decoder_layers=1,
        decoder_self_attention_heads=2,
        decoder_cross_attention_heads=2,
        decoder_ffn_dim=16,
        num_queries=12,
        group_detr=1,
        intermediate_size=16,
        id2label={0: "person", 1: "car"},
    )
