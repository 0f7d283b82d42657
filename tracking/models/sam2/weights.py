"""Official weights of SAM 2: the authors' ``.pt`` files and the hub's folders, and how they come into the network.

The authors offer their files at https://github.com/facebookresearch/sam2#download-checkpoints; neither sizes nor
checksums are published. A file holds its tensors under ``model``. The same weights lie on the Hugging Face hub as
folders of ``config.json`` and ``model.safetensors``; a copy of such a folder in the weights folder does as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tracking.models.sam2.variants import Variant, config_of, resized
from tracking.weights import WeightsError, load_exactly, read_tensors, renamed_by, weights_folder, weights_path

ENTRY = "model"
CONFIG, TENSORS = "config.json", "model.safetensors"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")

SHARED = "shared_image_embedding.positional_embedding"
COPIED = "prompt_encoder.shared_embedding.positional_embedding"
"""The same tensor as ``SHARED``, which the authors keep once."""

our_key = renamed_by(
    (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
    (r"^(vision_encoder\.backbone\.patch_embed)\.proj\.", r"\1.projection."),
    (r"^(vision_encoder\.backbone\.blocks\.\d+)\.norm([12])\.", r"\1.layer_norm\2."),
    (r"^(vision_encoder\.backbone\.blocks\.\d+)\.mlp\.layers\.0\.", r"\1.mlp.proj_in."),
    (r"^(vision_encoder\.backbone\.blocks\.\d+)\.mlp\.layers\.1\.", r"\1.mlp.proj_out."),
    (r"^image_encoder\.neck\.convs\.(\d+)\.conv\.", r"vision_encoder.neck.convs.\1."),
    (r"^sam_prompt_encoder\.pe_layer\.positional_encoding_gaussian_matrix$", SHARED),
    (r"^sam_prompt_encoder\.mask_downscaling\.0\.", "prompt_encoder.mask_embed.conv1."),
    (r"^sam_prompt_encoder\.mask_downscaling\.1\.", "prompt_encoder.mask_embed.layer_norm1."),
    (r"^sam_prompt_encoder\.mask_downscaling\.3\.", "prompt_encoder.mask_embed.conv2."),
    (r"^sam_prompt_encoder\.mask_downscaling\.4\.", "prompt_encoder.mask_embed.layer_norm2."),
    (r"^sam_prompt_encoder\.mask_downscaling\.6\.", "prompt_encoder.mask_embed.conv3."),
    (r"^sam_prompt_encoder\.", "prompt_encoder."),
    (r"^sam_mask_decoder\.", "mask_decoder."),
    (r"^mask_decoder\.output_upscaling\.0\.", "mask_decoder.upscale_conv1."),
    (r"^mask_decoder\.output_upscaling\.1\.", "mask_decoder.upscale_layer_norm."),
    (r"^mask_decoder\.output_upscaling\.3\.", "mask_decoder.upscale_conv2."),
    (r"^(mask_decoder\.transformer\.layers\.\d+)\.norm([1-4])\.", r"\1.layer_norm\2."),
    (r"^(mask_decoder\.transformer\.layers\.\d+\.mlp)\.layers\.0\.", r"\1.proj_in."),
    (r"^(mask_decoder\.transformer\.layers\.\d+\.mlp)\.layers\.1\.", r"\1.proj_out."),
    (r"^mask_decoder\.transformer\.norm_final_attn\.", "mask_decoder.transformer.layer_norm_final_attn."),
    # Heads of three layers; the middle one becomes a list of one.
    (r"^obj_ptr_proj\.", "object_pointer_proj."),
    (r"^(mask_decoder\.\w*(?:_mlps\.\d+|_head)|object_pointer_proj)\.layers\.0\.", r"\1.proj_in."),
    (r"^(mask_decoder\.\w*(?:_mlps\.\d+|_head)|object_pointer_proj)\.layers\.1\.", r"\1.layers.0."),
    (r"^(mask_decoder\.\w*(?:_mlps\.\d+|_head)|object_pointer_proj)\.layers\.2\.", r"\1.proj_out."),
    (r"\.out_proj\.(weight|bias)$", r".o_proj.\1"),
    (r"^memory_encoder\.o_proj\.", "memory_encoder.projection."),
    (r"^(memory_attention\.layers\.\d+)\.norm([123])\.", r"\1.layer_norm\2."),
    (r"^memory_attention\.norm\.", "memory_attention.layer_norm."),
    (r"^memory_encoder\.pix_feat_proj\.", "memory_encoder.feature_projection."),
    (r"^memory_encoder\.fuser\.(layers\.\d+)\.", r"memory_encoder.memory_fuser.\1."),
    (r"^(memory_encoder\.memory_fuser\.layers\.\d+)\.gamma$", r"\1.scale"),
    (r"^(memory_encoder\.memory_fuser\.layers\.\d+)\.dwconv\.", r"\1.depthwise_conv."),
    (r"^(memory_encoder\.memory_fuser\.layers\.\d+)\.norm\.", r"\1.layer_norm."),
    (r"^(memory_encoder\.memory_fuser\.layers\.\d+)\.pwconv([12])\.", r"\1.pointwise_conv\2."),
    (r"^memory_encoder\.mask_downsampler\.encoder\.12\.", "memory_encoder.mask_downsampler.final_conv."),
    (r"^maskmem_tpos_enc$", "memory_temporal_positional_encoding"),
    (r"^no_mem_embed$", "no_memory_embedding"),
    (r"^no_mem_pos_enc$", "no_memory_positional_encoding"),
    (r"^no_obj_ptr$", "no_object_pointer"),
    (r"^no_obj_embed_spatial$", "occlusion_spatial_embedding_parameter"),
    (r"^obj_ptr_tpos_proj\.", "temporal_positional_encoding_projection_layer."),
)
"""Official key to the one in ``transformers``; of the mask downsampler see ``_downsampler``."""

DOWNSAMPLER = re.compile(r"^memory_encoder\.mask_downsampler\.encoder\.(\d+)\.(weight|bias)$")
POINT = "sam_prompt_encoder.point_embeddings.{}.weight"
POINTS = "sam_prompt_encoder.point_embed.weight"


def transformers_key(official: str) -> str:
    """The name in ``transformers`` of what the authors call ``official``."""
    found = DOWNSAMPLER.match(official)
    if found and int(found[1]) < 12:  # convolution, norm, activation, four times over; the twelfth is the last
        layer, part = divmod(int(found[1]), 3)
        return f"memory_encoder.mask_downsampler.layers.{layer}.{('conv', 'layer_norm')[part % 2]}.{found[2]}"
    return our_key(official)


def located(variant: Variant, source: str = "") -> Path:
    """Where the weights of a variant lie: the authors' file, or a folder as on the hub.

    Args:
        source: such a file or folder, or a hub id, which is downloaded; '': what lies in the weights folder.

    Raises:
        WeightsError: saying how to get it where there is none.
    """
    if source:
        path = Path(source)
        if path.exists():
            return path
        if HUB_ID.fullmatch(source):
            return downloaded(source)
        raise WeightsError(
            f"Weights are a file, a folder, or the id of a model on the Hugging Face hub; {path.name} is none of them. "
            "Check the path."
        )
    folder = weights_folder() / variant.folder
    if (folder / TENSORS).is_file():
        return folder
    return weights_path(variant.file, model=variant.name, licence=variant.licence, source=variant.page)


def changed_at(path: Path) -> float:
    """When the tensors were last written; 0: they aren't there."""
    tensors = path / TENSORS if path.is_dir() else path
    return tensors.stat().st_mtime if tensors.is_file() else 0.0


