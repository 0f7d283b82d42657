"""OWLv2: looks for what words name, on single frames.

Minderer et al. 2023, "Scaling Open-Vocabulary Object Detection", https://arxiv.org/abs/2306.09683. The network is that
of ``transformers``; what it is given and what becomes of its answers is ours. Words are read once, when the detector is
made; each frame then costs the picture's half of the network alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tracking.layers.candidates import Candidates, Choice, corners
from tracking.layers.canvas_detector import CanvasDetector
from tracking.layers.hub import Given, kind_of, of_folder, read_given, read_tokenizer, reading
from tracking.layers.on_device import NetworkOnDevice
from tracking.types import TrackingError
from tracking.warm import held
from tracking.weights import WeightsError
from tracking.words import checked_words

KIND = "owlv2"
CONFIDENCE, OVERLAP = 0.2, 0.5
"""Each patch of the picture answers by itself: neighbours often mean one object."""
PROMPT = "a photo of a {}"
"""As its authors ask for what a word names."""


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
        classes: the words that it looks for; each is a class.

    Raises:
        WeightsError: the folder isn't there, can't be downloaded, or holds something else.
        TrackingError: the words can't be looked for, a setting has no meaning for it, or ``transformers`` isn't
            installed.
    """
    network, tokenizer, given = held(lambda: _opened(weights), weights)
    side = given.size[0]
    if image_size not in (0, side):
        raise TrackingError(f"{weights} looks at {side} x {side} px; image_size {image_size} came. Leave it at 0.")
    choice = Choice(checked_words(classes), confidence, overlap)
    return _detector(network, tokenizer, given, choice, device=device, precision=precision)


def _opened(source: str) -> tuple[Any, Any, Given]:
    """Network, tokenizer, and what the network is given."""
    if (kind := kind_of(source)) != KIND:
        raise WeightsError(f"OWLv2 reads folders of {KIND}; {source} is a {kind}.")
    from transformers import CLIPTokenizer, Owlv2ForObjectDetection

    given = read_given(source)
    with reading(source) as local:
        # Never a pickle: of the hub's files only safetensors are read.
        network = Owlv2ForObjectDetection.from_pretrained(source, local_files_only=local, use_safetensors=True)
    side = network.config.vision_config.image_size
    if given.size != (side, side):
        raise WeightsError(f"{source} says that its pictures are {given.size}, but its network takes {side} x {side}.")
    return network.eval(), read_tokenizer(CLIPTokenizer, source, ("vocab.json", "merges.txt")), given


def _detector(
    network: Any, tokenizer: Any, given: Given, choice: Choice, *, device: str, precision: str
) -> CanvasDetector:
    queries = _queries(network, tokenizer, choice.names)
    look = _Looking(network, queries, given, device=device, precision=precision)
    # It learned pictures in the corner of a square, with black beside them.
    return CanvasDetector(look, choice, canvas=lambda height, width: (max(height, width),) * 2, fit="corner", fill=0)


def _queries(network: Any, tokenizer: Any, words: Sequence[str]) -> torch.Tensor:
    """(W, D): what the network makes of each word."""
    longest = network.config.text_config.max_position_embeddings
    prompts = [PROMPT.format(word) for word in words]
    try:
        told = tokenizer(prompts, padding="max_length", max_length=longest, return_attention_mask=True)
    except Exception as error:  # Tokenizers raise bare ones.
        raise WeightsError(
            f"The tokenizer of these weights can't read words ({error}). Get the folder again."
        ) from error
    for word, tokens in zip(words, told["input_ids"], strict=True):
        if len(tokens) > longest:
            raise TrackingError(
                f"OWLv2 reads words of at most {longest} pieces; {word!r} has {len(tokens)}. Use a shorter one."
            )
    ids, mask = (torch.tensor(told[name]) for name in ("input_ids", "attention_mask"))
    if int(ids.max()) >= network.config.text_config.vocab_size:
        raise WeightsError("The tokenizer of these weights knows more pieces than their network. Get the folder again.")
    # A network that others use too may be on a GPU already.
    at = network.class_head.dense0.weight.device
    with torch.inference_mode():
        features = network.owlv2.get_text_features(input_ids=ids.to(at), attention_mask=mask.to(at)).pooler_output
        return torch.nn.functional.normalize(features, dim=-1)


