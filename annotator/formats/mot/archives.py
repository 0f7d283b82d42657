"""Which files of an archive belong to which sequence."""

from __future__ import annotations

import configparser
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from annotator.formats.archive import Archive
from annotator.formats.base import FormatError, VideoInfo
from annotator.formats.bounds import MOST_LABELS, check_count

LABELS, INFO = "labels.txt", "seqinfo.ini"
SHIFT = {"official": 1.0, "cvat": 0.0}
"""How much more a file's pixels are than ours, in px."""
UNTOLD = VideoInfo("", 0, 0, 0, 0.0)
LARGEST_INI = 100_000
LARGEST_FACT = 1e9
LARGEST_LABELS = 1_000_000
MOST_SEQUENCES = 1_000


@dataclass(frozen=True, slots=True)
class MotSequence:
    """One sequence: where its lines are, and what is said of it beside them."""

    lines: str
    is_truth: bool
    names: tuple[str, ...]
    video: VideoInfo
    labels: tuple[str, ...]
    shift: float
    beside: tuple[str, ...]
    """Paths of the other files that were read for it."""
    notes: tuple[str, ...]
    """What can't be read of its seqinfo.ini, in sentences."""


def sequences_of(archive: Archive) -> list[MotSequence]:
    """Ground truth where there is any, or else tracker results, or else detections. Raises FormatError for none."""
    texts = [path for path in archive.ending(".txt") if _name(path) != LABELS]
    for chosen, is_truth in (
        ([path for path in texts if _name(path) == "gt.txt"], True),
        ([path for path in texts if _name(path) != "det.txt" and _holds_lines(archive, path)], False),
        ([path for path in texts if _name(path) == "det.txt"], False),
    ):
        check_count("sequences", len(chosen), MOST_SEQUENCES)
        if chosen:
            return [_sequence(archive, path, alone=len(chosen) == 1, is_truth=is_truth) for path in chosen]
    raise FormatError("A MOTChallenge archive holds gt/gt.txt; this one has none.")


def _holds_lines(archive: Archive, path: str) -> bool:
    """Whether a text is lines of numbers, or of nothing: archives hold lists of sequences and read-me files too."""
    with archive.read(path) as content:
        first = content.read(1000).decode("utf-8", errors="replace").lstrip("\ufeff").lstrip()
    return not first or (first[:1].isdigit() and any(sign in first.partition("\n")[0] for sign in ",; \t"))


def _sequence(archive: Archive, path: str, *, alone: bool, is_truth: bool) -> MotSequence:
    folder = _folder(path)
    stem = PurePosixPath(path).stem
    known_as = [name for name in (folder.rpartition("/")[2], stem) if name and name not in ("gt", "det", "data")]
    infos = [each for each in archive.named(INFO) if alone or _belongs(each, folder, stem)]
    labels = [each for each in archive.named(LABELS) if alone or _belongs(each, folder, stem)]
    info, problem = _info(archive, infos[0]) if infos else (configparser.ConfigParser(), "")
    video, called, wrong = _video(info)
    return MotSequence(
        lines=path,
        is_truth=is_truth,
        names=tuple(dict.fromkeys(filter(None, (called, video.name, *known_as)))),
        video=video,
        labels=_names(_text(archive, labels[0], LARGEST_LABELS)) if labels else (),
        shift=_shift(info, has_labels=bool(labels)),
        beside=(*infos[:1], *labels[:1]),
        notes=tuple(f"{infos[0]}: {text}" for text in (problem, *wrong) if text),
    )


def _folder(path: str) -> str:
    """The sequence's folder: ``gt.txt`` and ``det.txt`` lie in one of their own inside it."""
    folder = path.rpartition("/")[0]
    return folder.rpartition("/")[0] if folder.rpartition("/")[2] in ("gt", "det") else folder


def _belongs(path: str, folder: str, stem: str) -> bool:
    """Whether a file lies in a sequence's folder, or in one with the name of its results."""
    own = _folder(path)
    return own == folder or own.rpartition("/")[2] == stem


def _name(path: str) -> str:
    return path.rpartition("/")[2].casefold()


def _text(archive: Archive, path: str, most: int) -> str:
    with archive.read(path) as content:
        data = content.read(most + 1)
    if len(data) > most:
        raise FormatError(f"{path} is longer than such a file can be ({most} bytes).")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is UTF-8 text in a MOTChallenge archive; this one is not.") from error


def _names(text: str) -> tuple[str, ...]:
    """Class n is line n, also where lines before it are empty."""
    lines = [line.strip() for line in io.StringIO(text, newline=None).read().split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    check_count("labels", len(lines), MOST_LABELS)
    return tuple(line or f"class {number}" for number, line in enumerate(lines, start=1))


def _info(archive: Archive, path: str) -> tuple[configparser.ConfigParser, str]:
    """A seqinfo.ini, and why it can't be read where it can't: the lines can be, without it."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(_text(archive, path, LARGEST_INI))
    except (configparser.Error, FormatError) as error:
        return configparser.ConfigParser(), f"It was passed over. {str(error).splitlines()[0]}"
    return parser, ""


def _shift(info: configparser.ConfigParser, *, has_labels: bool) -> float:
    if said := info.get("Framewise", "pixels", fallback=""):
        return SHIFT.get(said, SHIFT["official"])
    # CVAT and Datumaro put labels.txt beside gt.txt but no seqinfo.ini, and do not shift pixels.
    return SHIFT["cvat"] if has_labels and not info.sections() else SHIFT["official"]


def _video(info: configparser.ConfigParser) -> tuple[VideoInfo, str, list[str]]:
    """The sequence's facts, what we call the video where the file is ours, and what of it is no number."""
    if not info.has_section("Sequence"):
        return UNTOLD, "", []
    section = info["Sequence"]
    wrong: list[str] = []

    def number(name: str) -> float:
        text = section.get(name, "").strip()
        try:
            value = float(text or 0)
        except ValueError:
            value = -1.0
        if not 0 <= value <= LARGEST_FACT:
            wrong.append(f"{name} is a number; {text[:40]!r} came, and was passed over.")
            return 0.0
        return value

    width, height, length = (int(number(name)) for name in ("imWidth", "imHeight", "seqLength"))
    video = VideoInfo(section.get("name", "").strip(), width, height, length, fps=number("frameRate"))
    return video, info.get("Framewise", "video", fallback="").strip(), wrong


def paths_of(sequences: Sequence[MotSequence]) -> list[str]:
    return [path for sequence in sequences for path in (sequence.lines, *sequence.beside)]
