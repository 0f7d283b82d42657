"""TransT's official weights: their file, their key names, and how they become ours.

The authors offer ``transt.pth`` on their page only (Google Drive, Baidu); neither size nor checksum is published. The
file holds the tensors under ``net`` beside pickled settings of the training code, which are never built.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from tracking.models.transt.network import Config, TransT
from tracking.weights import WeightsError, load_exactly, read_tensors, renamed_by, weights_path

FILE = "transt.pth"
SOURCE = "https://github.com/chenxin-dlut/TransT"
LICENCE = "GPL-3.0 code; the authors state no licence for the weights"

our_key = renamed_by(
    (r"^backbone\.0\.body\.", "backbone."),
    (r"^input_proj\.", "projection."),
    (r"^class_embed\.", "classify."),
    (r"^bbox_embed\.", "locate."),
    (r"^featurefusion_network\.encoder\.layers\.", "fusion."),
    (r"^(fusion\.\d+)\.self_attn1\.", r"\1.template.self_attention."),
    (r"^(fusion\.\d+)\.self_attn2\.", r"\1.search.self_attention."),
    (r"^(fusion\.\d+)\.multihead_attn1\.", r"\1.template.cross_attention."),
    (r"^(fusion\.\d+)\.multihead_attn2\.", r"\1.search.cross_attention."),
    (r"^(fusion\.\d+)\.(linear|norm)1([123])\.", r"\1.template.\2\3."),
    (r"^(fusion\.\d+)\.(linear|norm)2([123])\.", r"\1.search.\2\3."),
    (r"^featurefusion_network\.decoder\.norm\.", "decoder.norm."),
    (r"^featurefusion_network\.decoder\.layers\.0\.multihead_attn\.", "decoder.attention."),
    (r"^featurefusion_network\.decoder\.layers\.0\.", "decoder."),
    (r"^decoder\.norm1\.", "decoder.norm_attention."),
    (r"^decoder\.norm2\.", "decoder.norm_mlp."),
    # Block names of the backbone look like those of the fusion layers, and stay.
    (r"^((?:fusion|decoder)\b.*)\.linear1\.", r"\1.expand."),
    (r"^((?:fusion|decoder)\b.*)\.linear2\.", r"\1.contract."),
    (r"^((?:fusion|decoder)\b.*)\.norm1\.", r"\1.norm_self."),
    (r"^((?:fusion|decoder)\b.*)\.norm2\.", r"\1.norm_cross."),
    (r"^((?:fusion|decoder)\b.*)\.norm3\.", r"\1.norm_mlp."),
)
"""Official key to the one in ``TransT``."""
ENCODER_LAYER = re.compile(r"featurefusion_network\.encoder\.layers\.(\d+)\.")


def load(path: Path | None = None) -> tuple[TransT, Config]:
    """The network with the weights of ``path``, or of the official file in the weights folder.

    The file's keys tell TransT-N2 from TransT-N4.
    """
    path = path or weights_path(FILE, model="TransT", licence=LICENCE, source=SOURCE)
    return build(read_tensors(path, "net"), path.name)


def build(tensors: Mapping[str, Tensor], file: str) -> tuple[TransT, Config]:
    """The network that fits ``tensors``, given by official key and read from ``file``. Raises WeightsMisfit."""
    layers = {int(found[1]) for key in tensors if (found := ENCODER_LAYER.match(key))}
    if not layers:
        raise WeightsError(f"TransT's weights have fusion layers; {file} has none. Check that it is {FILE}.")
    config = Config(fusion_layers=len(layers))
    with torch.device("meta"):
        network = TransT(config)
    load_exactly(network, tensors, file=file, rename=our_key)
    return network, config
