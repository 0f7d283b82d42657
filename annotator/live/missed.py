"""Which predictions somebody didn't get, as few stretches of frames."""

from __future__ import annotations

from collections.abc import Iterable

Covered = tuple[str, int, int]
"""Track, first and last frame."""


class Missed:
    """Collects them; it is true while there are any."""

    def __init__(self) -> None:
        self._by_track: dict[str, list[tuple[int, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_track)

    def add(self, covers: Iterable[Covered]) -> None:
        """So many more were missed."""
        for track, first, last in covers:
            pairs = self._by_track.setdefault(track, [])
            # Frames mostly come in order, so that one growing stretch is all there is to name.
            if pairs and first <= pairs[-1][1] + 1 and last >= pairs[-1][0] - 1:
                pairs[-1] = (min(first, pairs[-1][0]), max(last, pairs[-1][1]))
            else:
                pairs.append((first, last))

    def take(self) -> list[Covered]:
        """All of them; from then on none is missed."""
        named = [(track, first, last) for track, pairs in self._by_track.items() for first, last in pairs]
        self._by_track.clear()
        return named
