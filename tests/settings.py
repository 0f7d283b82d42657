"""The settings of tests: everything is in a temporary folder, passwords are hashed fast, scripts needn't be built."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

if "FRAMEWISE_DATA" not in os.environ:
    os.environ["FRAMEWISE_DATA"] = tempfile.mkdtemp(prefix="framewise-tests-")
    atexit.register(shutil.rmtree, os.environ["FRAMEWISE_DATA"], ignore_errors=True)
# Processes that tests start are the product: with its own settings, in the same folder.
os.environ["DJANGO_SETTINGS_MODULE"] = "annotator.settings"

from annotator.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DJANGO_VITE = {"default": {"dev_mode": True}}
