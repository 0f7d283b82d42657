"""The settings of tests: everything is in a temporary folder, passwords are hashed fast, scripts needn't be built."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "FRAMEWISE_DATA" not in os.environ:
    os.environ["FRAMEWISE_DATA"] = tempfile.mkdtemp(prefix="framewise-tests-")
    atexit.register(shutil.rmtree, os.environ["FRAMEWISE_DATA"], ignore_errors=True)
# Each process that runs tests has a folder of its own: one may empty what the other counts.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ["FRAMEWISE_DATA"] = str(Path(os.environ["FRAMEWISE_DATA"]) / worker)
# Processes that tests start are the product: with its own settings, in the same folder.
os.environ["DJANGO_SETTINGS_MODULE"] = "annotator.settings"

from annotator.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DJANGO_VITE = {"default": {"dev_mode": True}}
# Each client of a test has the middleware anew, which would look at every static file first.
WHITENOISE_AUTOREFRESH = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # No test loses its power.
    DATABASES["default"]["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"  # noqa: F405
