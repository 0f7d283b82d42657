"""The name under which a browser saves what it is sent."""

from __future__ import annotations

import re
from urllib.parse import quote

# Control characters, which no header may hold, what separates folders, and halves of characters.
IMPOSSIBLE = re.compile("[\x00-\x1f\x7f-\x9f/\\\\\ud800-\udfff]")
NOT_PLAIN = re.compile('[^\x20-\x7e]|["%]')
STANDS_FOR_ITSELF = "!#$&+-.^_`|~"
"""https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1"""


def attachment(name: str) -> str:
    """The value of ``Content-Disposition`` (RFC 6266) for a file to be saved under a name in whatever script: as
    RFC 8187 writes it, and in ASCII for whoever doesn't read that. Django by itself writes such a header as mail does,
    which Chromium shows as "_"."""
    clean = IMPOSSIBLE.sub("_", name).strip() or "download"
    plain = NOT_PLAIN.sub("_", clean)
    encoded = quote(clean, safe=STANDS_FOR_ITSELF)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
