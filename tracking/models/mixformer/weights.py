"""MixFormer's official weights: files, key names, and how they become ours.

The authors offer the files on a Google Drive and a Baidu folder linked from their page; sizes and checksums aren't
published. A file holds the tensors under ``net`` beside pickled training settings, which are never built. All files
that their scripts use come with a score head; the tracker without one runs on the same file and leaves it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tracking.models.mixformer.cvt import CvtConfig
from tracking.models.mixformer.network import Config, MixFormer
from tracking.models.mixformer.vit import ConvMaeConfig, VitConfig
from tracking.weights import load_exactly, read_tensors, renamed_by, weights_path

SOURCE = "https://github.com/MCG-NJU/MixFormer"
LICENCE = "MIT code; the authors state no separate licence for the weights"


@dataclass(frozen=True, slots=True)
class Variant:
    """One published tracker.

    ``search_factor``: side of the search picture in units of the box's mean side. ``interval``: frames between updates
    of the templates; ``online``: how many templates of later frames are kept.
    """

    name: str
    file: str
    config: Config
    search_factor: float
    interval: int
    online: int = 1


CVT_W24 = CvtConfig(dims=(192, 768, 1024), heads=(3, 12, 16), depths=(2, 2, 12))
VIT_L = VitConfig(dim=1024, heads=16, depth=24)
CONVMAE_L = ConvMaeConfig(dims=(384, 768, 1024), heads=16, depths=(2, 2, 20))

VARIANTS = {
    "cvt": Variant(
        "MixFormer-22k without score head",
        "mixformer_cvt_online_22k.pth.tar",
        Config(CvtConfig(), template_px=128, search_px=320, scored=False),
        search_factor=5.0,
        interval=200,
    ),
    "cvt_online": Variant(
        "MixFormer-22k",
        "mixformer_cvt_online_22k.pth.tar",
        Config(CvtConfig(), template_px=128, search_px=320),
        search_factor=5.0,
        interval=25,
    ),
    "cvt_large_online": Variant(
        "MixFormer-L",
        "mixformer_cvtL_online_22k.pth.tar",
        Config(CVT_W24, template_px=128, search_px=320),
        search_factor=5.0,
        interval=25,
        online=3,
    ),
    "vit_online": Variant(
        "MixViT-B",
        "mixformer_vit_base_online.pth.tar",
        Config(VitConfig(), template_px=128, search_px=288),
        search_factor=4.5,
        interval=25,
        online=3,
    ),
    "vit_large_online": Variant(
        "MixViT-L",
        "mixformer_vit_large_online.pth.tar",
        Config(VIT_L, template_px=192, search_px=384),
        search_factor=4.5,
        interval=25,
        online=3,
    ),
    "convmae_online": Variant(
        "MixViT-B (ConvMAE)",
        "mixformer_convmae_base_online.pth.tar",
        Config(ConvMaeConfig(), template_px=128, search_px=288),
        search_factor=4.5,
        interval=25,
        online=3,
    ),
    "convmae_large_online": Variant(
        "MixViT-L (ConvMAE)",
        "mixformer_convmae_large_online.pth.tar",
        Config(CONVMAE_L, template_px=192, search_px=384),
        search_factor=4.5,
        interval=25,
        online=3,
    ),
}

our_key = renamed_by(
    (r"^backbone\.stage(\d)\.", r"backbone.stages.\1."),
    (r"^backbone\.blocks3\.", "backbone.blocks."),
    (r"\.patch_embed4\.", ".patches4."),
    (r"\.patch_embed(\d?)\.proj\.", r".patches\1.conv."),
    (r"\.patch_embed(\d?)\.norm\.", r".patches\1.norm."),
    (r"\.attn\.conv_proj_([qkv])\.conv\.", r".attention.\1.conv."),
    (r"\.attn\.conv_proj_([qkv])\.bn\.", r".attention.\1.norm."),
    (r"\.attn\.proj_([qkv])\.", r".attention.\1.linear."),
    (r"\.attn\.proj\.", ".attention.merge."),
    (r"\.attn\.", ".attention."),
    (r"\.mlp\.fc1\.", ".mlp.expand."),
    (r"\.mlp\.fc2\.", ".mlp.contract."),
    (r"^box_head\.(\w+)_tl\.", r"box_head.top_left.\1."),
    (r"^box_head\.(\w+)_br\.", r"box_head.bottom_right.\1."),
    (r"^score_branch\.score_token$", "score_head.token"),
    (r"^score_branch\.score_head\.", "score_head.judge."),
    (r"^score_branch\.proj_([qkv])\.(\d)\.", r"score_head.looks.\2.\1."),
    (r"^score_branch\.proj\.(\d)\.", r"score_head.looks.\1.merge."),
    (r"^score_branch\.norm1\.", "score_head.norm."),
    (r"^score_branch\.norm2\.(\d)\.", r"score_head.looks.\1.norm."),
    (r"\.q\.", ".query."),
    (r"\.k\.", ".key."),
    (r"\.v\.", ".value."),
)
"""Official key to the one in ``MixFormer``."""
CLASSIFIER = re.compile(r"^backbone\.(norm|head)\.|^backbone\.(cls_token|pos_embed)$|\.num_batches_tracked$")
"""Keys left over from pre-training, and counters of training; the tracker has no use for them."""


def load(variant: Variant, path: Path | None = None) -> MixFormer:
    """The network with the weights of ``path``, or of the variant's official file in the weights folder."""
    path = path or weights_path(variant.file, model=variant.name, licence=LICENCE, source=SOURCE)
    return build(variant.config, read_tensors(path, "net"), path.name)


def build(config: Config, tensors: Mapping[str, Tensor], file: str) -> MixFormer:
    """The network with ``tensors``, given by official key and read from ``file``. Raises WeightsMisfit."""
    with torch.device("meta"):
        network = MixFormer(config)

    def unused(key: str) -> bool:
        return bool(CLASSIFIER.search(key)) or (not config.scored and key.startswith("score_branch."))

    load_exactly(network, tensors, file=file, rename=our_key, unused=unused)
    return network
