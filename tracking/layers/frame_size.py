"""The size that all frames of a run must have."""

from __future__ import annotations

from tracking.types import Frame, TrackingError


class FrameSize:
    """That of the frame a run began on."""

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None

    def begin(self, frame: Frame) -> None:
        """A run begins on ``frame``."""
        self._size = frame.width, frame.height

    def require(self, frame: Frame) -> None:
        """Raises TrackingError when no run has begun, or when ``frame`` has another size than its first one."""
        if self._size is None:
            raise TrackingError("A run begins with start(); step() or correct() came first. Start it with a prompt.")
        if (frame.width, frame.height) != self._size:
            width, height = self._size
            raise TrackingError(
                f"All frames of a run must have one size; frame {frame.number} is {frame.width}x{frame.height}, the "
                f"first was {width}x{height}. Start a new run at this frame."
            )
