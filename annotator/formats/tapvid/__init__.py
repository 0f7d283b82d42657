"""TAP-Vid's pickles: points that are followed through a video.

A dictionary by video, of ``points`` (N, T, 2), x and y as shares of the picture's size, 0 its left or upper edge, and
``occluded`` (N, T); the authors' files hold the pictures as well, ``video`` (T, H, W, 3). Source:
https://github.com/google-deepmind/tapnet/tree/main/tapnet/tapvid. Ours say more beside that, which readers pass over:
the video's ``size`` (height, width) and ``fps``, its ``labels``, and of which ``tracks`` the points are. A point that
is absent is occluded and nowhere (NaN). No name in a pickle is imported (``tracking/array_pickles.py``).
"""

from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import IO

from annotator.formats.archive import Archive, is_archive, read_whole
from annotator.formats.base import (
    Dataset,
    FormatError,
    Limits,
    Option,
    Options,
    Part,
    Progress,
    Reading,
    Report,
    silent,
)
from annotator.formats.limits import held
from annotator.formats.tapvid.limits import HELD, LIMITS
from annotator.formats.tapvid.read import parts_of
from annotator.formats.tapvid.write import clip_of
from tracking.array_pickles import DamagedPickle, UnsafePickle, load_plain

log = logging.getLogger(__name__)

LARGEST_FILE = 2**30
"""Bytes of one file: it is read at once."""
PROTOCOL = 4


class TapVid:
    """One pickle."""

    id, label, suffix = "tapvid", "TAP-Vid points", ".pkl"
    takes = (
        "A TAP-Vid pickle, as of DAVIS, Kinetics or RGB-Stacking, or a zip of several: a dictionary of videos or a "
        "list of them. It must hold the pictures or say their size. Without our own list of tracks each point becomes "
        "a track."
    )
    writes = "One pickle of points and occlusions on every frame, of points and skeletons; without the pictures."
    kinds = HELD
    options: tuple[Option, ...] = ()

    def limits(self, options: Options) -> Limits:
        return LIMITS

    def write(self, dataset: Dataset, target: Path, options: Options, progress: Progress = silent) -> Report:
        report = Report()
        kept = held(dataset, LIMITS, report)
        clip = clip_of(kept, report, progress)
        report.note("Pictures aren't in the file; add them as video, (T, H, W, 3), where a program needs them.")
        with target.open("wb") as out:
            pickle.dump({dataset.video.name: clip}, out, protocol=PROTOCOL)
        return report

    def read(self, source: Path) -> Reading:
        """A file, or the files in an archive."""
        if not is_archive(source):
            with source.open("rb") as file:
                return Reading(_parts(file, source.stem), Report())
        report = Report()
        parts: list[Part] = []
        with Archive.opened(source) as archive:
            pickles = archive.ending(".pkl")
            if not pickles:
                raise FormatError("The archive holds no .pkl file. Choose a TAP-Vid pickle.")
            for member in pickles:
                with archive.read(member) as content:
                    parts += _parts(content, Path(member).stem)
            archive.note_unread(pickles, report)
        return Reading(parts, report)


def _parts(file: IO[bytes], name: str) -> list[Part]:
    try:
        found = load_plain(read_whole(file, LARGEST_FILE, "pickle"))
    except UnsafePickle as error:
        raise FormatError(
            f"A TAP-Vid pickle holds arrays and plain values only; this one {error}. Don't use this file."
        ) from error
    except DamagedPickle as error:
        log.info("No pickle: %r", error.__cause__ or error)
        raise FormatError("This is no TAP-Vid pickle: it is damaged or something else. Is the file whole?") from error
    return parts_of(found, name)
