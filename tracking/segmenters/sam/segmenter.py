"""SAM, SAM 2 and SAM 3 on single pictures, by the networks of ``transformers``; what they are given and what becomes of
their answers is ours, as their processors need torchvision.

SAM: Kirillov et al., "Segment Anything", https://arxiv.org/abs/2304.02643. SAM 2: Ravi et al.,
https://arxiv.org/abs/2408.00714. SAM 3: Carion et al., https://arxiv.org/abs/2511.16719. A mask from elsewhere is first
rebuilt by sampled clicks (SAM 2, appendix E.1.4).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tracking.layers.compute import Compute
from tracking.layers.images import IMAGENET_MEAN, IMAGENET_STD
from tracking.segmenter import Click, Embedding, Segmented, check_prompts, cropped
from tracking.shapes.bitmaps import spread
from tracking.types import Box, Mask, TrackingError
from tracking.warm import held
from tracking.weights import WeightsError, weights_folder

if TYPE_CHECKING:
    from collections.abc import Hashable

SAM3 = "sam3_tracker"
HALF = (0.5, 0.5, 0.5)
REBUILT_IOU = 0.8
"""A mask from elsewhere is rebuilt by clicks until their answer is so much like it."""
MOST_REBUILDING = 8
"""Clicks that it is rebuilt with at most."""
ANSWERS_KEPT = 32
"""Of a picture, to go on from."""
SURE = 10.0
"""Logit of a pixel of a mask that the network is given."""


@dataclass(frozen=True, slots=True)
class _Known:
    """An answer to go on from: its (1, h, w) logits, and the clicks that stand for a mask from elsewhere."""

    logits: Tensor
    clicks: tuple[Click, ...]


@dataclass(eq=False)
class _Seen:
    """A picture as the network sees it. ``features``: what it made of it; ``known``: answers by their masks."""

    size: tuple[int, int]
    features: Any
    known: OrderedDict[Hashable, _Known] = field(default_factory=OrderedDict)

    @property
    def nbytes(self) -> int:
        tensors = self.features if isinstance(self.features, list) else [self.features]
        kept = [known.logits for known in self.known.values()]
        return int(sum(tensor.numel() * tensor.element_size() for tensor in (*tensors, *kept)))

    def keep(self, mask: Mask, known: _Known) -> None:
        self.known[_key(mask)] = known
        if len(self.known) > ANSWERS_KEPT:
            self.known.popitem(last=False)


class Sam:
    """A ``Segmenter`` by a ``SamModel``, ``Sam2Model`` or ``Sam3TrackerModel``.

    Args:
        network: in evaluation mode, on ``compute``'s device.
        side: of the square pictures that it takes, in px.
        pads: SAM keeps a picture's proportions and fills what is left; SAM 2 and SAM 3 stretch it.
        normal: mean and deviation of each channel that pictures are normalised by, in [0, 1].
    """

    def __init__(
        self,
        network: Any,
        compute: Compute,
        *,
        side: int,
        pads: bool,
        normal: tuple[Sequence[float], Sequence[float]] = (IMAGENET_MEAN, IMAGENET_STD),
    ) -> None:
        self._mean, self._deviation = (torch.tensor(values) for values in normal)
        self._network = network
        self._compute = compute
        self._side = side
        self._pads = pads

    @torch.inference_mode()
    def embed(self, image: NDArray[np.uint8]) -> Embedding:
        height, width = image.shape[:2]
        across, down = self._scales(height, width)
        size = (max(1, round(width * across)), max(1, round(height * down)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if across < 1 else cv2.INTER_LINEAR)
        pixels = torch.from_numpy(small.astype(np.float32) / 255)
        pixels = ((pixels - self._mean) / self._deviation).permute(2, 0, 1)[None]
        pixels = functional.pad(pixels, (0, self._side - size[0], 0, self._side - size[1]))
        with self._compute.autocast():
            features = self._network.get_image_embeddings(pixels.to(self._compute.device))
        return _Seen((height, width), features)

    def segment(
        self, embedding: Embedding, clicks: Sequence[Click], box: Box | None = None, previous: Mask | None = None
    ) -> Segmented:
        if not isinstance(embedding, _Seen):
            raise TrackingError(f"An embedding belongs to the segmenter that made it; a {type(embedding)} came.")
        check_prompts(embedding.size, clicks, box, previous)
        known = None if previous is None or not previous.area else embedding.known.get(_key(previous))
        if known is None and previous is not None and previous.area:
            known = self._rebuilt(embedding, previous)
        before = () if known is None else known.clicks
        logits, score = self._decoded(embedding, (*before, *clicks), box, None if known is None else known.logits)
        mask = cropped(self._whole(logits, embedding.size) > 0)
        embedding.keep(mask, _Known(logits, before))
        return Segmented(mask, score)

    def _rebuilt(self, seen: _Seen, mask: Mask) -> _Known:
        """The clicks that give about this mask, with their answer; where none do, the mask itself."""
        wanted = spread(mask, seen.size)
        clicks: tuple[Click, ...] = ()
        found = np.zeros_like(wanted)
        logits: Tensor | None = None
        while wanted.any() and len(clicks) < MOST_REBUILDING:
            clicks = (*clicks, _in_largest_error(wanted, found))
            logits, _ = self._decoded(seen, clicks, None, logits)
            found = self._whole(logits, seen.size) > 0
            if (wanted & found).sum() > REBUILT_IOU * (wanted | found).sum():
                return _Known(logits, clicks)
        return _Known(self._as_logits(wanted), ())

    @torch.inference_mode()
    def _decoded(
        self, seen: _Seen, clicks: Sequence[Click], box: Box | None, before: Tensor | None
    ) -> tuple[Tensor, float]:
        """(1, h, w) logits and the network's own estimate of their IoU."""
        given: dict[str, Tensor] = {}
        device, (across, down) = self._compute.device, self._scales(*seen.size)
        if clicks:
            places = [[click.x * across, click.y * down] for click in clicks]
            given["input_points"] = torch.tensor([[places]], dtype=torch.float32, device=device)
            labels = [int(click.positive) for click in clicks]
            given["input_labels"] = torch.tensor([[labels]], dtype=torch.int32, device=device)
        if box is not None:
            corners = [box.x1 * across, box.y1 * down, box.x2 * across, box.y2 * down]
            given["input_boxes"] = torch.tensor([[corners]], dtype=torch.float32, device=device)
        if before is not None:
            given["input_masks"] = before[None]
        # One click may mean a part or a whole: of three answers the one that the network believes in most.
        several = len(clicks) == 1 and box is None and before is None
        with self._compute.autocast():
            told = self._network(image_embeddings=seen.features, multimask_output=several, **given)
        scores = told.iou_scores.float()[0, 0]
        best = int(scores.argmax())
        return told.pred_masks.float()[0, :1, best], float(scores[best].clamp(0, 1))

    def _whole(self, logits: Tensor, size: tuple[int, int]) -> NDArray[np.float32]:
        """Logits as the network gives them over the whole picture of ``size`` (height, width)."""
        height, width = size
        across, down = self._scales(height, width)
        square = functional.interpolate(logits[None], (self._side, self._side), mode="bilinear")
        cut = square[..., : max(1, round(height * down)), : max(1, round(width * across))]
        whole = functional.interpolate(cut, size, mode="bilinear")[0, 0]
        return np.asarray(whole.cpu().numpy(), np.float32)

    def _as_logits(self, mask: NDArray[np.bool_]) -> Tensor:
        """(1, h, w): a mask over the whole picture as the network takes it."""
        height, width = mask.shape
        across, down = self._scales(height, width)
        size = (max(1, round(width * across)), max(1, round(height * down)))
        square = np.zeros((self._side, self._side), np.float32)
        square[: size[1], : size[0]] = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
        small = cv2.resize(square, (self._side // 4, self._side // 4), interpolation=cv2.INTER_AREA)
        return torch.from_numpy((2 * small - 1) * SURE)[None].to(self._compute.device)

    def _scales(self, height: int, width: int) -> tuple[float, float]:
        """The network's px for one of the picture's, across and down."""
        if self._pads:
            return self._side / max(height, width), self._side / max(height, width)
        return self._side / width, self._side / height


def _in_largest_error(wanted: NDArray[np.bool_], found: NDArray[np.bool_]) -> Click:
    """A click in the middle of the larger of what is missing and what is too much."""
    deepest: list[tuple[float, Click]] = []
    for wrong, positive in ((wanted & ~found, True), (found & ~wanted, False)):
        depth = cv2.distanceTransform(np.pad(wrong, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        deepest.append((float(depth.max()), Click(float(column) + 0.5, float(row) + 0.5, positive)))
    return max(deepest, key=lambda found: found[0])[1]


def _key(mask: Mask) -> Hashable:
    return mask.left, mask.top, mask.bitmap.shape, mask.bitmap.tobytes()


def opened(source: str, *, device: str = "auto", local: bool = False) -> Sam:
    """The model of a folder or of a hub's id, see ``_read``."""
    compute = Compute.best(device)
    return _built(held(lambda: _read(source, local).to(compute.device).eval(), source, compute), compute)


def _read(source: str, local: bool) -> Any:
    """The model of a folder as the Hugging Face hub has them, or of a hub's id, which is downloaded unless ``local``.

    Raises:
        TrackingError: ``transformers`` isn't installed; WeightsError: the folder isn't there, can't be downloaded, or
            holds no SAM.
    """
    try:
        from transformers import AutoConfig, Sam2Model, Sam3TrackerModel, SamModel
    except ImportError as error:
        raise TrackingError("SAM needs the package transformers. Install it: pip install 'framewise[sam]'") from error
    try:
        kind = AutoConfig.from_pretrained(source, local_files_only=local).model_type
        known: Any = {"sam": SamModel, "sam2": Sam2Model, "sam2_video": Sam2Model}
        network = (known | dict.fromkeys((SAM3, "sam3_tracker_video", "sam3_video"), Sam3TrackerModel)).get(kind)
        if network is None:
            raise WeightsError(
                f"Clicks are answered by a SAM, SAM 2 or SAM 3; {source} is a {kind}. Choose another model."
            )
        # Never a pickle: of the hub's files only safetensors are read.
        loaded = network.from_pretrained(source, local_files_only=local, use_safetensors=True)
    except (OSError, ValueError) as error:
        where = "Check the folder." if local or Path(source).is_dir() else "Check the name and the network."
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(f"{source} can't be loaded ({first}). {where}") from error
    return loaded


def _built(network: Any, compute: Compute) -> Sam:
    config = network.config
    normal = (HALF, HALF) if config.model_type.startswith(SAM3) else (IMAGENET_MEAN, IMAGENET_STD)
    side = config.prompt_encoder_config.image_size
    return Sam(network, compute, side=side, pads=config.model_type == "sam", normal=normal)


def _of(folder: str, licence: str = "Apache-2.0") -> Callable[[], Sam]:
    def create() -> Sam:
        path = weights_folder() / folder
        if not path.is_dir():
            raise WeightsError(
                f"This model needs its weights; the folder {path} isn't there. Copy it from "
                f"https://huggingface.co/facebook/{folder} (licence: {licence})."
            )
        return opened(str(path), local=True)

    return create


base, large, huge = _of("sam-vit-base"), _of("sam-vit-large"), _of("sam-vit-huge")
sam2_tiny, sam2_small = _of("sam2.1-hiera-tiny"), _of("sam2.1-hiera-small")
sam2_base_plus, sam2_large = _of("sam2.1-hiera-base-plus"), _of("sam2.1-hiera-large")
sam3 = _of("sam3", "SAM License")


def tiny() -> Sam:
    """SAM in the smallest size that there can be, with the same random weights each time; for tests."""
    return _built(tiny_network(), Compute(torch.device("cpu")))


def tiny_network() -> Any:
    """A ``SamModel`` of 64 x 64 px and some ten thousand parameters."""
    from transformers import SamConfig, SamModel

    config = SamConfig(
        vision_config={
            "hidden_size": 16,
            "output_channels": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "image_size": 64,
            "patch_size": 16,
            "window_size": 0,
            "global_attn_indexes": [0],
            "num_pos_feats": 8,
            "mlp_dim": 16,
        },
        prompt_encoder_config={"hidden_size": 16, "image_size": 64, "patch_size": 16, "mask_input_channels": 4},
        mask_decoder_config={
            "hidden_size": 16,
            "mlp_dim": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "iou_head_hidden_dim": 16,
        },
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return SamModel(config).eval()
