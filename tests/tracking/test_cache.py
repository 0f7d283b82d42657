"""Videos come to the agent once, also over a bad line, and don't fill its disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tracking import cache as module
from tracking.cache import Cancelled, FetchError, VideoCache

BODY = bytes(range(256)) * 40


class Breaks(httpx.SyncByteStream):
    """Sends what it has, then the line is cut."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self.content
        raise httpx.ReadError("line cut")


@dataclass
class Files:
    """A server of files with ranges. ``cut_after``: bytes after which the next answers break off, one each."""

    body: bytes = BODY
    tag: str = '"one"'
    cut_after: list[int] = field(default_factory=list)
    status: int = 200
    says: str = ""
    ranges: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = request.headers.get("Range", "")
        self.ranges.append(asked)
        if self.status != 200:
            return httpx.Response(self.status, json={"message": self.says} if self.says else None)
        first = (
            int(asked.removeprefix("bytes=").rstrip("-")) if asked and request.headers["If-Range"] == self.tag else 0
        )
        rest = self.body[first:]
        headers = {"ETag": self.tag, "Content-Length": str(len(rest))}
        status = 206 if first else 200
        if self.cut_after:
            return httpx.Response(status, headers=headers, stream=Breaks(rest[: self.cut_after.pop(0)]))
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(rest))


def cache(folder: Path, files: Files, limit: int = 1 << 20) -> VideoCache:
    http = httpx.Client(transport=httpx.MockTransport(files), base_url="http://server")
    return VideoCache(folder, limit, http, pause_s=0)


def test_a_video_is_fetched_once(tmp_path: Path) -> None:
    files = Files()
    videos = cache(tmp_path, files)

    for _ in range(2):
        with videos.video("key", {"source": "/s", "index": "/i"}) as paths:
            assert paths["source"].read_bytes() == paths["index"].read_bytes() == BODY

    assert files.ranges == ["", ""]


def test_a_broken_fetch_goes_on_where_it_was(tmp_path: Path) -> None:
    files = Files(cut_after=[1000, 500])

    with cache(tmp_path, files).video("key", {"source": "/s"}) as paths:
        assert paths["source"].read_bytes() == BODY

    assert files.ranges == ["", "bytes=1000-", "bytes=1500-"]


def test_it_goes_on_after_the_agent_was_started_again(tmp_path: Path) -> None:
    files = Files(cut_after=[1000] * module.ATTEMPTS)
    with pytest.raises(FetchError, match="line cut"), cache(tmp_path, files).video("key", {"source": "/s"}):
        pass

    files.ranges.clear()
    with cache(tmp_path, files).video("key", {"source": "/s"}) as paths:
        assert paths["source"].read_bytes() == BODY
    assert files.ranges == ["bytes=6000-"]


def test_a_file_that_changed_is_fetched_from_its_beginning(tmp_path: Path) -> None:
    files = Files(cut_after=[1000] * module.ATTEMPTS)
    with pytest.raises(FetchError), cache(tmp_path, files).video("key", {"source": "/s"}):
        pass

    files.body, files.tag = b"other", '"two"'
    with cache(tmp_path, files).video("key", {"source": "/s"}) as paths:
        assert paths["source"].read_bytes() == b"other"


def test_the_video_used_longest_ago_makes_room(tmp_path: Path) -> None:
    videos = cache(tmp_path, Files(), limit=2 * len(BODY) + 100)
    for age, key in enumerate(["old", "older"]):
        with videos.video(key, {"source": "/s"}) as paths:
            pass
        os.utime(paths["source"].parent, (1000 - age, 1000 - age))

    with videos.video("new", {"source": "/s"}):
        pass

    assert sorted(entry.name for entry in tmp_path.iterdir() if entry.is_dir()) == ["new", "old"]


def test_a_video_in_use_stays(tmp_path: Path) -> None:
    videos = cache(tmp_path, Files(), limit=len(BODY) + 100)

    with videos.video("used", {"source": "/s"}) as used:
        with videos.video("new", {"source": "/s"}):
            pass
        assert used["source"].read_bytes() == BODY


def test_a_video_larger_than_the_cache_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="--cache-gb"), cache(tmp_path, Files(), 100).video("key", {"source": "/s"}):
        pass


@pytest.mark.parametrize(
    ("status", "says"), [(403, "expired"), (404, "expired"), (503, "status 503"), (418, "status 418")]
)
def test_a_refusal_says_what_to_do(tmp_path: Path, status: int, says: str) -> None:
    with pytest.raises(FetchError, match=says), cache(tmp_path, Files(status=status)).video("k", {"source": "/s"}):
        pass


def test_a_refusal_has_the_servers_own_words(tmp_path: Path) -> None:
    files = Files(status=404, says="This video was deleted.")
    with (
        pytest.raises(FetchError, match=r"no more\. This video was deleted"),
        cache(tmp_path, files).video("key", {"source": "/s"}),
    ):
        pass


def test_a_stopped_run_stops_fetching(tmp_path: Path) -> None:
    with pytest.raises(Cancelled), cache(tmp_path, Files()).video("key", {"source": "/s"}, lambda: True):
        pass


def test_a_key_cannot_leave_the_folder(tmp_path: Path) -> None:
    with cache(tmp_path / "cache", Files()).video("../../evil", {"source": "/s"}) as paths:
        assert tmp_path / "cache" in paths["source"].parents
        assert ".." not in str(paths["source"])
