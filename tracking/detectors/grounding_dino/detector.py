"""Grounding DINO: looks for what words name, on single frames.

Liu et al. 2023, "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection",
https://arxiv.org/abs/2303.05499. The network is that of ``transformers``; what it is given and what becomes of its
answers is ours. All words go into it together, with the picture; what its language model makes of them is computed on
the first frame and kept, the rest of it on every frame.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tracking.layers.candidates import Candidates, Choice, corners
from tracking.layers.canvas_detector import CanvasDetector
from tracking.layers.hub import Given, kind_of, of_folder, read_given, read_tokenizer, reading
from tracking.layers.on_device import NetworkOnDevice
from tracking.types import TrackingError
from tracking.weights import WeightsError
from tracking.words import checked_words

KIND = "grounding-dino"
CONFIDENCE, OVERLAP = 0.3, 0.8
"""It finds some objects twice, in almost the same place."""
BEGIN, END, DOT, QUESTION = 101, 102, 1012, 1029
"""The pieces that part phrases: the network knows them by these numbers."""


def create(
    *,
    weights: str,
    confidence: float = CONFIDENCE,
    overlap: float = OVERLAP,
    image_size: int = 0,
    classes: Sequence[str] = (),
    device: str = "auto",
    precision: str = "auto",
) -> CanvasDetector:
    """The detector of a folder as the Hugging Face hub has them, or of an id there, from where it is downloaded.

    Args:
        image_size: to how many px the shorter side of a picture is scaled, unless the longer one becomes too long; 0:
            as the folder says.
        classes: the words that it looks for; each is a class.

    Raises:
        WeightsError: the folder isn't there, can't be downloaded, or holds something else.
        TrackingError: the words can't be looked for, a setting has no meaning for it, or ``transformers`` isn't
            installed.
    """
    if (kind := kind_of(weights)) != KIND:
        raise WeightsError(f"Grounding DINO reads folders of {KIND}; {weights} is a {kind}.")
    from transformers import BertTokenizer, GroundingDinoForObjectDetection

    given = read_given(weights, ("shortest_edge", "longest_edge"))
    with reading(weights) as local:
        # Never a pickle: of the hub's files only safetensors are read.
        network = GroundingDinoForObjectDetection.from_pretrained(weights, local_files_only=local, use_safetensors=True)
    tokenizer = read_tokenizer(BertTokenizer, weights, ("vocab.txt",))
    choice = Choice(checked_words(classes), confidence, overlap)
    edges = _edges(given.size, image_size)
    return _detector(network, tokenizer, given, edges, choice, device=device, precision=precision)


def _edges(usual: tuple[int, int], image_size: int) -> tuple[int, int]:
    """Shorter and longer side in px."""
    if image_size == 0:
        return usual
    if not 64 <= image_size <= usual[1]:
        raise TrackingError(
            f"The setting image_size is the shorter side, 64 to {usual[1]}, or 0 for {usual[0]}; {image_size} came."
        )
    return image_size, usual[1]


def _detector(
    network: Any,
    tokenizer: Any,
    given: Given,
    edges: tuple[int, int],
    choice: Choice,
    *,
    device: str,
    precision: str,
) -> CanvasDetector:
    from transformers.image_transforms import get_size_with_aspect_ratio

    phrases = _phrases(network.config, tokenizer, choice.names)
    network.model.text_backbone = _Once(network.model.text_backbone)
    look = _Looking(network, phrases, given, device=device, precision=precision)

    def canvas(height: int, width: int) -> tuple[int, int]:
        tall, wide = get_size_with_aspect_ratio((height, width), *edges)
        return max(1, tall), max(1, wide)

    return CanvasDetector(look, choice, canvas=canvas, fit="stretch")


@dataclass(frozen=True, slots=True)
class _Phrases:
    """``ids``: (T,) pieces of all words, parted by dots. ``places``: (W, L) whether a piece, of as many as the network
    scores, is of a word."""

    ids: torch.Tensor
    places: torch.Tensor


def _phrases(config: Any, tokenizer: Any, words: Sequence[str]) -> _Phrases:
    """As the library's processor joins candidate labels: "a cat. a dog."."""
    parting, most = {BEGIN, END, DOT, QUESTION, 0}, int(config.max_text_len)
    ids, spans = [BEGIN], []
    try:
        if tokenizer.convert_tokens_to_ids(["[CLS]", "[SEP]", ".", "?"]) != [BEGIN, END, DOT, QUESTION]:
            raise WeightsError(
                "Grounding DINO reads words as BERT does; the vocabulary of these weights is another one."
            )
        told = [tokenizer(word.lower(), add_special_tokens=False)["input_ids"] for word in words]
    except WeightsError:
        raise
    except Exception as error:  # Tokenizers raise bare ones.
        raise WeightsError(
            f"The tokenizer of these weights can't read words ({error}). Get the folder again."
        ) from error
    for word, pieces in zip(words, told, strict=True):
        kept = [piece for piece in pieces if piece not in parting]
        if not kept:
            raise TrackingError(f"Grounding DINO can't read {word!r}. Type it in other letters.")
        spans.append((len(ids), len(ids) + len(kept)))
        ids += [*kept, DOT]
    ids.append(END)
    if len(ids) > most:
        raise TrackingError(
            f"Grounding DINO reads {most} pieces of words at a time; these {len(words)} words have {len(ids)}. Look "
            "for fewer, or shorter ones."
        )
    if max(ids) >= config.text_config.vocab_size:
        raise WeightsError("The tokenizer of these weights knows more pieces than their network. Get the folder again.")
    places = torch.zeros(len(words), most, dtype=torch.bool)
    for row, (start, stop) in enumerate(spans):
        places[row, start:stop] = True
    return _Phrases(torch.tensor(ids), places)


