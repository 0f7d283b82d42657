"""Reading archives that strangers made. Nothing is written to disk, so a member's path can't lead anywhere."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from annotator.formats.base import FormatError, Report

LARGEST_MEMBER = 2 * 2**30
"""Bytes of text that one member may unpack to."""
MOST_MEMBERS = 100_000


def is_archive(source: Path) -> bool:
    return zipfile.is_zipfile(source)


class Archive:
    """A zip's files by their paths, with "/" between folders whatever system made it."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MOST_MEMBERS:
            raise FormatError(f"An archive may have {MOST_MEMBERS} files; this one has {len(members)}.")
        self._archive = archive
        self._members = {path: member for member in members if not _is_litter(path := _path(member))}

    @classmethod
    @contextmanager
    def opened(cls, source: Path) -> Iterator[Archive]:
        """Raises FormatError, also while members are read, for archives that are damaged, encrypted, or unpack to more
        than the limits."""
        try:
            with zipfile.ZipFile(source) as archive:
                yield cls(archive)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
            raise FormatError(f"The archive is damaged ({error}). Make it again and upload it once more.") from error
        except RuntimeError as error:
            raise FormatError("Archives with a password can't be read. Upload it without one.") from error

    @property
    def paths(self) -> list[str]:
        return list(self._members)

    def named(self, name: str) -> list[str]:
        """Paths of the files of that name, in any folder."""
        return [path for path in self._members if path.rpartition("/")[2].casefold() == name]

    def ending(self, suffix: str) -> list[str]:
        return [path for path in self._members if path.casefold().endswith(suffix)]

    def read(self, path: str) -> io.BufferedReader:
        """A member's bytes, as they are unpacked."""
        return io.BufferedReader(_Bounded(self._archive.open(self._members[path]), path))

    def note_unread(self, read: Collection[str], report: Report) -> None:
        """Tell which files of the archive were not read."""
        rest = [path for path in self._members if path not in set(read)]
        if rest:
            report.lose(f"files of the archive were not read ({rest[0]}{', …' if len(rest) > 1 else ''})", len(rest))


class _Bounded(io.RawIOBase):
    """A member that may not unpack to more than it should: its size in the directory may lie."""

    def __init__(self, member: IO[bytes], path: str) -> None:
        self._member = member
        self._path = path
        self._left = LARGEST_MEMBER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._member.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise FormatError(f"{self._path} unpacks to more than {LARGEST_MEMBER / 2**30:.3g} GiB; that is refused.")
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._member.close()
        super().close()


def _path(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _is_litter(path: str) -> bool:
    """What file managers leave in archives."""
    name = path.rpartition("/")[2]
    return path.startswith("__MACOSX/") or name.startswith("._") or name in (".DS_Store", "Thumbs.db", "desktop.ini")
