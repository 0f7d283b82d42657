"""goldfill - deterministic weights, inputs and frames for golden parity vectors.

Nothing here is copied from a reference implementation.  Needs numpy only
(torch is imported lazily by `fill_state_dict`).

The idea: official weights cannot be downloaded, so every tensor of a model is
filled from its OFFICIAL state-dict key name.  Any implementation that maps the
official keys onto its own parameters correctly, and computes the same function,
must then reproduce the stored outputs.

RANDOM STREAM (all functions)
    g = numpy.random.Generator(numpy.random.PCG64(zlib.crc32(name.encode("utf-8"))))
    n = g.standard_normal(shape)           float64, C order
    all arithmetic in float64, one final cast to the wanted dtype.
    `selfcheck()` verifies that the local numpy still gives the same stream.

WEIGHT RULES, `fill_(name, shape, dtype)`; first match wins; `leaf` is the part of
the name after the last dot; `n` as above
    1. integer or bool dtype: leaf == num_batches_tracked -> 0, anything else -> None
       ("leave untouched": relative_position_index and the like)
    2. leaf == running_mean                    -> 0.1 * n
    3. leaf == running_var                     -> 1 + 0.1 * |n|
    4. ndim >= 2
         a. ndim == 3 and shape[0] == 1        -> 0.5 * n         (cls tokens, position tables,
                                                 mask tokens: 1/sqrt(fan_in) would make them vanish)
         b. otherwise                          -> n / sqrt(prod(shape[1:]))
    5. ndim <= 1
         a. leaf is weight, or contains gamma or scale, or leaf is D
                                               -> 1 + 0.1 * n     (norm scales, layer scales)
         b. everything else (bias, in_proj_bias, q_bias, beta, ...)
                                               -> 0.1 * n
    Afterwards the result is multiplied by the gain of every matching rule in
    `gains`, a list of (regular expression, factor); the expression is used with
    re.search on the full name.  Default: no rules.  Gains that a golden needs are
    stored with that golden (npz entry `gains_json`).  A gain multiplies the finished
    value, so it is meant for rule 4 tensors; it never applies to rules 1-3.

INPUTS
    uniform(name, shape)      float64 in [0,1), g.random(shape)
    texture_u8(name, h, w)    (h, w, 3) uint8 smooth multi-scale noise, integer arithmetic only
    image01(name, h, w)       texture_u8(...)/255, float32, shape (3, h, w)
    normalised(img01)         (img01 - mean)/std per channel, ImageNet numbers, float32
FRAMES
    frames(name, count, h, w) -> (list of (h,w,3) uint8 RGB frames, list of [x,y,w,h] boxes)
"""

import re
import zlib

import numpy as np

__version__ = "1"

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def generator(name):
    """The PCG64 generator that belongs to `name`."""
    return np.random.Generator(np.random.PCG64(zlib.crc32(name.encode("utf-8"))))


def _as_numpy_dtype(dtype):
    text = str(dtype)
    if text.startswith("torch."):
        text = text[len("torch.") :]
    if text == "bfloat16":
        text = "float32"
    return np.dtype(text)


def fill_(name, shape, dtype="float32", gains=()):
    """Deterministic value of the tensor called `name`; None means leave it as it is."""
    shape = tuple(int(s) for s in shape)
    dtype = _as_numpy_dtype(dtype)
    leaf = name.rsplit(".", 1)[-1]
    if dtype.kind in "iub":
        if leaf == "num_batches_tracked":
            return np.zeros(shape, dtype)
        return None
    n = generator(name).standard_normal(shape)
    n = np.asarray(n, dtype=np.float64)
    if leaf == "running_mean":
        return (0.1 * n).astype(dtype)
    if leaf == "running_var":
        return (1.0 + 0.1 * np.abs(n)).astype(dtype)
    if len(shape) >= 2:
        if len(shape) == 3 and shape[0] == 1:
            value = 0.5 * n
        else:
            fan_in = 1
            for s in shape[1:]:
                fan_in *= s
            value = n / np.sqrt(float(fan_in))
    else:
        low = leaf.lower()
        is_scale = low == "weight" or "gamma" in low or "scale" in low or leaf == "D"
        value = 1.0 + 0.1 * n if is_scale else 0.1 * n
    for pattern, factor in gains:
        if re.search(pattern, name):
            value = value * float(factor)
    return value.astype(dtype)


def fill_state_dict(state_dict, gains=(), rename=None, keep=()):
    """Fill a torch state dict (or any name -> tensor mapping) in place.

    rename  callable mapping the local key to the OFFICIAL key (default: identity)
    keep    regular expressions (re.search on the official key) of entries to leave alone
    Returns the list of official names that were filled.
    """
    import torch

    done = []
    with torch.no_grad():
        for key, tensor in state_dict.items():
            official = rename(key) if rename else key
            if any(re.search(p, official) for p in keep):
                continue
            value = fill_(official, tuple(tensor.shape), tensor.dtype, gains)
            if value is None:
                continue
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(value)).reshape(tensor.shape))
            done.append(official)
    return done


def uniform(name, shape):
    return generator(name).random(tuple(int(s) for s in shape))


