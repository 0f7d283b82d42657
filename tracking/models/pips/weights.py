"""PIPs' official weights: their file, their key names, and how they become ours.

The authors offer ``reference_model.tar.gz`` (https://huggingface.co/aharley/pips), a folder with one file
``model-<step>.pth``; the tensors lie under ``model_state_dict`` beside the optimiser's state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tracking.models.pips.network import Config, Pips
from tracking.weights import load_exactly, read_tensors, renamed_by, weights_path

FILE = "pips_reference_model.pth"
"""As people put it into the weights folder: the official name holds a number of steps that isn't written anywhere."""
SOURCE = "https://huggingface.co/aharley/pips"
LICENCE = "MIT code; not stated for the weights"

our_key = renamed_by(
    (r"^fnet\.layer(\d)\.", lambda found: f"encoder.stages.{int(found[1]) - 1}."),
    (r"^fnet\.", "encoder."),
    (r"\.downsample\.0\.", ".shortcut."),
    (r"^delta_block\.to_delta\.0\.", "mixer.enter."),
    (r"^delta_block\.to_delta\.13\.", "mixer.norm."),
    (r"^delta_block\.to_delta\.15\.", "mixer.leave."),
    (r"^delta_block\.to_delta\.(\d+)\.", lambda found: f"mixer.blocks.{int(found[1]) - 1}."),
    (r"(blocks\.\d+)\.0\.norm\.", r"\1.norm_frames."),
    (r"(blocks\.\d+)\.0\.fn\.0\.", r"\1.expand_frames."),
    (r"(blocks\.\d+)\.0\.fn\.3\.", r"\1.contract_frames."),
    (r"(blocks\.\d+)\.1\.norm\.", r"\1.norm_channels."),
    (r"(blocks\.\d+)\.1\.fn\.0\.", r"\1.expand_channels."),
    (r"(blocks\.\d+)\.1\.fn\.3\.", r"\1.contract_channels."),
    (r"^ffeat_updater\.0\.", "update."),
    (r"^vis_predictor\.0\.", "visibility."),
)
"""Official key to the one in ``Pips``."""
FRAME_MIXING = re.compile(r"\.0\.fn\.[03]\.weight$")
"""Convolutions over one cell in the official files: (out, in, 1)."""


def load(path: Path | None = None) -> Pips:
    """The network with the weights of ``path``, or of the official file in the weights folder."""
    path = path or weights_path(FILE, model="PIPs", licence=LICENCE, source=SOURCE)
    return build(read_tensors(path, "model_state_dict"), path.name)


def build(tensors: Mapping[str, Tensor], file: str) -> Pips:
    """The network with ``tensors``, given by official key and read from ``file``. Raises WeightsMisfit."""
    with torch.device("meta"):
        network = Pips(Config())
    flat = {
        key: tensor.squeeze(-1) if FRAME_MIXING.search(key) and tensor.ndim == 3 else tensor
        for key, tensor in tensors.items()
    }
    load_exactly(network, flat, file=file, rename=our_key)
    return network
