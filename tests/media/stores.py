"""Where media lies in tests: in a folder, or in a bucket of a store of the tests' own. One suite runs over both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from pytest_django import Settings

from annotator.config import BucketAddress
from annotator.media import storage
from tests.services import S3

KINDS = ("folder", "bucket")


@dataclass(frozen=True)
class Store:
    """``kind``: one of KINDS; ``address``: of the bucket."""

    kind: str
    folder: Path
    address: BucketAddress | None

    def files(self) -> list[str]:
        """The names of all that is kept."""
        if self.address is not None:
            return sorted(key for key, _ in storage._bucket_at(self.address).keys(""))
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())

    def unfinished(self) -> int:
        """Files that only came in part, and that a bucket keeps."""
        if self.address is None:
            return 0
        client: Any = storage._bucket_at(self.address)._client
        return len(client.list_multipart_uploads(Bucket=self.address.name).get("Uploads", []))


@cache
def _server() -> S3:
    server = S3()
    server.start()
    return server


def open_store(kind: str, folder: Path, settings: Settings) -> Store:
    """An empty one, in which media is kept from now on."""
    settings.MEDIA_ROOT = folder
    if kind == "folder":
        settings.MEDIA_BUCKET = None
        return Store(kind, folder, None)
    settings.MEDIA_BUCKET = address = _server().bucket(f"media-{uuid4().hex}")
    settings.SCRATCH_DIR = folder / "scratch"
    return Store(kind, folder, address)


def put(path: Path, data: bytes) -> None:
    """Make a file of the store."""
    with storage.arriving(path) as arriving:
        arriving.write_bytes(data)


def kept(path: Path) -> bytes:
    """What a file of the store holds."""
    with storage.at_hand(path) as here:
        return here.read_bytes()