def load(variant: Variant, side: int, path: Path) -> nn.Module:
    """The network of a variant for pictures of ``side`` x ``side`` px, from a file or folder.

    Raises:
        WeightsError: it can't be read, or belongs to another network.
    """
    if path.is_dir():
        return from_folder(path, side)
    return from_official(variant, side, read_tensors(path, ENTRY), path.name)


def downloaded(hub_id: str) -> Path:
    """The folder of ``hub_id``, from the hub or from an earlier download. Raises WeightsError where there is none."""
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(hub_id, allow_patterns=[CONFIG, TENSORS]))
    except Exception as error:  # many kinds: no network, no such model, a gate, a full disk
        reason = str(error).strip().partition("\n")[0]
        raise WeightsError(
            f"A model of the Hugging Face hub needs to be there and within reach; {hub_id} can't be had ({reason}). "
            "Check the name and the network, or give a folder or file that is here."
        ) from error


def from_official(variant: Variant, side: int, tensors: Mapping[str, Tensor], file: str) -> nn.Module:
    """The network with the authors' ``tensors``, by official key. Raises WeightsMisfit."""
    from transformers import Sam2VideoModel

    with torch.device("meta"):
        network = Sam2VideoModel(config_of(variant, side))
    return filled(network, join_points(tensors), file, transformers_key)


