"""What looks for objects while ``framewise track`` or ``framewise detect --tracker`` goes through a video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from tracking import catalog
from tracking.association import registry
from tracking.association.presets import preset_of
from tracking.detector import Detector
from tracking.finding import DetectorFinder
from tracking.linked import Eyes, Linker
from tracking.protocol import Setting
from tracking.search import Finding, Seek
from tracking.types import TrackingError


@dataclass(frozen=True)
class Lookout:
    """``detector``: its id, file or folder; empty: the default. ``classes``: by its names; none: all that it knows.
    ``linked``: the id of the association that links what it sees; None: the tracker follows each."""

    detector: str = ""
    classes: Sequence[str] = ()
    every: int = 1
    linked: str | None = None
    settings: Mapping[str, Setting] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.detector or catalog.DEFAULT_DETECTOR

    def open(self, seek: Seek, rate: float) -> tuple[Finding, Linker | None]:
        """What a session takes; the detector's weights are read here.

        Raises:
            TrackingError: it can't be as asked.
        """
        if self.linked is None:
            finder = DetectorFinder(self._detector())
            return Finding(lambda: finder, seek, self.every), None
        usual = catalog.detector_settings(self.name).get("confidence", catalog.DETECTOR_SETTINGS["confidence"])
        sure = self.settings.get("confidence", usual)
        preset = preset_of(self.linked, float(sure))
        looks = rate / self.every
        associate = partial(registry.create, self.linked, looks, preset.settings)
        associate()  # What can't be is told before the weights are read.
        detector = self._detector(confidence=preset.least)
        wanted = self.classes or detector.classes
        eyes = Eyes(lambda: detector, origin=seek.frame, every=self.every)
        return Finding(None, seek, self.every), Linker(eyes, associate, kinds={name: name for name in wanted})

    def _detector(self, **more: Setting) -> Detector:
        detector = catalog.open_detector(self.name, classes=self.classes, **{**self.settings, **more})
        if unknown := sorted(set(self.classes) - set(detector.classes)):
            raise TrackingError(
                f"{self.name} knows these classes: {', '.join(detector.classes)}; {', '.join(unknown)} is none of them."
            )
        return detector
