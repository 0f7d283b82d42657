"""YOLOv5's network of versions 6 and 7 in torch, written from what its published files hold.

The file of a checkpoint pickles the authors' modules; ``tracking.unpickling.Record`` stands for them here, none of
their code is needed, imported or run. Their names give each parameter its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn

from tracking.layers.csp import Convolution, CrossStage, PyramidPooling, doubled
from tracking.unpickling import Record
from tracking.weights import WeightsError, load_exactly, read_records

FINEST_STRIDE = 8
DEEPEST = 64
"""More blocks in a row, or modules in each other, than any YOLOv5 has."""
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Form:
    """``sides``: channels of the stem and after each halving. ``depth``: blocks of the shortest stage. ``anchors``:
    boxes that each cell tells of."""

    sides: tuple[int, ...]
    depth: int
    anchors: int
    classes: int

    @property
    def levels(self) -> int:
        """Grids, the finest with cells of 8 px: 3, or 4 for pictures of 1280 px."""
        return len(self.sides) - 2


class Yolov5Network(nn.Module):
    """Pictures (N, 3, H, W), RGB in [0, 1], sides multiples of the coarsest stride -> rows (N, M, 5 + classes).

    A row: centre x, y, width and height of a box in px, how surely an object is there, how surely it is of each class.
    """

    anchors: Tensor

    def __init__(self, form: Form) -> None:
        super().__init__()
        sides, depth, levels = form.sides, form.depth, form.levels
        fine = sides[-levels:]
        inner = range(levels - 1)
        self.form = form
        self.stem = Convolution(3, sides[0], 6, 2, border=2)
        self.downs = nn.ModuleList(Convolution(low, high, 3, 2) for low, high in pairwise(sides))
        factors = (1, 2, 3, 1, 1)[: len(sides) - 1]
        self.stages = nn.ModuleList(
            CrossStage(side, side, factor * depth) for side, factor in zip(sides[1:], factors, strict=True)
        )
        self.pool = PyramidPooling(fine[-1], fine[-1])
        # From the coarsest grid down to the finest, and back.
        self.laterals = nn.ModuleList(Convolution(fine[-1 - k], fine[-2 - k]) for k in inner)
        self.merges = nn.ModuleList(CrossStage(2 * fine[-2 - k], fine[-2 - k], depth, shortcut=False) for k in inner)
        self.returns = nn.ModuleList(Convolution(fine[k], fine[k], 3, 2) for k in inner)
        self.joins = nn.ModuleList(CrossStage(2 * fine[k], fine[k + 1], depth, shortcut=False) for k in inner)
        self.heads = nn.ModuleList(nn.Conv2d(side, form.anchors * (5 + form.classes), 1) for side in fine)
        self.register_buffer("anchors", torch.zeros(levels, form.anchors, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        seen = []
        for down, stage in zip(self.downs, self.stages, strict=True):
            x = stage(down(x))
            seen.append(x)
        x = self.pool(x)
        kept = []
        for lateral, merge, beside in zip(
            self.laterals, self.merges, reversed(seen[-self.form.levels : -1]), strict=True
        ):
            kept.append(lateral(x))
            x = merge(torch.cat([doubled(kept[-1]), beside], 1))
        grids = [x]
        for back, join in zip(self.returns, self.joins, strict=True):
            grids.append(join(torch.cat([back(grids[-1]), kept.pop()], 1)))
        return torch.cat([self._rows(level, head(grid)) for level, (head, grid) in enumerate(self._told(grids))], 1)

    def _told(self, grids: list[Tensor]) -> Iterator[tuple[nn.Module, Tensor]]:
        return zip(self.heads, grids, strict=True)

    def _rows(self, level: int, told: Tensor) -> Tensor:
        """What a grid says, (N, anchors * (5 + classes), H, W), as rows."""
        stride = FINEST_STRIDE * 2**level
        count, _, height, width = told.shape
        told = told.float().view(count, self.form.anchors, 5 + self.form.classes, height, width)
        told = told.permute(0, 1, 3, 4, 2).sigmoid()
        rows, columns = torch.meshgrid(
            torch.arange(height, device=told.device), torch.arange(width, device=told.device), indexing="ij"
        )
        cells = torch.stack([columns, rows], -1) - 0.5
        centres = (2 * told[..., :2] + cells) * stride
        sizes = (2 * told[..., 2:4]) ** 2 * self.anchors[level].view(1, -1, 1, 1, 2) * stride
        return torch.cat([centres, sizes, told[..., 4:]], -1).flatten(1, 3)


def loaded(path: Path) -> tuple[Yolov5Network, tuple[str, ...]]:
    """The network of a ``.pt`` file of version 6 or 7, official or trained with the authors' code, and its class names.

    Raises:
        WeightsError: the file is damaged, unsafe, or of another network.
    """
    model = _model_in(read_records(path), path.name)
    tensors = dict(_parameters(model, "", path.name))
    form = _form_of(tensors, path.name)
    with torch.device("meta"):
        network = Yolov5Network(form)
    load_exactly(network, tensors, file=path.name, rename=_renaming(form.levels))
    return network, _names(model, form.classes, path.name)


def _model_in(checkpoint: object, file: str) -> Record:
    found = checkpoint
    if isinstance(checkpoint, Mapping):
        averaged = checkpoint.get("ema")
        found = averaged if isinstance(averaged, Record) else checkpoint.get("model")
    if not isinstance(found, Record):
        raise WeightsError(f"A YOLOv5 file holds a model under 'model' or 'ema'; {file} has none. Check the file.")
    return found


def _parameters(module: Record, prefix: str, file: str, depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Tensors of a module and those in it, by the names that the authors' ``state_dict`` would give them."""
    if depth > DEEPEST:
        raise WeightsError(f"Modules lie up to {DEEPEST} deep in each other; those of {file} don't end. Don't use it.")
    for kind in ("_parameters", "_buffers", "_modules"):
        inside = module.state.get(kind)
        for name, value in inside.items() if isinstance(inside, dict) else ():
            if isinstance(value, Tensor):
                yield f"{prefix}{name}", value
            elif isinstance(value, Record):
                yield from _parameters(value, f"{prefix}{name}.", file, depth + 1)


