"""Writes a COCO file, annotation by annotation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

import numpy as np

from annotator.formats import decimals, geometry
from annotator.formats.base import Dataset, LabelInfo, Progress, Report, TrackData, VideoInfo
from annotator.formats.coco import masks
from annotator.formats.limits import rows_of
from annotator.formats.names import safe_stem
from tracking.shapes.chunks import Flag, Kind, Row
from tracking.shapes.interpolation import expand
from tracking.shapes.masks import to_runs
from tracking.shapes.values import ABSENT

VIDEO = 1
INTERPOLATED, KEYFRAME, PREDICTED = "interpolated", "keyframe", "predicted"


def write_document(out: TextIO, dataset: Dataset, report: Report, progress: Progress) -> None:
    """The whole file. Tracks and the last frame are known when all annotations are written, so they stand behind."""
    categories = {label.name: number for number, label in enumerate(dataset.labels, start=1)}
    out.write('{"info":' + _text({"description": "Written by Framewise"}) + ',\n"licenses":[],\n"categories":[\n')
    out.write(",\n".join(_text(_category(categories[label.name], label)) for label in dataset.labels))
    out.write('\n],\n"annotations":[\n')
    tracks, last, count = [], dataset.video.frame_count - 1, 0
    for done, track in enumerate(dataset.tracks, start=1):
        category = categories.setdefault(track.label, len(categories) + 1)
        tracks.append(_track(track, category))
        for annotation in _annotations(track, category, dataset.video):
            count += 1
            out.write((",\n" if count > 1 else "") + _text({"id": count, **annotation}))
            last = max(last, annotation["image_id"] - 1)
        report.tracks += 1
        progress(done)
    report.shapes += count
    video = dataset.video
    size = {"width": video.width, "height": video.height}
    out.write('\n],\n"tracks":[\n' + ",\n".join(map(_text, tracks)) + '\n],\n"videos":[')
    told = {"id": VIDEO, "name": video.name, **size, "length": video.frame_count, "fps": video.fps}
    out.write(_text(told) + '],\n"images":[\n')
    folder = safe_stem(video.name, "video")
    for frame in range(last + 1):
        image = {"id": frame + 1, "file_name": f"{folder}/{frame:06d}.jpg", **size}
        out.write((",\n" if frame else "") + _text({**image, "video_id": VIDEO, "frame_id": frame}))
    out.write("\n]}\n")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()


def _category(number: int, label: LabelInfo) -> dict[str, Any]:
    told: dict[str, Any] = {"id": number, "name": label.name, "supercategory": "", "color": label.colour}
    if label.skeleton is not None:
        told["keypoints"] = [joint.name for joint in label.skeleton.joints]
        told["skeleton"] = [[first + 1, second + 1] for first, second in label.skeleton.edges]
        told["keypoint_places"] = [[joint.x, joint.y] for joint in label.skeleton.joints]
    return told


def _track(track: TrackData, category: int) -> dict[str, Any]:
    told = {"id": track.number, "category_id": category, "video_id": VIDEO, "source": track.source}
    return told | {name: value for name in ("colour", "verdict") if (value := getattr(track, name))}


def _annotations(track: TrackData, category: int, video: VideoInfo) -> Iterator[dict[str, Any]]:
    for row in expand(rows_of(track)):
        yield {
            "image_id": row.frame + 1,
            "category_id": category,
            "track_id": track.number,
            **_geometry(row, video),
            "iscrowd": 0,
            "score": round(row.confidence, 5),
            "attributes": {
                "occluded": bool(row.flags & Flag.OCCLUDED),
                "origin": _origin(row.flags),
                **({"doubtful": True} if row.flags & Flag.DOUBTFUL else {}),
            },
        }


def _origin(flags: Flag) -> str:
    if flags & Flag.KEYFRAME:
        return KEYFRAME
    return PREDICTED if flags & Flag.PREDICTED else INTERPOLATED


def _geometry(row: Row, video: VideoInfo) -> dict[str, Any]:
    box = _box(row.bounds)
    told: dict[str, Any] = {"bbox": box, "area": round(box[2] * box[3], 2)}
    if row.kind == Kind.POLYGON:
        xy = decimals.shortest(geometry.vertices(row))
        told["segmentation"] = [xy.ravel().tolist()]
        told["area"] = round(_area(xy.tolist()), 2)
    elif row.kind == Kind.MASK:
        told |= _mask(row, video)
    elif row.kind == Kind.SKELETON:
        seen = geometry.visibilities(row)
        xy = decimals.shortest(geometry.vertices(row))
        triples = zip(xy.tolist(), seen, strict=True)
        told["keypoints"] = [value for (x, y), state in triples for value in (x, y, state)]
        told["num_keypoints"] = sum(state != ABSENT for state in seen)
    return told


def _mask(row: Row, video: VideoInfo) -> dict[str, Any]:
    """Run lengths of the image; of a mask that reaches beyond it also those of its window, which others don't know."""
    bitmap = geometry.mask_bitmap(row)
    left, top, columns, rows = geometry.mask_window(row)
    width, height = video.width or max(left + columns, 1), video.height or max(top + rows, 1)
    told: dict[str, Any] = {"segmentation": masks.segmentation(row, width, height), "area": int(bitmap.sum())}
    if left < 0 or top < 0 or left + columns > width or top + rows > height:
        own = {"size": [rows, columns], "counts": masks.encoded(to_runs(bitmap, order="F"))}
        told["whole_mask"] = {"left": left, "top": top, **own}
    return told


def _box(bounds: Sequence[float]) -> list[float]:
    """Left, top, width, height, in as few digits as read back as the same 32-bit numbers."""
    exact = np.asarray(bounds, np.float32)
    short = decimals.shortest(exact)
    sides = np.round(short[2:] - short[:2], 6)
    fits = (short[:2] + sides).astype(np.float32) == exact[2:]
    wide = exact[2:].astype(np.float64) - short[:2]
    return [*short[:2].tolist(), *np.where(fits, sides, wide).tolist()]


def _area(xy: list[list[float]]) -> float:
    """Of a polygon, px² (Gauss's formula)."""
    pairs = zip(xy, xy[1:] + xy[:1], strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2
