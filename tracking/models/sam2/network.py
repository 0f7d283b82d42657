"""SAM 2, EdgeTAM and SAM 3's tracker in parts: encode a picture once, then look for many objects in it, each with its
own memory.

The layers are those of ``transformers`` (Apache-2.0). Its own session keeps every frame, takes no objects once it
tracks, and goes through objects one by one; here they share passes, and what is remembered is the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tracking.layers.images import IMAGENET_MEAN, IMAGENET_STD
from tracking.models.sam2.memory import Recall, Window

ABSENT = -1024.0
"""The logit of every pixel of an object that isn't to be seen."""
IN, OUT = 10.0, -10.0
"""Logits of a mask that was given."""
FINER = 4
"""Logits for each cell of the coarsest features, each way."""
MEMORISED = 16
"""Pixels of a mask for each cell of what remembers it, each way."""
SAM3 = "sam3_tracker_video"
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture's features. ``fine``: (1, C/8, 4h, 4w); ``middle``: (1, C/4, 2h, 2w); ``tokens``, ``places``:
    (h * w, 1, C), the coarsest features and their positions."""

    fine: Tensor
    middle: Tensor
    tokens: Tensor
    places: Tensor


@dataclass(frozen=True, slots=True)
class Clicks:
    """``xy``: (N, P, 2) in px of the network's picture, (0, 0) its left top corner; ``labels``: (N, P) int: 1 the
    object, 0 not the object, 2 and 3 the left top and right bottom corner of a box around it."""

    xy: Tensor
    labels: Tensor


@dataclass(frozen=True, slots=True)
class Found:
    """What N objects look like in a picture of S x S px, of which the coarsest features have L/4 x L/4 cells: L is S/4,
    and S/3.5 in SAM 3.

    ``logits``: (N, L, L), above 0 where the object is; ``score``: (N,), above 0 where it is to be seen;
    ``quality``: (N,), the IoU that is expected of the mask, in [0, 1]; ``pointer``: (N, P). ``options``: (N, K, L, L),
    the masks among which the best was chosen; ``chosen``: (N,).
    """

    logits: Tensor
    score: Tensor
    quality: Tensor
    pointer: Tensor
    options: Tensor
    chosen: Tensor


class Network:
    """A video model of ``transformers`` (``Sam2VideoModel``, ``EdgeTamVideoModel``, ``Sam3TrackerVideoModel``), called
    part by part."""

    def __init__(self, model: nn.Module, *, settle_masks: bool = True) -> None:
        """``settle_masks``: a given mask's pointer is that of the decoder's single mask, as in the authors' code; else
        of its best of three, as in ``transformers``."""
        model.eval()
        self.model = cast(Any, model)
        self.settle_masks = settle_masks
        config = self.model.config
        self.side = int(config.image_size)
        self.cells = self.side // int(config.prompt_encoder_config.patch_size)
        self.window = Window(
            config.num_maskmem - 1, config.max_object_pointers_in_encoder, max(0, config.max_cond_frame_num)
        )
        self.normal = (HALF, HALF) if config.model_type == SAM3 else (IMAGENET_MEAN, IMAGENET_STD)
        """Mean and deviation of each channel that pictures are normalised by, in [0, 1]."""
        self.compressed = hasattr(model, "spatial_perceiver")
        """Whether memories are tokens of their own instead of one for each cell, as in EdgeTAM."""
        with torch.inference_mode():
            self.positions = self.model.get_image_wide_positional_embeddings()  # (1, C, h, w)
        self.memory_places: Tensor | None = None  # (7, tokens, C): by place in time; known with the first memory

    @property
    def device(self) -> torch.device:
        device: torch.device = self.positions.device
        return device

    def encode(self, pixels: Tensor) -> Encoded:
        """Args: pixels: (1, 3, S, S) float, normalised by ``normal``."""
        seen = self.model.get_image_features(pixels, return_dict=True)
        fine, middle, tokens = seen.fpn_hidden_states  # each (cells, 1, channels)
        side = self.cells
        return Encoded(_grid(fine, FINER * side), _grid(middle, 2 * side), tokens, seen.fpn_position_encoding[-1])

    def plain(self, image: Encoded, count: int) -> Tensor:
        """Features for the first sight of ``count`` objects: (count, C, h, w)."""
        return _grid(image.tokens + self.model.no_memory_embedding, self.cells).expand(count, -1, -1, -1)

    def remembering(self, image: Encoded, recalls: Sequence[Recall]) -> Tensor:
        """Features as each object's memory sees them: (N, C, h, w). Objects that remember as much share a pass."""
        alike: dict[tuple[int, int], list[int]] = {}
        for row, one in enumerate(recalls):
            alike.setdefault((len(one.memories), len(one.pointers)), []).append(row)
        found: list[Tensor | None] = [None] * len(recalls)
        for rows in alike.values():
            for row, features in zip(rows, self._attend(image, [recalls[row] for row in rows]), strict=True):
                found[row] = features
        return torch.stack([features for features in found if features is not None])

    def _attend(self, image: Encoded, recalls: Sequence[Recall]) -> Tensor:
        count = len(recalls)
        keys, places = zip(*(self._memory(one) for one in recalls), strict=True)
        pointers = len(recalls[0].pointers) * self._tokens_per_pointer
        more = {"num_spatial_memory_tokens": len(recalls[0].memories)} if self.compressed else {}
        attended = self.model.memory_attention(
            current_vision_features=image.tokens.expand(-1, count, -1),
            current_vision_position_embeddings=image.places.expand(-1, count, -1),
            memory=torch.stack(keys, dim=1),  # (tokens, N, C)
            memory_posision_embeddings=torch.stack(places, dim=1),
            num_object_pointer_tokens=pointers,
            **more,
        )[0]  # (N, h * w, C)
        return attended.transpose(1, 2).reshape(count, -1, self.cells, self.cells)

    def _memory(self, recall: Recall) -> tuple[Tensor, Tensor]:
        """One object's memory and the positions of its parts, each (tokens, C)."""
        places = self.memory_places
        assert places is not None  # noqa: S101 (for the type checker: there is a memory, so one was encoded)
        keys = [features.to(places.dtype) for _, features in recall.memories]
        positions = [places[at - 1] for at, _ in recall.memories]
        if recall.pointers:
            keys.append(torch.stack([one for _, one in recall.pointers]).reshape(-1, self.model.mem_dim))
            positions.append(self._pointer_places([age for age, _ in recall.pointers]))
        return torch.cat(keys), torch.cat(positions)

    @property
    def _tokens_per_pointer(self) -> int:
        return int(self.model.hidden_dim // self.model.mem_dim)

    def _pointer_places(self, ages: Sequence[int]) -> Tensor:
        """(pointer tokens, C): how long ago each pointer is."""
        dim, parts = self.model.mem_dim, self._tokens_per_pointer
        if not self.model.config.enable_temporal_pos_encoding_for_object_pointers:
            return torch.zeros(len(ages) * parts, dim, device=self.device)
        when = torch.tensor(ages, dtype=torch.float32, device=self.device) / (self.window.pointers - 1)
        waves: Tensor = self.model.temporal_positional_encoding_projection_layer(_sine(when, self.model.hidden_dim))
        return waves.repeat_interleave(parts, dim=0)

    def decode(
        self, image: Encoded, features: Tensor, *, clicks: Clicks | None = None, mask: Tensor | None = None
    ) -> Found:
        """Find N objects.

        Args:
            features: (N, C, h, w), from ``plain`` or ``remembering``.
            clicks: for each object; None: its memory says what is looked for.
            mask: (N, 1, L, L) logits of an earlier mask that clicks refine.
        """
        few = clicks is None or clicks.labels.shape[1] <= self.model.config.multimask_max_pt_num
        return self._decode(image, features, clicks, mask, several=few and self.model.config.multimask_output_in_sam)

    def _decode(
        self, image: Encoded, features: Tensor, clicks: Clicks | None, mask: Tensor | None, *, several: bool
    ) -> Found:
        count = len(features)
        if clicks is None:
            xy = torch.zeros(count, 1, 1, 2, device=self.device)
            labels = torch.full((count, 1, 1), -1, dtype=torch.int32, device=self.device)
        else:
            # The prompt encoder takes pixels by number and moves them to their centres itself.
            xy, labels = clicks.xy[:, None] - 0.5, clicks.labels[:, None]
        sparse, dense = self.model.prompt_encoder(
            input_points=xy, input_labels=labels, input_boxes=None, input_masks=mask
        )
        options, quality, tokens, score = self.model.mask_decoder(
            image_embeddings=features,
            image_positional_embeddings=self.positions.expand(count, -1, -1, -1),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=several,
            high_resolution_features=[image.fine.expand(count, -1, -1, -1), image.middle.expand(count, -1, -1, -1)],
        )  # (N, 1, K, L, L), (N, 1, K), (N, 1, K, C), (N, 1, 1)
        options, quality, score = options[:, 0].float(), quality[:, 0].float(), score[:, 0, 0].float()
        options = torch.where((score > 0)[:, None, None, None], options, ABSENT)
        rows, chosen = torch.arange(count, device=self.device), quality.argmax(dim=1)
        pointer = self._pointer(tokens[rows, 0, chosen], score > 0)
        return Found(options[rows, chosen], score, quality[rows, chosen], pointer, options, chosen)

    def _pointer(self, tokens: Tensor, there: Tensor) -> Tensor:
        return torch.where(there[:, None], self.model.object_pointer_proj(tokens), self.model.no_object_pointer)

    def given(self, image: Encoded, masks: Tensor) -> Found:
        """Objects whose masks are given: (N, S, S) of 0 and 1. The masks are the answer; the decoder says what they
        are."""
        # The convolution comes from training: it brings a mask to a quarter and to the decoder's scale of logits.
        prompt = _scaled(self.model.mask_downsample(masks[:, None]), FINER * self.cells)
        features = _grid(image.tokens, self.cells).expand(len(masks), -1, -1, -1)
        found = self._decode(image, features, None, prompt, several=not self.settle_masks)
        there = masks.flatten(1).any(dim=1)
        pointer = torch.where(there[:, None], found.pointer, self.model.no_object_pointer)
        logits = _scaled(masks[:, None] * (IN - OUT) + OUT, FINER * self.cells)
        score = torch.where(there, IN, OUT)
        return Found(logits[:, 0], score, torch.ones_like(score), pointer, logits, torch.zeros_like(found.chosen))

    def enlarged(self, logits: Tensor) -> Tensor:
        """Logits (N, L, L) in the picture's size: (N, S, S)."""
        size = (self.side, self.side)
        return F.interpolate(logits[:, None], size=size, mode="bilinear", align_corners=False)[:, 0]

    def memorise(self, image: Encoded, logits: Tensor, score: Tensor, *, certain: bool) -> Tensor:
        """Features to remember N objects by: (N, tokens, C).

        Args:
            logits: (N, S, S).
            score: (N,), above 0 where the object is to be seen.
            certain: a person said so: the mask counts as it is, without doubt at its edge.
        """
        logits = _scaled(logits[:, None], MEMORISED * self.cells)[:, 0]
        share = (logits > 0).to(logits.dtype) if certain else logits.sigmoid()
        share = share * self.model.config.sigmoid_scale_for_mem_enc + self.model.config.sigmoid_bias_for_mem_enc
        features = _grid(image.tokens, self.cells).expand(len(logits), -1, -1, -1)
        memories, places = self.model.memory_encoder(features, share[:, None])  # (N, C, h, w)
        hidden = self.model.occlusion_spatial_embedding_parameter
        if hidden is not None:
            memories = memories + (score <= 0).to(memories.dtype)[:, None, None, None] * hidden[..., None, None]
        if self.compressed:
            # Written for one object at a time.
            packed = [self.model.spatial_perceiver(one[None], places[:1]) for one in memories]
            self._learn_places(packed[0][1][0])
            return torch.cat([features for features, _ in packed])
        self._learn_places(places[0].flatten(1).transpose(0, 1))
        # As the authors keep them: half the space, and what the weights were trained with.
        return memories.flatten(2).transpose(1, 2).to(torch.bfloat16)

    def _learn_places(self, places: Tensor) -> None:
        """``places``: (tokens, C), the positions of a memory's parts, the same for all."""
        if self.memory_places is None:
            when = self.model.memory_temporal_positional_encoding[:, 0]  # (7, 1, C)
            self.memory_places = places.float() + when.float()


def _grid(tokens: Tensor, side: int) -> Tensor:
    """(side * side, N, C) as (N, C, side, side)."""
    return tokens.permute(1, 2, 0).reshape(tokens.shape[1], tokens.shape[2], side, side)


def _scaled(maps: Tensor, side: int) -> Tensor:
    """(N, 1, H, H) as (N, 1, side, side), smoothed where it shrinks."""
    if maps.shape[-1] == side:
        return maps
    return F.interpolate(maps, size=(side, side), mode="bilinear", antialias=True, align_corners=False)


def _sine(values: Tensor, dim: int) -> Tensor:
    """(N,) as waves of ``dim`` // 2 lengths: (N, dim). Vaswani et al. 2017, with neighbours of one length."""
    half = dim // 2
    lengths = 10_000 ** (2 * (torch.arange(half, dtype=torch.float32, device=values.device) // 2) / half)
    waves = values[:, None] / lengths
    return torch.cat([waves.sin(), waves.cos()], dim=1)
