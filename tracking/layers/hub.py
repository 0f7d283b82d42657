"""Folders of models as the Hugging Face hub has them, which networks of ``transformers`` are read from: any path, or an
id of the hub, from where it is downloaded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tracking.layers.canvas_detector import CanvasDetector
from tracking.types import TrackingError
from tracking.weights import WeightsError, weights_folder

PREPROCESSOR = "preprocessor_config.json"


@dataclass(frozen=True, slots=True)
class Given:
    """What a network is given: pictures scaled to ``size`` (height, width; or as its reader says), times ``scale``,
    minus ``mean``, over ``deviation``, each of three channels."""

    size: tuple[int, int]
    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    deviation: tuple[float, ...] = (1.0, 1.0, 1.0)

    def of(self, pictures: torch.Tensor) -> torch.Tensor:
        """Pictures (N, H, W, 3) in 0..255, scaled already -> (N, 3, H, W) float32."""
        pixels = pictures.permute(0, 3, 1, 2).float() * self.scale
        mean, deviation = (
            torch.tensor(value, device=pixels.device).view(1, 3, 1, 1) for value in (self.mean, self.deviation)
        )
        return (pixels - mean) / deviation


@contextmanager
def reading(source: str) -> Iterator[bool]:
    """Inside, a folder of the hub is read; yields whether it is one of this machine.

    Raises:
        WeightsError: it isn't there, can't be downloaded, or is damaged.
    """
    local = Path(source).is_dir()
    try:
        yield local
    except (OSError, ValueError, RuntimeError) as error:
        where = "Check the folder." if local else "Check the name and the network."
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise WeightsError(f"{source} can't be loaded ({first}). {where}") from error


def kind_of(source: str) -> str:
    """What a folder's network is called by ``transformers``, e.g. ``d_fine``; no code of the folder is run.

    Raises:
        WeightsError: it can't be read.
        TrackingError: ``transformers`` isn't installed.
    """
    try:
        from transformers import AutoConfig
    except ImportError as error:
        raise TrackingError("This needs the package transformers. Install it: pip install transformers") from error
    with reading(source) as local:
        return str(AutoConfig.from_pretrained(source, local_files_only=local, trust_remote_code=False).model_type)


def read_given(source: str, sides: tuple[str, str] = ("height", "width")) -> Given:
    """How a folder's pictures are scaled; ``sides``: by which names it gives their size."""
    from transformers.utils import cached_file

    with reading(source) as local:
        path = cached_file(source, PREPROCESSOR, local_files_only=local)
    try:
        told = json.loads(Path(path).read_text("utf-8"))
        size = int(told["size"][sides[0]]), int(told["size"][sides[1]])
        if min(size) < 1:
            raise ValueError(f"its size is {size}")
        scale = float(told.get("rescale_factor", 1 / 255)) if told.get("do_rescale", True) else 1.0
        if not told.get("do_normalize", False):
            return Given(size, scale)
        return Given(size, scale, _three(told["image_mean"]), _three(told["image_std"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WeightsError(
            f"{PREPROCESSOR} says to which {sides[0]} and {sides[1]} pictures are scaled, and how; that of {source} "
            f"doesn't ({type(error).__name__}: {error})."
        ) from error


def _three(told: Any) -> tuple[float, ...]:
    red, green, blue = map(float, told)
    return red, green, blue


def read_tokenizer(kind: Any, source: str, files: tuple[str, ...]) -> Any:
    """What cuts words into pieces for a folder's network. ``kind``: its class in ``transformers``, whatever the folder
    says: no code of the folder is run. ``files``: what it is read from, where there is no ``tokenizer.json``.

    Raises:
        WeightsError: the folder holds none of this kind.
    """
    from transformers.utils import cached_file

    with reading(source) as local:
        try:
            cached_file(source, "tokenizer.json", local_files_only=local)
        except OSError:
            for name in files:  # Without them the library would make an empty one.
                cached_file(source, name, local_files_only=local)
        try:
            return kind.from_pretrained(source, local_files_only=local, trust_remote_code=False)
        except (OSError, ValueError, RuntimeError):
            raise
        except Exception as error:  # Tokenizers raise bare ones.
            raise WeightsError(
                f"The tokenizer of {source} can't be read ({type(error).__name__}: {error}). Get the folder again."
            ) from error


def of_folder(folder: str, create: Callable[..., CanvasDetector]) -> Callable[..., CanvasDetector]:
    """Makes the detector of a hub's folder in the weights folder."""

    def create_folder(*, weights: str = "", **settings: object) -> CanvasDetector:
        path = Path(weights) if weights else weights_folder() / folder
        if not path.is_dir():
            raise WeightsError(
                f"This detector needs its weights; {folder}/model.safetensors isn't in {path.parent}. "
                "Get the folder by: framewise weights download OWNER/NAME, as `framewise weights list` names it."
            )
        return create(weights=str(path), **settings)

    return create_folder