def from_folder(folder: Path, side: int) -> nn.Module:
    """The network of a folder as on the hub, for pictures of ``side`` x ``side`` px.

    Raises:
        WeightsError: it lacks a file, or is of another kind of model.
    """
    from transformers import Sam2VideoConfig, Sam2VideoModel

    config = config_in(folder, "sam2_video")
    with torch.device("meta"):
        network = Sam2VideoModel(resized(Sam2VideoConfig.from_dict(config), side))
    return filled(network, read_tensors(folder / TENSORS), f"{folder.name}/{TENSORS}", str)


def config_in(folder: Path, *kinds: str) -> dict[str, Any]:
    """What a folder as on the hub says of its model.

    Raises:
        WeightsError: it lacks a file, or its model is of none of these ``kinds``.
    """
    lacks = [name for name in (CONFIG, TENSORS) if not (folder / name).is_file()]
    if lacks:
        raise WeightsError(
            f"A folder of a model holds {CONFIG} and {TENSORS}; {folder.name} lacks {' and '.join(lacks)}. Get it "
            "again."
        )
    try:
        read = json.loads((folder / CONFIG).read_text())
    except (OSError, ValueError) as error:
        raise WeightsError(f"{CONFIG} of {folder.name} can't be read ({error}). Get it again.") from error
    found = read.get("model_type") if isinstance(read, dict) else None
    if found not in kinds:
        raise WeightsError(
            f"A folder of this model has the model_type {' or '.join(kinds)} in its {CONFIG}; {folder.name} has "
            f"{found!r}. Check that it is the video model."
        )
    return dict(read)


def join_points(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The authors' four embeddings of points as the one table that they are here."""
    names = [POINT.format(label) for label in range(4)]
    kept = {key: value for key, value in tensors.items() if key not in names}
    if all(name in tensors for name in names):
        kept[POINTS] = torch.cat([tensors[name] for name in names])
    return kept


def filled(network: nn.Module, tensors: Mapping[str, Tensor], file: str, rename: Callable[[str], str]) -> nn.Module:
    """``network``, built on no device, with ``tensors`` and with what it computes for itself. Raises WeightsMisfit."""
    known = dict(tensors)
    ours = {rename(key): key for key in tensors}
    if SHARED in ours and COPIED not in ours:
        known[COPIED] = tensors[ours[SHARED]]
    load_exactly(network, known, file=file, rename=rename)
    attention: Any = network.memory_attention
    with torch.device("cpu"):
        attention.rotary_emb = type(attention.rotary_emb)(config=attention.config)
        attention.position_ids = nn.Buffer(attention.precompute_positions(attention.config), persistent=False)
        if hasattr(attention, "position_ids_k"):
            places = attention.precompute_positions(attention.config, is_key=True)
            attention.position_ids_k = nn.Buffer(places, persistent=False)
    return network
