"""Reading archives that strangers made. Nothing is written to disk, so a member's path can't lead anywhere."""

from __future__ import annotations

import io
import logging
import os
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from annotator.formats.base import FormatError, Report

log = logging.getLogger(__name__)

LARGEST = 2 * 2**30
"""Bytes that what is read of an archive may unpack to, all together."""
ORDINARY = 64 * 2**20
MOST_RATIO = 200
"""Beyond so many bytes an archive may unpack to so many times its own size: ten times what annotations do."""
MOST_MEMBERS = 100_000
MOST_DOCUMENTS = 1_000
"""Files of annotations in one archive; it may hold pictures beside them."""
LARGEST_DIRECTORY = 16 * 2**20
END = b"PK\x05\x06"
LOCATOR, LARGE_END = b"PK\x06\x07", b"PK\x06\x06"
LOCATOR_BYTES, LARGE_END_BYTES = 20, 56
LONGEST_END = 65_557
"""Bytes from the beginning of a zip's last record to its end."""
BLOCK = 2**20
BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    OSError,
    ValueError,
)
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_archive(source: Path) -> bool:
    return zipfile.is_zipfile(source)


def read_whole(file: IO[bytes], most: int, what: str) -> bytes:
    """All of a file that can't be read in pieces. ``what``: e.g. "COCO file".

    Raises:
        FormatError: it has more than ``most`` bytes.
    """
    whole = io.BytesIO()
    # Asked for all at once, Python makes room for as much as it may be, which is more than an import's process gets.
    while block := file.read(BLOCK):
        whole.write(block)
        if whole.tell() > most:
            raise FormatError(f"A {what} has at most {most / 2**30:.3g} GiB; this one goes on. Take it apart.")
    return whole.getvalue()


def read_documents(source: Path, most: int, what: str, report: Report) -> Iterator[bytes]:
    """A JSON file, or one after another those of an archive. ``what``: as for ``read_whole``, which it raises as."""
    if not is_archive(source):
        with source.open("rb") as file:
            yield read_whole(file, most, what)
        return
    with Archive.opened(source) as archive:
        documents = archive.ending(".json")
        if not documents:
            raise FormatError(f"The archive holds no .json file. Choose a {what}.")
        for member in documents:
            with archive.read(member) as content:
                yield read_whole(content, most, what)
        archive.note_unread(documents, report)


class Archive:
    """A zip's files by their paths, with "/" between folders whatever system made it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MOST_MEMBERS:
            raise FormatError(f"An archive may have {MOST_MEMBERS} files; this one has {len(members)}.")
        self._archive = archive
        size = os.fstat(archive.fp.fileno()).st_size if archive.fp else 0
        self._left = min(LARGEST, max(ORDINARY, size * MOST_RATIO))
        self._members = {path: member for member in members if not _is_litter(path := _path(member))}

    @classmethod
    @contextmanager
    def opened(cls, source: Path) -> Iterator[Archive]:
        """Raises FormatError, also while members are read, for archives that are damaged, encrypted, or unpack to more
        than the limits."""
        check_directory(source)
        try:
            with zipfile.ZipFile(source) as archive:
                yield cls(archive)
        except BROKEN as error:
            log.info("Damaged archive: %r", error)
            raise FormatError("The archive is damaged. Make it again and upload it once more.") from error
        except RuntimeError as error:
            raise FormatError("Archives with a password can't be read. Upload it without one.") from error

    @property
    def paths(self) -> list[str]:
        return list(self._members)

    def named(self, name: str) -> list[str]:
        """Paths of the files of that name, in any folder."""
        return self._few(path for path in self._members if path.rpartition("/")[2].casefold() == name)

    def ending(self, suffix: str) -> list[str]:
        return self._few(path for path in self._members if path.casefold().endswith(suffix))

    def _few(self, paths: Iterable[str]) -> list[str]:
        found = list(paths)
        if len(found) > MOST_DOCUMENTS:
            raise FormatError(f"An archive may have {MOST_DOCUMENTS:,} files of a kind; this one has {len(found):,}.")
        return found

    def read(self, path: str) -> io.BufferedReader:
        """A member's bytes, as they are unpacked."""
        member = self._members[path]
        if member.compress_type not in METHODS:
            raise FormatError(f"{path[:100]} is packed in a way that isn't read here. Make a zip with “deflate”.")
        return io.BufferedReader(_Bounded(self._archive.open(member), self._spend))

    def _spend(self, size: int) -> None:
        """Note that so many bytes were unpacked: what the directory says of sizes may be a lie."""
        self._left -= size
        if self._left < 0:
            raise FormatError(
                f"An archive unpacks to at most {MOST_RATIO} times its size, and {LARGEST / 2**30:.3g} GiB; this one "
                "goes on. Unpack it and upload the file in it."
            )

    def note_unread(self, read: Collection[str], report: Report) -> None:
        """Tell which files of the archive were not read."""
        known = set(read)
        rest = [path for path in self._members if path not in known]
        if rest:
            report.lose(f"files of the archive were not read ({rest[0]}{', …' if len(rest) > 1 else ''})", len(rest))


class _Bounded(io.RawIOBase):
    """A member that tells how much was unpacked of it."""

    def __init__(self, member: IO[bytes], spend: Callable[[int], None]) -> None:
        self._member = member
        self._spend = spend

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._member.read(len(buffer))
        self._spend(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._member.close()
        super().close()


def check_directory(source: Path, error: Callable[[str], Exception] = FormatError) -> None:
    """Raises ``error`` for a directory that takes more memory than the files that it names are worth."""
    with source.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(size - LONGEST_END, 0))
        end = file.read()
        at = end.rfind(END)
        directory = int.from_bytes(end[at + 12 : at + 16], "little") if at >= 0 else 0
        # Where there is a record of a large archive, Python goes by that, whatever the other one says.
        locator = end[max(at - LOCATOR_BYTES, 0) : max(at, 0)]
        if locator.startswith(LOCATOR):
            file.seek(max(size - len(end) + at - LOCATOR_BYTES - LARGE_END_BYTES, 0))
            large = file.read(LARGE_END_BYTES)
            directory = int.from_bytes(large[40:48], "little") if large.startswith(LARGE_END) else 2**63
    if directory > LARGEST_DIRECTORY:
        raise error(f"An archive may have {MOST_MEMBERS} files; this one has more.")


def _path(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _is_litter(path: str) -> bool:
    """What file managers leave in archives."""
    name = path.rpartition("/")[2]
    return path.startswith("__MACOSX/") or name.startswith("._") or name in (".DS_Store", "Thumbs.db", "desktop.ini")
