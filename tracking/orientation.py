"""How a stored picture is brought upright: the eight ways in which a rectangle fits on itself."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideData
from numpy.typing import NDArray

MATRIX = struct.Struct("<9i")
"""Row by row, 16.16 but for the last column: ISO/IEC 14496-12, 8.5.3, as FFmpeg hands it on (libavutil/display.h)."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Mirror the picture left to right if ``mirrored``, then turn it counterclockwise by ``turns`` quarters (0..3)."""

    turns: int = 0
    mirrored: bool = False

    @property
    def is_upright(self) -> bool:
        return not self.turns and not self.mirrored

    @property
    def swaps_sides(self) -> bool:
        return bool(self.turns % 2)

    def upright(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, C) as stored → the same upright, (W, H, C) after an odd number of turns; contiguous."""
        mirrored = image[:, ::-1] if self.mirrored else image
        return np.ascontiguousarray(np.rot90(mirrored, self.turns))

    @classmethod
    def of_matrix(cls, matrix: Sequence[int]) -> Orientation:
        """The nearest one to a display matrix of nine numbers: x' = a x + c y, y' = b x + d y.

        Cameras write only these eight; an oblique or scaled matrix is rounded, and one that maps all to a line or a
        point (some writers leave it at zero) asks for nothing.
        """
        a, b, _, c, d = matrix[:5]
        if a * d == b * c:
            return cls()
        length = math.hypot(a, b, c, d)
        asked = np.array([[a, c], [b, d]], np.float64) / length
        return max(_MAPS, key=lambda one: float((_MAPS[one] * asked).sum()))


def orientation_of(picture: av.VideoFrame) -> Orientation:
    """What the container, or the picture itself (H.264 and HEVC can say it too), asks for."""
    found = cast(SideData | None, picture.side_data.get("DISPLAYMATRIX"))
    matrix = bytes(found) if found is not None else b""
    return Orientation.of_matrix(MATRIX.unpack(matrix)) if len(matrix) == MATRIX.size else Orientation()


def _map(one: Orientation) -> NDArray[np.float64]:
    """The 2 x 2 matrix of an orientation, in image coordinates (y downward)."""
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    mirror = np.diag([-1.0 if one.mirrored else 1.0, 1.0])
    return np.asarray(np.linalg.matrix_power(quarter, one.turns) @ mirror)


_MAPS = {one: _map(one) for one in (Orientation(turns, mirrored) for mirrored in (False, True) for turns in range(4))}
