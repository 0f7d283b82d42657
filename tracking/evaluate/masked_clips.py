"""Clips whose objects are given as masks, in the layout of DAVIS: ``JPEGImages/`` and ``Annotations/`` with a PNG per
frame, in the folder of the clip or with one folder per clip in both.

A mask's pixels hold the number of the object, 0 for none. Where it has a palette, 255 is void, what nobody is judged by
(as in DAVIS 2017); in a grey picture that knows 0 and 255 alone it is the one object (as in DAVIS 2016). Not every
frame needs a mask (as in YouTube-VOS).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tracking.evaluate.sequences import Clips, Skipped, Unusable, pictures_in, read_picture
from tracking.types import Frame, TrackingError

VOID = 255
Labels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class MaskedClip:
    """All objects of one clip. ``objects``: their numbers, in the order in which they enter; ``entries``: the frame
    that each is first shown on; ``masks``: the file of each frame's mask, None where there is none."""

    name: str
    pictures: tuple[Path, ...]
    masks: tuple[Path | None, ...]
    objects: tuple[int, ...]
    entries: tuple[int, ...]
    note: str = ""
    origin: None = None
    """Nothing is counted in masks."""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.name_of(number) for number in self.objects)

    def name_of(self, number: int) -> str:
        return self.name if len(self.objects) == 1 else f"{self.name}/{number}"

    @property
    def first(self) -> int:
        """The frame that shows an object first."""
        return min(self.entries)

    @property
    def length(self) -> int:
        return len(self.pictures) - self.first

    def shortened(self, frames: int) -> Self:
        """The same for no more than so many frames from the first one that shows an object on."""
        last = self.first + frames
        there = [(one, entry) for one, entry in zip(self.objects, self.entries, strict=True) if entry < last - 1]
        objects, entries = zip(*there, strict=True)
        return replace(self, pictures=self.pictures[:last], masks=self.masks[:last], objects=objects, entries=entries)

    def frame(self, number: int) -> Frame:
        return Frame(number, read_picture(self.pictures[number]))

    def frames(self) -> Iterator[Frame]:
        """From the first one that shows an object on."""
        return (self.frame(number) for number in range(self.first, len(self.pictures)))

    def labels(self, number: int) -> Labels | None:
        """(H, W) of a frame: the object on each pixel, 0 for none; None where there is no mask."""
        path = self.masks[number]
        return None if path is None else labels_in(path)


def find_masked_clips(root: Path, origin: int | None = None) -> Clips[MaskedClip]:
    """Every clip below ``root`` with masks, by name, and what looks like one but can't be used.

    Args:
        origin: means nothing here; masks count no pixels.

    Raises:
        TrackingError: there is neither.
    """
    items: list[MaskedClip | Skipped] = []
    for masks in sorted({root, *(path for path in root.rglob("Annotations") if path.is_dir())}):
        if masks.name == "Annotations":
            items += _clips(masks)
    if not items:
        raise TrackingError(
            "Evaluation of masks needs clips with a mask per frame (JPEGImages/ and Annotations/); none was found. "
            f"Check the folder: {root}"
        )
    return Clips(
        tuple(item for item in items if isinstance(item, MaskedClip)),
        tuple(item for item in items if isinstance(item, Skipped)),
    )


def _clips(masks: Path) -> Iterator[MaskedClip | Skipped]:
    pictures = masks.parent / "JPEGImages"
    if pictures_in(masks):
        yield _clip(masks.parent.name, masks, pictures)
        return
    for folder in sorted(path for path in masks.rglob("*") if path.is_dir() and pictures_in(path)):
        yield _clip(folder.name, folder, pictures / folder.relative_to(masks))


def _clip(name: str, masks: Path, folder: Path) -> MaskedClip | Skipped:
    try:
        return _masked(name, masks, folder)
    except (Unusable, OSError) as error:
        return Skipped(name, str(error))


def _masked(name: str, masks: Path, folder: Path) -> MaskedClip:
    pictures = pictures_in(folder)
    files = {path.stem: path for path in pictures_in(masks)}
    if unknown := sorted(files.keys() - {path.stem for path in pictures}):
        raise Unusable(f"Its mask {unknown[0]} has no picture of that name ({len(pictures)} pictures).")
    placed = tuple(files.get(path.stem) for path in pictures)
    entries: dict[int, int] = {}
    for number, path in enumerate(placed):
        if path is not None:
            for value in np.unique(labels_in(path)).tolist():
                entries.setdefault(value, number)
    entries.pop(0, None)
    if not entries:
        raise Unusable("Its masks are all empty.")
    # What enters on the last frame can't be followed.
    entries = {value: number for value, number in entries.items() if number < len(pictures) - 1}
    if not entries:
        raise Unusable("Its objects are labelled on the last frame only: there is nothing to follow.")
    bare = placed.count(None)
    note = f"{bare} of {len(pictures)} frames have no mask, and aren't judged." if bare else ""
    return MaskedClip(name, pictures, placed, tuple(entries), tuple(entries.values()), note)


def labels_in(path: Path) -> Labels:
    """(H, W): the object on each pixel, 0 for none and void. Raises Unusable when the mask can't be read."""
    try:
        with Image.open(path) as image:
            palette = image.mode == "P"
            labels = np.array(image if palette or image.mode == "L" else image.convert("L"), np.uint8)
    except OSError:
        raise Unusable(f"A mask can't be read: {path.name}") from None
    if palette or not _is_binary(labels):
        labels[labels == VOID] = 0
    return labels


def _is_binary(labels: Labels) -> bool:
    return not np.any((labels != 0) & (labels != VOID))
