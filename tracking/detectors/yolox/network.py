"""YOLOX (Ge et al. 2021, https://arxiv.org/abs/2107.08430) in torch, and its official ``.pth`` files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from tracking.layers.csp import Convolution, CrossStage, PyramidPooling, Separable, doubled
from tracking.weights import WeightsError, load_exactly, read_tensors, renamed_by

STRIDES = (8, 16, 32)
DEEPEST = 32
"""More blocks in a row than any YOLOX has."""


class YoloxNetwork(nn.Module):
    """Pictures (N, 3, H, W), BGR in [0, 255], sides multiples of 32 -> rows (N, cells, 5 + classes).

    A row tells of its cell, grid by grid from the finest: offset and logarithm of the box's size in cells, how surely
    an object is there, how surely it is of each class; the last ones in [0, 1].

    Args:
        width: channels of the stem, 16 (nano) to 80 (x).
        depth: blocks of the shortest stage, 1 to 4.
        separable: the 3x3 convolutions are; nano's alone.
    """

    def __init__(self, *, width: int, depth: int, classes: int, separable: bool) -> None:
        super().__init__()
        self.width, self.classes = width, classes
        kind = Separable if separable else Convolution
        sides = [width * factor for factor in (1, 2, 4, 8, 16)]
        low, middle, high = sides[2:]

        def stage(channels: int, out: int, depth: int, *, shortcut: bool = False) -> CrossStage:
            return CrossStage(channels, out, depth, shortcut=shortcut, separable=separable)

        self.stem = Convolution(12, width, 3)
        self.downs = nn.ModuleList(kind(sides[k], sides[k + 1], 3, 2) for k in range(4))
        self.pool = PyramidPooling(high, high)
        self.stages = nn.ModuleList(
            stage(sides[k + 1], sides[k + 1], factor * depth, shortcut=k < 3) for k, factor in enumerate((1, 3, 3, 1))
        )
        self.laterals = nn.ModuleList([Convolution(high, middle), Convolution(middle, low)])
        self.merges = nn.ModuleList([stage(2 * middle, middle, depth), stage(2 * low, low, depth)])
        self.returns = nn.ModuleList([kind(low, low, 3, 2), kind(middle, middle, 3, 2)])
        self.joins = nn.ModuleList([stage(2 * low, middle, depth), stage(2 * middle, high, depth)])
        inner = 4 * width
        self.heads = nn.ModuleList(_Head(channels, inner, classes, kind) for channels in (low, middle, high))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(_gathered(x))
        seen = []
        for index, (down, stage) in enumerate(zip(self.downs, self.stages, strict=True)):
            x = down(x)
            x = stage(self.pool(x) if index == 3 else x)
            seen.append(x)
        fine, middle, coarse = seen[1:]
        lateral = self.laterals[0](coarse)
        merged = self.merges[0](torch.cat([doubled(lateral), middle], 1))
        narrow = self.laterals[1](merged)
        first = self.merges[1](torch.cat([doubled(narrow), fine], 1))
        second = self.joins[0](torch.cat([self.returns[0](first), narrow], 1))
        third = self.joins[1](torch.cat([self.returns[1](second), lateral], 1))
        rows = [head(level).flatten(2) for head, level in zip(self.heads, (first, second, third), strict=True)]
        return torch.cat(rows, 2).transpose(1, 2)


class _Head(nn.Module):
    """What one grid says: (N, 5 + classes, H, W)."""

    def __init__(self, channels: int, inner: int, classes: int, kind: type[Separable] | type[Convolution]) -> None:
        super().__init__()
        self.stem = Convolution(channels, inner)
        self.of_classes = nn.Sequential(kind(inner, inner, 3), kind(inner, inner, 3))
        self.of_boxes = nn.Sequential(kind(inner, inner, 3), kind(inner, inner, 3))
        self.classes = nn.Conv2d(inner, classes, 1)
        self.boxes = nn.Conv2d(inner, 4, 1)
        self.objects = nn.Conv2d(inner, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        about_boxes = self.of_boxes(x)
        classes = self.classes(self.of_classes(x)).sigmoid()
        return torch.cat([self.boxes(about_boxes), self.objects(about_boxes).sigmoid(), classes], 1)


def _gathered(x: Tensor) -> Tensor:
    """Each 2x2 px as one with four times the channels: column by column of the square."""
    return torch.cat([x[..., row::2, column::2] for column in (0, 1) for row in (0, 1)], 1)


RENAMED = renamed_by(
    (r"^backbone\.backbone\.stem\.conv\.", "stem."),
    (r"^backbone\.backbone\.dark5\.1\.", "pool."),
    (r"^backbone\.backbone\.dark5\.2\.", "stages.3."),
    (r"^backbone\.backbone\.dark(\d)\.0\.", lambda found: f"downs.{int(found[1]) - 2}."),
    (r"^backbone\.backbone\.dark(\d)\.1\.", lambda found: f"stages.{int(found[1]) - 2}."),
    (r"^backbone\.lateral_conv0\.", "laterals.0."),
    (r"^backbone\.reduce_conv1\.", "laterals.1."),
    (r"^backbone\.C3_p4\.", "merges.0."),
    (r"^backbone\.C3_p3\.", "merges.1."),
    (r"^backbone\.bu_conv2\.", "returns.0."),
    (r"^backbone\.bu_conv1\.", "returns.1."),
    (r"^backbone\.C3_n3\.", "joins.0."),
    (r"^backbone\.C3_n4\.", "joins.1."),
    (r"^head\.stems\.(\d+)\.", r"heads.\1.stem."),
    (r"^head\.cls_convs\.(\d+)\.", r"heads.\1.of_classes."),
    (r"^head\.reg_convs\.(\d+)\.", r"heads.\1.of_boxes."),
    (r"^head\.cls_preds\.(\d+)\.", r"heads.\1.classes."),
    (r"^head\.reg_preds\.(\d+)\.", r"heads.\1.boxes."),
    (r"^head\.obj_preds\.(\d+)\.", r"heads.\1.objects."),
    (r"^pool\.conv1\.", "pool.narrowed."),
    (r"^pool\.conv2\.", "pool.joined."),
    (r"\.m\.(\d+)\.conv1\.", r".blocks.\1.first."),
    (r"\.m\.(\d+)\.conv2\.", r".blocks.\1.second."),
    (r"^(stages|merges|joins)\.(\d)\.conv1\.", r"\1.\2.through."),
    (r"^(stages|merges|joins)\.(\d)\.conv2\.", r"\1.\2.around."),
    (r"^(stages|merges|joins)\.(\d)\.conv3\.", r"\1.\2.joined."),
    (r"\.dconv\.", ".depth."),
    (r"\.pconv\.", ".point."),
    (r"\.bn\.", ".norm."),
)
"""The official name of a parameter -> ours."""


def loaded(path: Path) -> YoloxNetwork:
    """The network of an official ``.pth`` or of one trained with the authors' code, in any of their sizes.

    Raises:
        WeightsError: the file is damaged, unsafe, or of another network.
    """
    return build(read_tensors(path, "model"), path.name)


def build(tensors: Mapping[str, Tensor], file: str) -> YoloxNetwork:
    """The network that official ``tensors`` belong to, filled with them. Raises WeightsError where there is none."""
    with torch.device("meta"):
        network = _network_for(tensors, file)
    load_exactly(network, tensors, file=file, rename=RENAMED)
    return network


def _network_for(tensors: Mapping[str, Tensor], file: str) -> YoloxNetwork:
    stem, classes = tensors.get("backbone.backbone.stem.conv.conv.weight"), tensors.get("head.cls_preds.0.weight")
    if stem is None or classes is None or stem.ndim != 4 or classes.ndim != 4:
        raise WeightsError(
            f"YOLOX is read in the sizes nano, tiny, s, m, l and x; {file} holds another network. Of YOLOX-Darknet53 "
            "take the file yolox_darknet.onnx."
        )
    blocks = {key.split(".")[5] for key in tensors if key.startswith("backbone.backbone.dark2.1.m.")}
    if not 0 < len(blocks) <= DEEPEST:
        raise WeightsError(f"YOLOX has 1 to {DEEPEST} blocks in its first stage; {file} has {len(blocks)}.")
    separable = "backbone.backbone.dark2.0.dconv.conv.weight" in tensors
    return YoloxNetwork(width=len(stem), depth=len(blocks), classes=len(classes), separable=separable)
