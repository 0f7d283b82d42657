"""Writes a YouTube-VIS file, track by track."""

from __future__ import annotations

import json
from typing import Any, TextIO

import numpy as np

from annotator.formats.base import Dataset, LabelInfo, Progress, Report, TrackData
from annotator.formats.limits import rows_of
from annotator.formats.masks import mask_of, size_of
from annotator.formats.names import safe_stem
from tracking.shapes.bitmaps import spread
from tracking.shapes.masks import to_runs

VIDEO = 1


def write_document(out: TextIO, dataset: Dataset, report: Report, progress: Progress) -> None:
    """The whole file. An annotation has an entry for each frame of the video."""
    video = dataset.video
    size = size_of(video)
    categories = {label.name: number for number, label in enumerate(dataset.labels, start=1)}
    out.write('{"info":' + _text({"description": "Written by Framewise"}) + ',\n"licenses":[],\n"annotations":[\n')
    length = video.frame_count
    for done, track in enumerate(dataset.tracks, start=1):
        category = categories.setdefault(track.label, len(categories) + 1)
        annotation = _annotation(track, category, length, size)
        length = max(length, len(annotation["segmentations"]))
        out.write((",\n" if done > 1 else "") + _text(annotation))
        report.tracks += 1
        report.shapes += sum(segmentation is not None for segmentation in annotation["segmentations"])
        progress(done)
    infos = {label.name: label for label in dataset.labels}
    told = [_category(number, infos.get(name) or LabelInfo(name)) for name, number in categories.items()]
    out.write('\n],\n"categories":[\n' + ",\n".join(map(_text, told)) + '\n],\n"videos":[\n')
    folder = safe_stem(video.name, "video")
    names = [f"{folder}/{frame:05d}.jpg" for frame in range(length)]
    facts = {"id": VIDEO, "name": video.name, "width": video.width, "height": video.height, "length": length}
    out.write(_text({**facts, "fps": video.fps, "file_names": names}) + "\n]}\n")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace").decode()


def _category(number: int, label: LabelInfo) -> dict[str, Any]:
    told: dict[str, Any] = {"id": number, "name": label.name, "supercategory": "", "color": label.colour}
    return told if label.skeleton is None else told | {"template": label.skeleton.as_json()}


def _annotation(track: TrackData, category: int, length: int, size: tuple[int, int]) -> dict[str, Any]:
    rows = rows_of(track)
    rows = rows.take(rows.shown)
    count = max(length, (rows.last or 0) + 1)
    segmentations: list[dict[str, Any] | None] = [None] * count
    boxes: list[list[int] | None] = [None] * count
    areas: list[int | None] = [None] * count
    known: dict[bytes, tuple[dict[str, Any], list[int], int]] = {}
    for frame, payload in zip(rows.frames.tolist(), rows.payloads, strict=True):
        told = known.get(payload)
        if told is None:
            told = known[payload] = _mask(payload, size)
        segmentations[frame], boxes[frame], areas[frame] = told
    return {
        "id": track.number,
        "video_id": VIDEO,
        "category_id": category,
        "height": size[0],
        "width": size[1],
        "length": count,
        "iscrowd": 0,
        "segmentations": segmentations,
        "bboxes": boxes,
        "areas": areas,
        "source": track.source,
        **{name: value for name in ("colour", "verdict") if (value := getattr(track, name))},
    }


def _mask(payload: bytes, size: tuple[int, int]) -> tuple[dict[str, Any], list[int], int]:
    """Run lengths of the picture, box and area of a mask, whose window is as small as can be."""
    mask = mask_of(payload)
    h, w = mask.bitmap.shape
    runs = to_runs(spread(mask, size), order="F").tolist()
    return {"size": list(size), "counts": runs}, [mask.left, mask.top, w, h], int(np.count_nonzero(mask.bitmap))