def _bilinear_grid(grid, step, h, w):
    """Integer bilinear upsampling of an int64 grid (gh, gw, c) by `step`: exact everywhere.

    Value at pixel (y, x): corners grid[y//step], grid[y//step + 1], ... mixed with the integer
    weights (step - r) and r, r = y % step; result is scaled by step*step (not divided).
    """
    y = np.arange(h, dtype=np.int64)
    x = np.arange(w, dtype=np.int64)
    y0, ry = y // step, (y % step)[:, None, None]
    x0, rx = x // step, (x % step)[None, :, None]
    g = grid.astype(np.int64)
    a = g[y0][:, x0]
    b = g[y0][:, x0 + 1]
    c = g[y0 + 1][:, x0]
    d = g[y0 + 1][:, x0 + 1]
    top = a * (step - rx) + b * rx
    bottom = c * (step - rx) + d * rx
    return top * (step - ry) + bottom * ry


def texture_u8(name, h, w, steps=(64, 16, 4), weights=(4, 3, 2)):
    """Smooth noise, (h, w, 3) uint8.

    For each step s: grid of integers 0..255 of shape (h//s + 2, w//s + 2, 3) from
    generator(name + "/" + str(s)).integers(0, 256), bilinearly upsampled (integers) and
    floor-divided by s*s; layers are mixed with integer weights, floor division; then
    contrast is doubled around 128 and clipped to 0..255.
    """
    total = np.zeros((h, w, 3), np.int64)
    for s, k in zip(steps, weights, strict=True):
        grid = generator(name + "/" + str(s)).integers(0, 256, size=(h // s + 2, w // s + 2, 3))
        total += k * (_bilinear_grid(grid, s, h, w) // (s * s))
    total //= sum(weights)
    total = 128 + 2 * (total - 128)
    return np.clip(total, 0, 255).astype(np.uint8)


def image01(name, h, w):
    """(3, h, w) float32 in [0, 1]."""
    t = texture_u8(name, h, w).astype(np.float32) / np.float32(255.0)
    return np.ascontiguousarray(t.transpose(2, 0, 1))


def normalised(img01, mean=IMAGENET_MEAN, std=IMAGENET_STD):
    m = np.asarray(mean, np.float32).reshape(3, 1, 1)
    s = np.asarray(std, np.float32).reshape(3, 1, 1)
    return ((np.asarray(img01, np.float32) - m) / s).astype(np.float32)


def frames(name="frames", count=9, h=360, w=480):
    """Synthetic RGB video and its ground truth.

    Background: texture_u8(name + "/bg", h, w), its contrast halved (128 + (v-128)//2).
    Object: texture_u8(name + "/obj", 72, 56, steps=(16, 4), weights=(1, 1)) with channel 0
    raised by 60 and channel 2 lowered by 60 (clipped), height 72, width 56, pasted at
        x_t = 120 + 9*t,  y_t = 96 + 6*t - (t*t)//2       (integers; top-left corner)
    scaled per frame by nearest neighbour to size
        w_t = 56 + 2*t,  h_t = 72 + t
    source row = (i * 72) // h_t, source column = (j * 56) // w_t.
    Box of frame t is [x_t, y_t, w_t, h_t].
    """
    bg = texture_u8(name + "/bg", h, w).astype(np.int64)
    bg = (128 + (bg - 128) // 2).clip(0, 255).astype(np.uint8)
    obj = texture_u8(name + "/obj", 72, 56, steps=(16, 4), weights=(1, 1)).astype(np.int64)
    obj[:, :, 0] += 60
    obj[:, :, 2] -= 60
    obj = obj.clip(0, 255).astype(np.uint8)
    out, boxes = [], []
    for t in range(count):
        x, y = 120 + 9 * t, 96 + 6 * t - (t * t) // 2
        bw, bh = 56 + 2 * t, 72 + t
        rows = (np.arange(bh) * 72) // bh
        cols = (np.arange(bw) * 56) // bw
        frame = bg.copy()
        frame[y : y + bh, x : x + bw] = obj[rows][:, cols]
        out.append(frame)
        boxes.append([x, y, bw, bh])
    return out, boxes


def crc(array):
    """crc32 of the bytes of an array (C order), for exact comparisons."""
    return zlib.crc32(np.ascontiguousarray(array).tobytes())


def summary(array):
    """float64 [mean, std, min, max] of an array."""
    a = np.asarray(array, np.float64)
    return np.array([a.mean(), a.std(), a.min(), a.max()])


EXPECTED = {
    "normal": 2578517808,
    "frames": 3005427231,
    "texture": 49090080,
}


def measured():
    n = fill_("goldfill.selfcheck.weight", (64, 64), "float32")
    fr, _ = frames("frames", 3)
    return {
        "normal": crc(n),
        "frames": crc(np.stack(fr)),
        "texture": crc(texture_u8("input.search", 64, 80)),
    }


def selfcheck():
    got = measured()
    for key, want in EXPECTED.items():
        if want is not None and got[key] != want:
            raise RuntimeError(f"goldfill stream differs on this numpy: {key} {got[key]!r} != {want!r}")
    return got
