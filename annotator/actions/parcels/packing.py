"""A project is written into one file, record by record: nothing of it is in memory but the record at hand."""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from django.db import connection, connections
from django.utils import timezone
from pydantic import ValidationError

from annotator.actions.errors import ActionError
from annotator.actions.parcels import manifest
from annotator.actions.parcels.contents import CONTENTS, Content
from annotator.actions.parcels.manifest import Manifest, Member, Original
from annotator.actions.parcels.records import VERSION, PersonRecord, Record, references
from annotator.actions.parcels.report import Counted, Report
from annotator.media import storage
from annotator.models import Project, User, Video
from tracking.release import release

BLOCK = 2**20
RECORDS_AT_ONCE = 200
EASY = 1
"""Level of deflate: most of it is base64 of what is packed already."""
SHARE_OF_RECORDS = 0.3
"""How much of the progress they are, beside originals."""

Show = Callable[[float], None]
"""Takes how far it is, in [0, 1]; raises NotWanted."""


def pack(project: Project, target: Path, *, with_media: bool, show: Show) -> Report:
    """Write all of a project, as it is at this moment.

    Raises:
        ActionError: something in it is as no version of the program writes it.
        OSError: the disk is full.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=EASY) as archive:
        writer = _Writer(archive)
        # What is asked of the database while it is read is written by another connection: this one is in the past.
        with _Aside(show) as aside, _snapshot():
            counts = writer.write_records(project, aside.within(0, SHARE_OF_RECORDS))
            videos = list(project.videos.all())
        media = _media(archive, videos, with_media=with_media, show=_within(show, SHARE_OF_RECORDS, 1))
        said = Manifest(
            format="framewise-project",
            version=VERSION,
            made_by=f"Framewise {release()}",
            made_at=timezone.now(),
            project=project.name,
            members=writer.members,
            media=media,
        )
        archive.writestr(manifest.MANIFEST, said.model_dump_json(indent=1))
    return _report(counts, videos, media, with_media=with_media)


def _report(counts: list[Counted], videos: list[Video], media: list[Original], *, with_media: bool) -> Report:
    notes = []
    known = {each.video for each in media}
    if gone := [video.name for video in videos if video.pk not in known]:
        notes.append(f"{len(gone)} of the videos have no file on this server, and go along without it: {_few(gone)}.")
    if not with_media and media:
        notes.append(
            "The videos' files aren't in it. After the import each is uploaded to the new project, under the same name."
        )
    elif left := [each for each in media if not each.included]:
        notes.append(f"{len(left)} of the videos were imported without their files, which are still missing.")
    return Report(taken=counts, notes=notes)


def _few(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names[:5]) + (", …" if len(names) > 5 else "")


class _Writer:
    """Writes the records. It notes whom they name, as these go along too."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.members: list[Member] = []
        self.people: set[int] = set()

    def write_records(self, project: Project, show: Show) -> list[Counted]:
        counts = []
        for number, content in enumerate(CONTENTS):
            rows = content.rows(project)
            part = _within(show, number / len(CONTENTS), (number + 1) / len(CONTENTS))
            count = self._write(content.path, self._records(content, rows, _counting(rows.count(), part)))
            counts.append(Counted(words=content.words, count=count))
        people = User.objects.filter(pk__in=self.people).order_by("pk")
        self._write(manifest.PEOPLE, (PersonRecord(id=each.pk, **_who(each)) for each in people))
        return counts

    def _records(self, content: Content, rows: Any, counted: Callable[[], None]) -> Iterator[Record]:
        names = list(content.record.model_fields)
        people = [name for name, model in references(content.record).items() if model is User]
        attnames = [content.model._meta.get_field(name).attname for name in names]  # type: ignore[union-attr]
        for row in rows.values_list(*attnames).iterator(chunk_size=RECORDS_AT_ONCE):
            values = {name: _plain(value) for name, value in zip(names, row, strict=True)}
            try:
                record = content.record.model_validate(values)
                record.translate(self)
            except ValidationError as error:
                raise ActionError(
                    f"A {content.words[0]} of this project is as this version of Framewise doesn't write it "
                    f"({_first(error)}), so it can't be exported. Tell your admin."
                ) from error
            self.people |= {values[name] for name in people if values[name] is not None}
            yield record
            counted()

    def _write(self, path: str, records: Iterator[Record]) -> int:
        count = size = 0
        digest = hashlib.sha256()
        # Its size isn't known before; more than 4 GiB are possible.
        with self.archive.open(path, "w", force_zip64=True) as member:
            for record in records:
                line = record.model_dump_json().encode() + b"\n"
                member.write(line)
                digest.update(line)
                size += len(line)
                count += 1
        self.members.append(Member(path=path, records=count, bytes=size, sha256=digest.hexdigest()))
        return count

    # What lies within JSON stays as it is; whom it names is noted.

    def person(self, key: int | None) -> int | None:
        if key is not None:
            self.people.add(key)
        return key

    def label(self, key: int | None) -> int | None:
        return key

    def attribute(self, key: str) -> str | None:
        return key

    def track(self, key: UUID) -> UUID:
        return key


