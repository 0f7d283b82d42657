"""Files over HTTP: byte ranges, validators, and never more than a block in memory.

Those in a bucket pass through here too: each request is let in as any other, and browsers know nothing of the bucket.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import http_date, parse_etags, quote_etag

from annotator.media import storage
from annotator.media.downloads import attachment

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
# What a video's address leads to never changes; the browser may keep it, for this person.
FOR_EVER = "private, max-age=31536000, immutable"


def serve_file(
    request: HttpRequest,
    path: Path,
    content_type: str,
    *,
    cache: str = FOR_EVER,
    download_as: str = "",
    encoding: str = "",
) -> HttpResponseBase:
    """A file, or the one range of it that was asked for. ``encoding``: how its bytes are compressed.

    Answers 206 with the range, 416 for a range beyond the file, 304 for a copy that is still good, 404 for no file;
    several ranges at once are answered with the whole file, as RFC 9110 allows.
    """
    try:
        file = storage.told(path, recently=True)
    except FileNotFoundError as error:
        raise Http404("This file isn't here (any more).") from error
    etag = quote_etag(file.etag)
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Last-Modified": http_date(file.modified),
        "Cache-Control": cache,
        "X-Content-Type-Options": "nosniff",
    }
    if encoding:
        headers["Content-Encoding"] = encoding
    if download_as:
        headers["Content-Disposition"] = attachment(download_as)
    if {etag, "*"} & set(parse_etags(request.headers.get("If-None-Match", ""))):
        return HttpResponse(status=304, headers=headers)
    first, last = 0, file.size - 1
    status = 200
    if wanted := _range(request, etag):
        first, last = _bounds(wanted, file.size)
        if first > last:
            return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{file.size}"})
        status = 206
        headers["Content-Range"] = f"bytes {first}-{last}/{file.size}"
    headers["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        return HttpResponse(status=status, content_type=content_type, headers=headers)
    body = storage.blocks(path, file, first, last)
    return StreamingHttpResponse(body, status=status, content_type=content_type, headers=headers)


def _range(request: HttpRequest, etag: str) -> re.Match[str] | None:
    """The range asked for, if the copy it continues is still this file's."""
    if request.headers.get("If-Range") not in (None, etag):
        return None
    found = RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    return found if found and (found[1] or found[2]) else None


def _bounds(wanted: re.Match[str], size: int) -> tuple[int, int]:
    """First and last byte, both included; first > last when the range lies beyond the file."""
    if not wanted[1]:
        return max(size - int(wanted[2]), 0), size - 1
    return int(wanted[1]), min(int(wanted[2]) if wanted[2] else size - 1, size - 1)