class _Looking(NetworkOnDevice):
    def __init__(self, network: Any, queries: torch.Tensor, given: Given, *, device: str, precision: str) -> None:
        super().__init__(network, device=device, precision=precision)
        self._queries, self._given = queries, given

    def __call__(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        return self.computed(lambda: self._candidates(canvases), torch.OutOfMemoryError, lambda: None)

    def _candidates(self, canvases: NDArray[np.uint8]) -> list[Candidates]:
        device, network = self.compute.device, cast(Any, self.network)
        pictures = np.stack([shrunk(canvas, self._given.size) for canvas in canvases])
        pixels = self._given.of(torch.from_numpy(pictures).to(device))
        patches, _ = network.image_embedder(pixel_values=pixels)
        features = patches.flatten(1, 2)
        queries = self._queries.to(device).expand(len(canvases), -1, -1)
        logits, _ = network.class_predictor(features, queries, None)
        # Each patch is what it is most surely, as in the authors' post-processing.
        scores, words = logits.float().sigmoid().max(-1)
        boxes = network.box_predictor(features, patches).float() * canvases.shape[1]
        return [
            Candidates(corners(box), score, word)
            for box, score, word in zip(*(each.cpu().numpy() for each in (boxes, scores, words)), strict=True)
        ]


def shrunk(canvas: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.float32]:
    """A canvas (H, W, 3) scaled to ``size`` (height, width), bilinear; where it shrinks smoothed before as in
    scikit-image, which the authors scaled with."""
    factors = canvas.shape[0] / size[0], canvas.shape[1] / size[1]
    down, across = (max(0.0, (factor - 1) / 2) for factor in factors)
    picture: Any = canvas.astype(np.float32)
    if down or across:
        taps = [2 * int(4 * sigma + 0.5) + 1 for sigma in (across, down)]
        picture = cv2.GaussianBlur(
            picture, taps, max(across, 1e-6), sigmaY=max(down, 1e-6), borderType=cv2.BORDER_REFLECT_101
        )
    return np.asarray(cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), np.float32)


FOLDERS = {
    "base": "owlv2-base-patch16-ensemble",
    "large": "owlv2-large-patch14-ensemble",
}
"""Folders of the hub by the names of their factories."""


def __getattr__(name: str) -> Callable[..., CanvasDetector]:
    if name not in FOLDERS:
        raise AttributeError(name)
    return of_folder(FOLDERS[name], create)


def smallest(**settings: object) -> CanvasDetector:
    """The smallest OWLv2 that there can be, with the same random weights each time, for 64 x 64 px; for tests. It looks
    for a person and a car unless told otherwise."""
    network, tokenizer = smallest_parts()
    kept = {name: value for name, value in settings.items() if name in ("confidence", "overlap")}
    words = checked_words(settings.get("classes") or ("person", "car"))  # type: ignore[arg-type]
    choice = Choice(words, **kept)  # type: ignore[arg-type]
    return _detector(network, tokenizer, Given((64, 64)), choice, device="cpu", precision="float32")


def smallest_parts() -> tuple[Any, Any]:
    """Its network, and a tokenizer that spells words by their letters."""
    from string import ascii_lowercase, digits

    from transformers import CLIPTokenizer, Owlv2Config, Owlv2ForObjectDetection

    size = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = Owlv2Config(
        text_config={**size, "vocab_size": 80, "max_position_embeddings": 40},
        vision_config={**size, "image_size": 64, "patch_size": 16},
        projection_dim=16,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Owlv2ForObjectDetection(config).eval()
        # Untrained, all patches would say the same of all words: what tells them apart is made large.
        for parameter in network.parameters():
            if parameter.dim() > 1:
                parameter.data.normal_(std=0.6)
    letters = ascii_lowercase + digits
    pieces = ["!", *letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return network, CLIPTokenizer(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[])
