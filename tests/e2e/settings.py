"""The settings of the product under test: its own, but that passwords are hashed fast and locks not waited for long."""

from __future__ import annotations

from typing import Any

from annotator.settings import *  # noqa: F403
from annotator.settings import DATABASES as OWN

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LOCK_S = 8
"""How long a connection waits for somebody else's lock. Long enough for what a loaded machine does meanwhile."""

DATABASES: dict[str, Any] = {"default": dict(OWN["default"])}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    options = DATABASES["default"]["OPTIONS"]
    DATABASES["default"]["OPTIONS"] = {
        **options,
        "timeout": LOCK_S,
        "init_command": options["init_command"].replace("busy_timeout=20000", f"busy_timeout={1000 * LOCK_S}"),
    }