def _who(user: User) -> dict[str, str]:
    if user.not_here:
        # Their e-mail is none, and their name was told with "(not here)".
        return {"name": user.get_full_name(), "email": ""}
    return {"name": user.get_full_name() or user.username, "email": user.email}


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


# ------------------------------------------------------------------ originals


def _media(archive: zipfile.ZipFile, videos: list[Video], *, with_media: bool, show: Show) -> list[Original]:
    """Copy the files of the videos as they are, or only say which they are."""
    files = {video.pk: storage.video_file(video, storage.SOURCE) for video in videos}
    there = {key: path for key, path in files.items() if storage.exists(path)}
    total = sum(storage.told(path).size for path in there.values())
    done = 0
    found = []

    def advance(size: int) -> None:
        nonlocal done
        done += size
        show(done / total)

    for video in videos:
        if video.pk in there:
            sha256, size = _copy(archive, there[video.pk], video.pk if with_media else None, advance)
            found.append(Original(video=video.pk, bytes=size, sha256=sha256, included=with_media))
        elif video.awaited:
            found.append(Original(video=video.pk, bytes=video.size_bytes, sha256=video.awaited, included=False))
    return found


def _copy(archive: zipfile.ZipFile, path: Path, video: int | None, advance: Callable[[int], None]) -> tuple[str, int]:
    """(SHA-256, bytes) of a file, which becomes that of a video in the archive; None: it is only read."""
    digest = hashlib.sha256()
    size = 0
    with storage.at_hand(path) as here, here.open("rb") as source, _member(archive, video) as member:
        while block := source.read(BLOCK):
            digest.update(block)
            size += len(block)
            if member is not None:
                member.write(block)
            advance(len(block))
    return digest.hexdigest(), size


@contextmanager
def _member(archive: zipfile.ZipFile, video: int | None) -> Iterator[IO[bytes] | None]:
    if video is None:
        yield None
        return
    # A video is compressed already.
    info = zipfile.ZipInfo(manifest.media_path(video), date_time=timezone.now().timetuple()[:6])
    info.compress_type = zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=True) as member:
        yield member


# ------------------------------------------------------------------ one moment of the database


@contextmanager
def _snapshot() -> Iterator[None]:
    """Everything that is read inside is of one moment, whatever others write meanwhile. Nothing can be written."""
    if connection.in_atomic_block:
        yield  # Its own transaction is one.
        return
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        # Django's own transactions take SQLite's lock at once, and everybody would wait until the export is done.
        cursor.execute("BEGIN DEFERRED" if sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


class _Aside:
    """Shows progress by a connection of its own, in a thread of its own; what it raises there is raised here, later."""

    PAUSE_S = 0.4

    def __init__(self, show: Show) -> None:
        self._show = show
        self._inline = connection.in_atomic_block
        self._threads = ThreadPoolExecutor(1)
        self._latest: Future[None] | None = None
        self._at = 0.0

    def __enter__(self) -> _Aside:
        return self

    def __exit__(self, *_: object) -> None:
        if self._latest is not None:
            self._threads.submit(connections.close_all)
        self._threads.shutdown()

    def within(self, first: float, last: float) -> Show:
        return _within(self.show, first, last)

    def show(self, share: float) -> None:
        if self._inline:
            self._show(share)
            return
        now = time.monotonic()
        if now - self._at < self.PAUSE_S or (self._latest is not None and not self._latest.done()):
            return
        if self._latest is not None:
            self._latest.result()
        self._at = now
        self._latest = self._threads.submit(self._show, share)


def _within(show: Show, first: float, last: float) -> Show:
    return lambda share: show(first + (last - first) * share)


def _counting(total: int, show: Show) -> Callable[[], None]:
    done = 0

    def counted() -> None:
        nonlocal done
        done += 1
        show(done / total)

    return counted
