"""A bucket of an S3-compatible store (AWS, MinIO, Ceph, …): what media needs of it, with its faults in our words.

Needs the extra ``framewise[s3]``. API: https://docs.aws.amazon.com/AmazonS3/latest/API/
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from annotator.config import BucketAddress
from annotator.media.away import MediaAway

log = logging.getLogger(__name__)

MIB = 2**20
LEAST_PART = 8 * MIB
"""S3 takes no part below 5 MiB but the last."""
MOST_PARTS = 9_000
"""S3 takes 10,000."""
AT_ONCE = 4
"""Parts that are sent or fetched side by side."""
CONNECT_S, ANSWER_S, TRIES = 3, 20, 3
"""A store that is away is told as such after at most so many times so long."""
RECENT_S, MOST_RECENT = 30.0, 2_000
DELETED_AT_ONCE = 1_000
NOT_THERE = {"404", "NoSuchBucket", "NoSuchKey", "NotFound", "NoSuchUpload"}


@dataclass(frozen=True, slots=True)
class Told:
    """What a store says of a file. ``etag``: changes with its bytes; ``modified``: seconds since 1970."""

    size: int
    etag: str
    modified: float


def part_size(size: int) -> int:
    """Bytes of each part but the last of a file of ``size`` bytes that comes in parts."""
    return max(LEAST_PART, -(-size // (MOST_PARTS * MIB)) * MIB)


class Bucket:
    """Files by their keys. Every method raises MediaAway where the store doesn't answer, or refuses us."""

    def __init__(self, address: BucketAddress) -> None:
        self.address = address
        self._clients: dict[int, Any] = {}
        self._lock = threading.Lock()
        self._recent: OrderedDict[str, tuple[float, Told]] = OrderedDict()

    # ---------------------------------------------------------------- files

    def told(self, key: str, *, recently: bool = False) -> Told:
        """Size and validators of a file. ``recently``: what was said within RECENT_S is good enough.

        Raises:
            FileNotFoundError: there is none.
        """
        kept = self._recent.get(key)
        if recently and kept is not None and time.monotonic() - kept[0] < RECENT_S:
            return kept[1]
        with self._asking(key):
            head = self._client.head_object(Bucket=self.address.name, Key=self._full(key))
        modified: datetime = head["LastModified"]
        told = Told(int(head["ContentLength"]), str(head["ETag"]).strip('"'), modified.timestamp())
        self._recent[key] = (time.monotonic(), told)
        self._recent.move_to_end(key)
        while len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)
        return told

    def part(self, key: str, first: int, last: int, etag: str) -> bytes:
        """Bytes ``first`` to ``last``, both included, of the file that had this ``etag``. Raises MediaAway also where
        another one has taken its place."""
        where = {"Bucket": self.address.name, "Key": self._full(key)}
        with self._asking(key):
            answer = self._client.get_object(**where, Range=f"bytes={first}-{last}", IfMatch=f'"{etag}"')
            return bytes(answer["Body"].read())

    def read(self, key: str) -> bytes:
        """A small file whole. Raises FileNotFoundError."""
        with self._asking(key):
            return bytes(self._client.get_object(Bucket=self.address.name, Key=self._full(key))["Body"].read())

    def write(self, key: str, data: bytes) -> None:
        """A small file whole."""
        self._forget(key)
        with self._asking(key):
            self._client.put_object(Bucket=self.address.name, Key=self._full(key), Body=data)

    def fetch(self, key: str, target: Path) -> None:
        """Copy a file to a disk. Raises FileNotFoundError, and OSError where the disk is full."""
        with self._asking(key):
            self._client.download_file(self.address.name, self._full(key), str(target), Config=_at_once())

    def put(self, source: Path, key: str) -> None:
        """Copy a file from a disk, in parts; it is there whole or not at all."""
        self._forget(key)
        with self._asking(key):
            self._client.upload_file(str(source), self.address.name, self._full(key), Config=_at_once())

    def keys(self, prefix: str) -> Iterator[tuple[str, float]]:
        """(key, modified) of all files whose keys begin so."""
        pages = self._client.get_paginator("list_objects_v2")
        with self._asking(prefix):
            for page in pages.paginate(Bucket=self.address.name, Prefix=self._full(prefix)):
                for each in page.get("Contents", ()):
                    yield each["Key"][len(self.address.prefix) :], each["LastModified"].timestamp()

    def remove(self, *keys: str) -> None:
        """Files that aren't there are no fault."""
        for at in range(0, len(keys), DELETED_AT_ONCE):
            some = keys[at : at + DELETED_AT_ONCE]
            for key in some:
                self._forget(key)
            listed = [{"Key": self._full(key)} for key in some]
            with self._asking(some[0]):
                answer = self._client.delete_objects(
                    Bucket=self.address.name, Delete={"Objects": listed, "Quiet": True}
                )
            if errors := answer.get("Errors"):
                raise MediaAway(f"{errors[0].get('Code')} on deleting {errors[0].get('Key')}")

    def make(self) -> bool:
        """Make the bucket itself, unless it is there. Returns whether it was made."""
        try:
            with self._asking(""):
                self._client.head_bucket(Bucket=self.address.name)
            return False
        except FileNotFoundError:
            with self._asking(""):
                self._client.create_bucket(Bucket=self.address.name)
            return True

    # ---------------------------------------------------------------- a file that comes in parts

    def begin_parts(self, key: str) -> str:
        """The id under which parts of a file are put. S3 keeps them until it is finished or given up."""
        with self._asking(key):
            answer = self._client.create_multipart_upload(Bucket=self.address.name, Key=self._full(key))
        return str(answer["UploadId"])

    def put_part(self, key: str, upload: str, number: int, data: bytes) -> None:
        """Part ``number``, from 0; the latest of a number counts. Raises FileNotFoundError where it was given up."""
        with self._asking(key):
            self._client.upload_part(
                Bucket=self.address.name, Key=self._full(key), UploadId=upload, PartNumber=number + 1, Body=data
            )

    def finish_parts(self, key: str, upload: str, size: int) -> None:
        """Make the parts one file of ``size`` bytes; all but the last have ``part_size(size)``.

        Raises:
            FileNotFoundError: not all of them are there.
        """
        where = {"Bucket": self.address.name, "Key": self._full(key), "UploadId": upload}
        needed = -(-size // part_size(size))
        with self._asking(key):
            pages = self._client.get_paginator("list_parts").paginate(**where)
            here = [each for page in pages for each in page.get("Parts", ()) if each["PartNumber"] <= needed]
            if len(here) < needed or sum(each["Size"] for each in here) != size:
                raise FileNotFoundError(f"{len(here)} of {needed} parts of {key} are there")
            parts = [{"PartNumber": each["PartNumber"], "ETag": each["ETag"]} for each in here]
            self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    def give_up_parts(self, key: str, upload: str) -> None:
        """Forget what has come of a file."""
        try:
            with self._asking(key):
                self._client.abort_multipart_upload(Bucket=self.address.name, Key=self._full(key), UploadId=upload)
        except FileNotFoundError:
            pass

    # ---------------------------------------------------------------- inside

    @property
    def _client(self) -> Any:
        """Of this process: connections don't outlive a fork."""
        found = self._clients.get(os.getpid())
        if found is None:
            with self._lock:
                found = self._clients.get(os.getpid())
                if found is None:
                    found = _client(self.address)
                    self._clients = {os.getpid(): found}
        return found

    def _full(self, key: str) -> str:
        return f"{self.address.prefix}{key}"

    def _forget(self, key: str) -> None:
        self._recent.pop(key, None)

    @contextmanager
    def _asking(self, key: str) -> Iterator[None]:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            self._forget(key)
            if code in NOT_THERE:
                raise FileNotFoundError(key) from error
            log.warning("The media store on %s: %s", key, error)
            raise MediaAway(code) from error
        except (BotoCoreError, Boto3Error) as error:
            # What the store answered in the midst of a copy in parts is wrapped.
            log.warning("The media store on %s: %s", key, error)
            raise MediaAway(type(error).__name__) from error


@cache
def _at_once() -> Any:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=LEAST_PART, multipart_chunksize=LEAST_PART, max_concurrency=AT_ONCE)


@cache
def _session() -> Any:
    """Shared with tasks that are forked: it has read what describes the service."""
    import boto3

    return boto3.session.Session()


def _client(address: BucketAddress) -> Any:
    from botocore.config import Config

    return _session().client(
        "s3",
        endpoint_url=address.endpoint or None,
        region_name=address.region or None,
        aws_access_key_id=address.access_key or None,
        aws_secret_access_key=address.secret_key or None,
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=ANSWER_S,
            retries={"total_max_attempts": TRIES, "mode": "standard"},
            max_pool_connections=50,
            s3={"addressing_style": address.addressing},
            # Not every store knows the newer checksums; TLS and S3's own ETag guard what is sent.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
