"""goldframes - synthetic panning video with two textured squares, for point tracking and
video object segmentation goldens.  Integer arithmetic only; needs numpy and goldfill.py.

track_frames(name, count, h, w) -> frames (count,h,w,3) uint8 RGB, ids (count,h,w) uint8,
                                   boxes (count,2,4) int64 [x,y,w,h] of square 1 and square 2

tri(v, m): triangle wave, period 2m: r = v mod 2m; r if r <= m else 2m - r.

background  T = texture_u8(name + "/bg", h + 48, w + 64), halved contrast 128 + (T - 128)//2,
            frame t shows the crop whose top-left corner is (y, x) = (tri(t, 48), tri(2t, 64)).
square 1    side a = max(16, min(h, w)//4); texture_u8(name + "/A", a, a, steps=(16, 4),
            weights=(1, 1)), red + 60, blue - 60, clipped;
            x = 8 + tri(5t + w//8, w - a - 16),  y = 8 + tri(3t + h//3, h - a - 16)
square 2    side b = max(12, min(h, w)//5); texture_u8(name + "/B", b, b, steps=(16, 4),
            weights=(1, 1)), green + 60, red - 40, clipped;
            x = 8 + tri(4t + w - b - 16, w - b - 16),  y = 8 + tri(2t + h//2, h - b - 16)
            pasted after square 1 (it occludes it).
ids         0 background, 1 and 2 the squares (2 wins).
"""

import numpy as np

from tests.golden import goldfill


def tri(v, m):
    r = int(v) % (2 * m)
    return r if r <= m else 2 * m - r


def track_frames(name, count, h, w):
    bg = goldfill.texture_u8(name + "/bg", h + 48, w + 64).astype(np.int64)
    bg = (128 + (bg - 128) // 2).clip(0, 255).astype(np.uint8)
    a, b = max(16, min(h, w) // 4), max(12, min(h, w) // 5)
    sq1 = goldfill.texture_u8(name + "/A", a, a, steps=(16, 4), weights=(1, 1)).astype(np.int64)
    sq1[:, :, 0] += 60
    sq1[:, :, 2] -= 60
    sq1 = sq1.clip(0, 255).astype(np.uint8)
    sq2 = goldfill.texture_u8(name + "/B", b, b, steps=(16, 4), weights=(1, 1)).astype(np.int64)
    sq2[:, :, 1] += 60
    sq2[:, :, 0] -= 40
    sq2 = sq2.clip(0, 255).astype(np.uint8)
    frames = np.empty((count, h, w, 3), np.uint8)
    ids = np.zeros((count, h, w), np.uint8)
    boxes = np.empty((count, 2, 4), np.int64)
    for t in range(count):
        oy, ox = tri(t, 48), tri(2 * t, 64)
        frames[t] = bg[oy : oy + h, ox : ox + w]
        x1, y1 = 8 + tri(5 * t + w // 8, w - a - 16), 8 + tri(3 * t + h // 3, h - a - 16)
        frames[t, y1 : y1 + a, x1 : x1 + a] = sq1
        ids[t, y1 : y1 + a, x1 : x1 + a] = 1
        x2, y2 = 8 + tri(4 * t + w - b - 16, w - b - 16), 8 + tri(2 * t + h // 2, h - b - 16)
        frames[t, y2 : y2 + b, x2 : x2 + b] = sq2
        ids[t, y2 : y2 + b, x2 : x2 + b] = 2
        boxes[t] = [[x1, y1, a, a], [x2, y2, b, b]]
    return frames, ids, boxes


def disc_ids(boxes, h, w):
    """Index masks (T,h,w) uint8 of discs around the squares, disc 2 on top: pixel (x, y) is in
    disc k of frame t when dx*dx + dy*dy <= 6*a*a with dx = 2x - (2*bx + a), dy = 2y - (2*by + a),
    [bx, by, a, a] = boxes[t, k-1]."""
    y, x = np.arange(h)[:, None], np.arange(w)[None, :]
    ids = np.zeros((len(boxes), h, w), np.uint8)
    for t in range(len(boxes)):
        for k in (0, 1):
            bx, by, a = (int(v) for v in boxes[t, k, :3])
            ids[t][(2 * x - (2 * bx + a)) ** 2 + (2 * y - (2 * by + a)) ** 2 <= 6 * a * a] = k + 1
    return ids


EXPECTED = 3881825728


def selfcheck():
    got = goldfill.crc(track_frames("goldframes.selfcheck", 5, 72, 96)[0])
    if EXPECTED and got != EXPECTED:
        raise RuntimeError(f"goldframes stream differs: {got} != {EXPECTED}")
    return got
