"""A detector that another program serves over HTTP, as a JSON file describes it.

The address is written by who runs this machine, never by what comes over a network.
"""

from __future__ import annotations

import json
import logging
import os
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np

from tracking.detection import Detection
from tracking.detectors.remote.description import RemoteDescription, read
from tracking.detectors.remote.protocols import PROTOCOLS, Asked, Seen
from tracking.layers.candidates import Candidates, Choice
from tracking.layers.canvas_detector import LARGEST_SIDE
from tracking.layers.letterbox import Placement
from tracking.types import Frame, TrackingError

log = logging.getLogger(__name__)

CONNECT_S = 10.0
TRIES = 3
"""A connection that is lost, or can't be made, is tried again so often in all; what the server refuses isn't."""
MOST_BYTES = 32 * 2**20
"""Of an answer."""
QUOTED = 300
"""So many characters of what a server says are told."""


def create(
    *,
    weights: str,
    confidence: float = 0.25,
    overlap: float = 0.45,
    image_size: int = 0,
    classes: Sequence[str] = (),
    device: str = "auto",
    precision: str = "auto",
) -> RemoteDetector:
    """The detector that the JSON file ``weights`` describes. Nothing is sent before the first frame.

    Args:
        image_size: px of the longer side of what is sent; 0: frames go as they are.

    Raises:
        WeightsError: the file can't be read. TrackingError: for a setting without meaning.
    """
    for name, value in (("device", device), ("precision", precision)):
        if value != "auto":
            raise TrackingError(f"How a remote model computes is its server's affair; {name} {value!r} came. Leave it.")
    if not 0 <= image_size <= LARGEST_SIDE:
        raise TrackingError(f"The setting image_size lies between 0 and {LARGEST_SIDE}; {image_size} came.")
    told = read(Path(weights))
    return RemoteDetector(told, Choice(told.classes, confidence, overlap, classes), image_size=image_size)


class RemoteDetector:
    """A ``Detector``. Frames are sent one by one: not every protocol takes several.

    Args:
        http: what sends; by default a client of its own, which follows no redirects.
    """

    def __init__(
        self,
        told: RemoteDescription,
        choice: Choice,
        *,
        image_size: int = 0,
        http: httpx.Client | None = None,
    ) -> None:
        self._told, self._choice, self._side = told, choice, image_size
        self._protocol = PROTOCOLS[told.protocol]
        self._http = http or httpx.Client(timeout=httpx.Timeout(told.timeout_s, connect=CONNECT_S))
        self._key = os.environ.get(told.key_from, "") if told.key_from else ""
        self._strange: set[str] = set()
        if told.key_from and not self._key:
            raise TrackingError(f"The key of {told.server} is read from the variable {told.key_from}, which isn't set.")

    @property
    def classes(self) -> tuple[str, ...]:
        return self._choice.names

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Raises TrackingError where the server can't be reached, refuses, or answers with something else."""
        return [self._look(frame) for frame in frames]

    def _look(self, frame: Frame) -> list[Detection]:
        height, width = self._size(frame)
        asked = Asked(
            picture=self._encoded(frame, height, width),
            confidence=self._choice.confidence,
            overlap=self._choice.overlap,
            classes=self._choice.wanted,
            key=self._key,
        )
        answer = self._answered(self._protocol.body(self._told, asked))
        try:
            seen = self._protocol.seen(answer)
        except ValueError as error:
            said = str(error).splitlines()
            raise self._problem(f"doesn't answer as {self._told.protocol} does ({' '.join(said)[:QUOTED]})") from error
        placement = Placement(frame.width, frame.height, width / frame.width, height / frame.height)
        return self._choice.detections(self._candidates(seen), placement)

    def _size(self, frame: Frame) -> tuple[int, int]:
        longest = max(frame.height, frame.width)
        share = min(1.0, self._side / longest) if self._side else 1.0
        return max(1, round(frame.height * share)), max(1, round(frame.width * share))

    def _encoded(self, frame: Frame, height: int, width: int) -> str:
        image = frame.image
        if (height, width) != image.shape[:2]:
            image = np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        how = [cv2.IMWRITE_JPEG_QUALITY, 95] if self._told.picture == "jpeg" else []
        done, data = cv2.imencode(f".{self._told.picture}", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), how)
        if not done:
            raise TrackingError(f"Frame {frame.number} can't be encoded as {self._told.picture}.")
        return b64encode(data.tobytes()).decode()

    def _answered(self, body: dict[str, Any]) -> Any:
        address = self._told.server.rstrip("/") + self._protocol.path
        for left in reversed(range(TRIES)):
            try:
                with self._http.stream("POST", address, json=body) as response:
                    return self._read(response)
            except (httpx.ConnectError, httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if not left:
                    raise self._problem(f"can't be reached ({error or type(error).__name__})") from error
            except httpx.TimeoutException as error:
                raise self._problem(f"didn't answer within {self._told.timeout_s:g} s") from error
            except httpx.HTTPError as error:
                raise self._problem(f"can't be asked ({error or type(error).__name__})") from error
        raise AssertionError("the last try returns or raises")

    def _read(self, response: httpx.Response) -> Any:
        data = bytearray()
        for part in response.iter_bytes():
            data += part
            if len(data) > MOST_BYTES:
                raise self._problem(f"answers with more than {MOST_BYTES // 2**20} MiB")
        if not response.is_success:
            said = self._without_key(data[: 4 * QUOTED].decode(errors="replace").strip())
            raise self._problem(f"refuses with HTTP {response.status_code}{f': {said[:QUOTED]}' if said else ''}")
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self._problem("doesn't answer with JSON") from error

    def _without_key(self, said: str) -> str:
        return said.replace(self._key, "…") if self._key else said

    def _candidates(self, seen: Sequence[Seen]) -> Candidates:
        index = {name: place for place, name in enumerate(self._choice.names)}
        if strange := {each.label for each in seen} - index.keys() - self._strange:
            self._strange |= strange
            names = ", ".join(sorted(strange))[:QUOTED]
            log.warning("%s also finds %s: left out, as its description doesn't name them.", self._told.server, names)
        known = [each for each in seen if each.label in index]
        with np.errstate(over="ignore"):  # What has no place in float32 is infinite, and left out with such boxes.
            boxes = np.array([each.corners for each in known], np.float32).reshape(-1, 4)
        return Candidates(
            boxes,
            np.clip(np.array([each.confidence for each in known], np.float32), 0, 1),
            np.array([index[each.label] for each in known], np.intp),
        )

    def _problem(self, what: str) -> TrackingError:
        return TrackingError(f"The model server {self._told.server} {what}. Check that it runs, and its description.")