class _Once(nn.Module):
    """Stands where a network's language model does: the words stay the same, so it is asked once, and left then."""

    told: torch.Tensor

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model: nn.Module | None = model
        self.register_buffer("told", torch.empty(0))

    def forward(self, *given: torch.Tensor, **_: object) -> SimpleNamespace:
        """``given``: as of the model, each (N, …), N times the same."""
        if self.model is not None:
            self.told = self.model(*(each[:1] for each in given), return_dict=True).last_hidden_state.float()
            self.model = None
        return SimpleNamespace(last_hidden_state=self.told.expand(len(given[0]), -1, -1))


class _Looking(NetworkOnDevice):
    def __init__(self, network: Any, phrases: _Phrases, given: Given, *, device: str, precision: str) -> None:
        super().__init__(network, device=device, precision=precision)
        self._phrases, self._given = phrases, given

    def __call__(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        return self.computed(lambda: self._candidates(canvases), torch.OutOfMemoryError, lambda: None)

    def _candidates(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        device, (height, width) = self.compute.device, canvases.shape[1:3]
        ids = self._phrases.ids.to(device).expand(len(canvases), -1)
        told = self.network(
            pixel_values=self._given.of(torch.from_numpy(canvases).to(device)),
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            token_type_ids=torch.zeros_like(ids),
        )
        pieces = told.logits.float().sigmoid()
        # How surely it is what a word names: as surely as it is what the word's surest piece does. The library scores
        # the pieces between words, too, which name nothing.
        of_words = [pieces[..., places.to(device)].amax(-1) for places in self._phrases.places]
        scores, words = torch.stack(of_words, -1).max(-1)
        boxes = told.pred_boxes.float() * torch.tensor([width, height] * 2, device=device)
        return [
            Candidates(corners(box), score, word)
            for box, score, word in zip(*(each.cpu().numpy() for each in (boxes, scores, words)), strict=True)
        ]


FOLDERS = {"tiny": "grounding-dino-tiny", "base": "grounding-dino-base"}
"""Folders of the hub by the names of their factories."""


def __getattr__(name: str) -> Callable[..., CanvasDetector]:
    if name not in FOLDERS:
        raise AttributeError(name)
    return of_folder(FOLDERS[name], create)


def smallest(**settings: object) -> CanvasDetector:
    """The smallest Grounding DINO that there can be, with the same random weights each time, for pictures of 64 px; for
    tests. It looks for a person and a car unless told otherwise."""
    network, tokenizer = smallest_parts()
    kept = {name: value for name, value in settings.items() if name in ("confidence", "overlap")}
    words = checked_words(settings.get("classes") or ("person", "car"))  # type: ignore[arg-type]
    choice = Choice(words, **kept)  # type: ignore[arg-type]
    return _detector(network, tokenizer, Given((64, 96)), (64, 96), choice, device="cpu", precision="float32")


def smallest_parts() -> tuple[Any, Any]:
    """Its network, and a tokenizer that spells words by their letters."""
    from string import ascii_lowercase, digits

    from transformers import BertTokenizer, GroundingDinoForObjectDetection

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = GroundingDinoForObjectDetection(_smallest_config()).eval()
        # Untrained, all queries would say the same of all words: what tells them apart is made large.
        for name, parameter in network.named_parameters():
            if parameter.dim() > 1 and not name.startswith("model.backbone"):
                parameter.data.normal_(std=0.3)
    names = [f"[unused{index}]" for index in range(QUESTION + 1)]
    for index, name in ((0, "[PAD]"), (100, "[UNK]"), (BEGIN, "[CLS]"), (END, "[SEP]"), (103, "[MASK]")):
        names[index] = name
    names[DOT], names[QUESTION] = ".", "?"
    letters = ascii_lowercase + digits
    vocabulary = [*names, *letters, *(f"##{letter}" for letter in letters)]
    return network, BertTokenizer(vocab={name: index for index, name in enumerate(vocabulary)})


def _smallest_config() -> Any:
    from transformers import GroundingDinoConfig

    swin = {
        "model_type": "swin",
        "image_size": 64,
        "patch_size": 4,
        "embed_dim": 8,
        "depths": [1, 1, 1, 1],
        "num_heads": [1, 1, 1, 1],
        "window_size": 2,
        "out_features": ["stage2", "stage3", "stage4"],
    }
    bert = {
        "model_type": "bert",
        "vocab_size": 1200,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    return GroundingDinoConfig(
        backbone_config=swin,
        text_config=bert,
        d_model=32,
        encoder_layers=1,
        encoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_layers=2,
        decoder_ffn_dim=32,
        decoder_attention_heads=2,
        num_queries=12,
        num_feature_levels=4,
    )
