"""The file of a project as it comes: hostile until it is checked.

Nothing is unpacked to a path that the file names. Every member is counted and hashed while it is read, however large
its head says that it is; records are held to their schema one by one.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn

from pydantic import ValidationError

from annotator.actions.errors import ActionError
from annotator.actions.parcels import manifest
from annotator.actions.parcels.contents import CONTENTS, Content
from annotator.actions.parcels.manifest import Manifest, Member, Original
from annotator.actions.parcels.records import VERSION, PersonRecord, Record
from annotator.actions.parcels.upgrades import upgraded
from annotator.formats.archive import BROKEN, METHODS, check_directory
from annotator.ontology import UNSTORABLE

ORDINARY = 64 * 2**20
MOST_RATIO = 200
"""Beyond so many bytes the records may unpack to so many times the size of the file: far more than they do."""
LONGEST_LINE = 256 * 2**20
"""Bytes of one record. A change of the history holds all shapes that it replaced."""
LONGEST_MANIFEST = 64 * 2**20
MOST_MEMBERS = 100_100
BLOCK = 2**20
ENCRYPTED = 0x1
"""A flag of a member: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.4.4"""
PERHAPS_UNSTORABLE = re.compile(rb"\\u(0000|d[89a-f])", re.IGNORECASE)
NEST = "It nests too deep."

Advance = Callable[[int], None]
"""Takes how many bytes were read; raises NotWanted."""


class ParcelError(ActionError):
    """Why a file isn't taken, for the person who brought it."""


