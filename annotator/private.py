"""What an installation keeps is for the account that it runs as, and nobody else on the machine."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

UMASK = 0o077
OTHERS = stat.S_IRWXG | stat.S_IRWXO

log = logging.getLogger(__name__)


def make_private() -> None:
    """From now on this process and those that it starts make files (0600) and folders (0700) that others can't read."""
    os.umask(UMASK)


def close_to_others(folder: Path) -> int:
    """Take the rights of others away from a folder and all that lies in it: what was made by an older version.

    Returns:
        How many files and folders others had rights to. Those that belong to another account stay as they are, which is
        told in the log.
    """
    found = [folder, *folder.rglob("*")] if folder.exists() else []
    return sum(_close(path) for path in found)


def close_folder(folder: Path) -> None:
    """Take the rights of others away from the folder alone, through which all that lies in it is reached."""
    _close(folder)


def _close(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & OTHERS:
            return False
        path.chmod(stat.S_IMODE(mode) & ~OTHERS)
    except FileNotFoundError:  # A database's log, say, that has gone meanwhile.
        return False
    except PermissionError:
        log.warning("%s can be read by others, and isn't ours to close.", path)
        return False
    return True
