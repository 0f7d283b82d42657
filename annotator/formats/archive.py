"""Reading archives that strangers made."""

from __future__ import annotations

import zipfile
from pathlib import Path

from annotator.formats.base import FormatError

LARGEST_MEMBER = 2 * 2**30
"""Bytes of text that one member may unpack to."""
MOST_MEMBERS = 100_000


def is_archive(source: Path) -> bool:
    return zipfile.is_zipfile(source)


def read_member(source: Path, *endings: str) -> bytes | None:
    """The first member whose path ends in one of ``endings``, in their order; None when there is none.

    Nothing is written to disk, so a member's path can't lead anywhere. Raises FormatError for archives that are
    damaged, encrypted, or unpack to more than the limits.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise FormatError(f"An archive may have {MOST_MEMBERS} files; this one has {len(members)}.")
            for ending in endings:
                for member in members:
                    if member.filename == ending or member.filename.endswith(f"/{ending}"):
                        return _read(archive, member)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise FormatError(f"The archive is damaged ({error}). Make it again and upload it once more.") from error
    except RuntimeError as error:
        raise FormatError("Archives with a password can't be read. Upload it without one.") from error
    return None


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as content:
        # The size in the directory may lie: what counts is what comes out.
        data = content.read(LARGEST_MEMBER + 1)
    if len(data) > LARGEST_MEMBER:
        raise FormatError(f"{member.filename} unpacks to more than {LARGEST_MEMBER // 2**30} GiB; that is refused.")
    return data