class Parcelled:
    """An opened file whose manifest is sound, and names what is in it.

    ``manifest``: as it was written; ``size``: bytes that reading all of it unpacks.
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._left = max(ORDINARY, size * MOST_RATIO)
        self._infos = _members(archive)
        self.manifest = self._read_manifest()
        self._members = {member.path: member for member in self.manifest.members}
        self.originals = {each.video: each for each in self.manifest.media}
        self._check_members()

    @classmethod
    @contextmanager
    def opened(cls, source: Path) -> Iterator[Parcelled]:
        """Raises ParcelError, also while members are read, for whatever is no such file or damaged."""
        if not zipfile.is_zipfile(source):
            raise ParcelError("A project's file is a zip that Framewise made (….framewise.zip); this file is none.")
        with _damage():
            check_directory(source, ParcelError)
            archive = zipfile.ZipFile(source)
        with archive:
            yield cls(archive, source.stat().st_size)

    @property
    def size(self) -> int:
        packed = sum(each.bytes for each in self.manifest.media if each.included)
        return packed + sum(member.bytes for member in self.manifest.members)

    def count(self, content: Content) -> int:
        """How many records of it there are, as the manifest says."""
        return self._members[content.path].records if content.path in self._members else 0

    # ------------------------------------------------------------ records

    def verify(self, advance: Advance) -> None:
        """Read all records once: counts, hashes and schemas are as they should be."""
        for member in self.manifest.members:
            record = PersonRecord if member.path == manifest.PEOPLE else _RECORDS.get(member.path)
            for _ in self._read(member, record, advance):
                pass

    def records(self, content: Content, advance: Advance) -> Iterator[Record]:
        """Those of a model, in the order in which they were written."""
        if content.path in self._members:
            yield from self._read(self._members[content.path], content.record, advance)

    def people(self, advance: Advance) -> Iterator[PersonRecord]:
        for record in self._read(self._members[manifest.PEOPLE], PersonRecord, advance):
            assert isinstance(record, PersonRecord)  # noqa: S101 (for mypy)
            yield record

    def _read(self, member: Member, record: type[Record] | None, advance: Advance) -> Iterator[Record]:
        digest = hashlib.sha256()
        size = count = 0
        with self._open(member.path) as file:
            while line := _line(file):
                size += len(line)
                count += 1
                self._spend(len(line))
                if len(line) > LONGEST_LINE:
                    _refuse(f"{_place(member, count)} has more than {LONGEST_LINE // 2**20} MiB.")
                if size > member.bytes or count > member.records:
                    _refuse(
                        f"{member.path} should have {member.records:,} records in {member.bytes:,} bytes; it goes on."
                    )
                digest.update(line)
                advance(len(line))
                if record is not None:
                    yield self._parsed(line, member, count, record)
        if (size, count) != (member.bytes, member.records):
            _refuse(
                f"{member.path} should have {member.records:,} records in {member.bytes:,} bytes; it has {count:,} in "
                f"{size:,}."
            )
        if digest.hexdigest() != member.sha256:
            _refuse(f"{member.path} isn't what was written: its SHA-256 differs.")

    def _parsed(self, line: bytes, member: Member, number: int, record: type[Record]) -> Record:
        where = _place(member, number)
        try:
            said = json.loads(line, parse_constant=_no_number)
        except RecursionError:
            _refuse(f"{where}: {NEST}")
        except ValueError as error:
            _refuse(f"{where} is no JSON: {error}.")
        if not isinstance(said, dict):
            _refuse(f"{where} is no object.")
        if PERHAPS_UNSTORABLE.search(line) and _unstorable(said):
            _refuse(f"{where} holds characters that no database keeps (NUL, or halves of characters).")
        try:
            named = member.path.removesuffix(".jsonl")
            return record.model_validate(upgraded(said, member=named, version=self.manifest.version))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            _refuse(f"{where}: {'.'.join(map(str, first['loc']))[:100]}: {first['msg'][:300]}.")
        except RecursionError:
            _refuse(f"{where}: {NEST}")
        except (TypeError, KeyError, AttributeError) as error:
            raise ParcelError(f"{where} can't be read as one of version {self.manifest.version}.") from error

    # ------------------------------------------------------------ originals

    def extract(self, original: Original, target: IO[bytes], advance: Advance) -> None:
        """Write the file of a video. Raises ParcelError unless it is what the manifest says."""
        digest = hashlib.sha256()
        size = 0
        path = manifest.media_path(original.video)
        with self._open(path) as file:
            while block := _block(file, BLOCK):
                size += len(block)
                if size > original.bytes:
                    break
                digest.update(block)
                target.write(block)
                advance(len(block))
        if size != original.bytes or digest.hexdigest() != original.sha256:
            _refuse(f"{path} isn't the file that was written: its size or its SHA-256 differs.")

    # ------------------------------------------------------------ the whole

    def _read_manifest(self) -> Manifest:
        if manifest.MANIFEST not in self._infos:
            _refuse(f"It has no {manifest.MANIFEST}. Choose a file that “Export the project whole” made.")
        with self._open(manifest.MANIFEST) as file:
            text = _block(file, LONGEST_MANIFEST + 1)
        if len(text) > LONGEST_MANIFEST:
            _refuse(f"Its {manifest.MANIFEST} has more than {LONGEST_MANIFEST // 2**20} MiB.")
        try:
            said = json.loads(text, parse_constant=_no_number)
        except (ValueError, RecursionError):
            _refuse(f"Its {manifest.MANIFEST} is no JSON.")
        version = said.get("version") if isinstance(said, dict) else None
        if not isinstance(said, dict) or said.get("format") != manifest.FORMAT or type(version) is not int:
            _refuse(f"Its {manifest.MANIFEST} is none of a Framewise project.")
        if version > VERSION:
            maker = str(said.get("made_by", "a newer program"))[:100]
            raise ParcelError(
                f"The file is of version {version} (written by {maker}); this server reads versions up to {VERSION}. "
                "Update this server, then import it again."
            )
        try:
            return Manifest.model_validate(said)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            _refuse(f"Its {manifest.MANIFEST}: {'.'.join(map(str, first['loc']))[:100]}: {first['msg'][:200]}.")

    def _check_members(self) -> None:
        """What the manifest names is there, once, and nothing else."""
        if len(self._members) != len(self.manifest.members) or len(self.originals) != len(self.manifest.media):
            _refuse(f"Its {manifest.MANIFEST} names something twice.")
        known = {*_RECORDS, manifest.PEOPLE}
        if unknown := sorted(set(self._members) - known):
            _refuse(f"{unknown[0][:100]} is no part of a project of version {self.manifest.version}.")
        needed = {content.path for content in CONTENTS if content.since <= self.manifest.version} | {manifest.PEOPLE}
        if missing := sorted(needed - set(self._members)):
            _refuse(f"{missing[0]} is missing.")
        included = {manifest.media_path(each.video) for each in self.manifest.media if each.included}
        named = {manifest.MANIFEST, *self._members, *included}
        if missing := sorted(named - set(self._infos)):
            _refuse(f"{missing[0]} is missing.")
        if more := sorted(set(self._infos) - named):
            _refuse(f"It holds {more[0][:100]!r}, which its {manifest.MANIFEST} doesn't name.")
        for path in included:
            info = self._infos[path]
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
                _refuse(f"{path} is compressed; originals are stored as they are.")

    def _open(self, path: str) -> IO[bytes]:
        info = self._infos[path]
        if info.compress_type not in METHODS:
            _refuse(f"{path[:100]} is packed in a way that isn't read here.")
        if info.flag_bits & ENCRYPTED:
            _refuse("It has a password.")
        with _damage():
            return self._archive.open(info)

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            _refuse(f"Its records unpack to more than {MOST_RATIO} times its size.")


_RECORDS: dict[str, type[Record]] = {content.path: content.record for content in CONTENTS}


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except ActionError:
        raise
    except BROKEN as error:
        raise ParcelError("The file is damaged. Export the project once more, or upload it again.") from error


def _line(file: IO[bytes]) -> bytes:
    with _damage():
        return file.readline(LONGEST_LINE + 1)


def _block(file: IO[bytes], most: int) -> bytes:
    with _damage():
        return file.read(most)


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        _refuse(f"It has {len(infos):,} members; at most {MOST_MEMBERS:,} are read.")
    found = {info.filename: info for info in infos}
    if len(found) != len(infos):
        _refuse("Two of its members have the same name.")
    return found


def _place(member: Member, number: int) -> str:
    return f"Record {number:,} of {member.path}"


def _unstorable(value: Any) -> bool:
    """Whether a text in it is none that a database keeps."""
    if isinstance(value, str):
        return UNSTORABLE.search(value) is not None
    if isinstance(value, dict):
        return any(_unstorable(key) or _unstorable(each) for key, each in value.items())
    return isinstance(value, list) and any(map(_unstorable, value))


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _refuse(why: str) -> NoReturn:
    raise ParcelError(f"This file can't be imported. {why}")