def _form_of(tensors: Mapping[str, Tensor], file: str) -> Form:
    stem = tensors.get("model.0.conv.weight")
    for levels in (3, 4):
        anchors = tensors.get(f"model.{_places(levels)['heads']}.anchors")
        if stem is not None and stem.shape[2:] == (6, 6) and anchors is not None and anchors.ndim == 3:
            return _form(tensors, levels, anchors.shape[1], file)
    why = "another network"
    if any(".dfl." in key for key in tensors):
        why = 'its anchor-free successor ("u")'
    elif "model.0.conv.conv.weight" in tensors:
        why = "a YOLOv5 of version 5 or earlier"
    elif any(".proto." in key for key in tensors):
        why = "a YOLOv5 that also segments"
    raise WeightsError(
        f"YOLOv5 is read as of versions 6 and 7, a detector of boxes; {file} holds {why}. Take one of yolov5n.pt … "
        "yolov5x6.pt from the release v7.0."
    )


def _form(tensors: Mapping[str, Tensor], levels: int, anchors: int, file: str) -> Form:
    halvings = [tensors.get(f"model.{place}.conv.weight") for place in (0, *range(1, 2 * levels + 2, 2))]
    head = tensors.get(f"model.{_places(levels)['heads']}.m.0.weight")
    blocks = {key.split(".")[3] for key in tensors if key.startswith("model.2.m.")}
    if head is None or not 0 < anchors <= DEEPEST or not 0 < len(blocks) <= DEEPEST or len(head) <= 5 * anchors:
        raise WeightsError(f"{file} isn't put together as a YOLOv5 detector of boxes is. Check the file.")
    sides = tuple(0 if weight is None else len(weight) for weight in halvings)
    return Form(sides, len(blocks), anchors, len(head) // anchors - 5)


def _places(levels: int) -> dict[str, int]:
    """Which of the authors' layers each of ours is."""
    stages, inner = levels + 1, range(levels - 1)
    pool = 2 * stages + 1
    back = pool + 1 + 4 * (levels - 1)
    return {
        "stem": 0,
        **{f"downs.{k}": 2 * k + 1 for k in range(stages)},
        **{f"stages.{k}": 2 * k + 2 for k in range(stages)},
        "pool": pool,
        **{f"laterals.{k}": pool + 1 + 4 * k for k in inner},
        **{f"merges.{k}": pool + 4 + 4 * k for k in inner},
        **{f"returns.{k}": back + 3 * k for k in inner},
        **{f"joins.{k}": back + 3 * k + 2 for k in inner},
        "heads": back + 3 * (levels - 1),
    }


INSIDE = {
    "cross": {"cv1": "through", "cv2": "around", "cv3": "joined", "m": "blocks"},
    "pool": {"cv1": "narrowed", "cv2": "joined"},
    "block": {"cv1": "first", "cv2": "second"},
}
"""The authors' names within a layer -> ours."""


def _renaming(levels: int) -> Callable[[str], str]:
    ours = {place: name for name, place in _places(levels).items()}

    def rename(official: str) -> str:
        parts = official.split(".")[1:]
        layer = ours.get(int(parts[0]), "") if parts and parts[0].isdecimal() else ""
        if not layer:
            return official
        rest = parts[1:]
        if layer == "heads":
            return ".".join(rest if rest[0] == "anchors" else ["heads", *rest[1:]])
        names = INSIDE["pool" if layer == "pool" else "cross"]
        if rest[0] == "m" and len(rest) > 2:
            rest[2] = INSIDE["block"].get(rest[2], rest[2])
        rest[0] = names.get(rest[0], rest[0])
        return ".".join([layer, *("norm" if part == "bn" else part for part in rest)])

    return rename


def _names(model: Record, count: int, file: str) -> tuple[str, ...]:
    told = model.state.get("names")
    if isinstance(told, Mapping):
        told = [told.get(index) for index in range(count)]
    if not isinstance(told, (list, tuple)) or len(told) != count or not all(isinstance(name, str) for name in told):
        raise WeightsError(f"A YOLOv5 file names each of its classes, here {count}; {file} doesn't. Check the file.")
    return tuple(name[:LONGEST_NAME] for name in told)
