"""An agent as a service of its user, which systemd starts with the machine and again when it ends."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from framewise.kept import home

NAME = "framewise-agent"
UNIT = """\
[Unit]
Description=Framewise agent of {server}
Documentation={server}
After=network-online.target

[Service]
ExecStart={command}
Environment={environment}
Restart=always
RestartSec=5
# 2: it was told nonsense; 78: its server lets it in no more.
RestartPreventExitStatus=2 78

[Install]
WantedBy=default.target
"""


class ServiceError(Exception):
    """Why there can be no service, and what to do instead, for the person at the terminal."""


def unit_file() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "systemd" / "user" / f"{NAME}.service"


def unit(server: str, options: list[str]) -> str:
    """The unit: ``options`` are those of ``framewise agent``. The token isn't in it; the agent finds it where it is
    kept."""
    command = [sys.executable, "-m", "framewise", "agent", "--no-restart", *options]
    return UNIT.format(
        server=server.replace("%", "%%"),
        command=" ".join(map(_quoted, command)),
        environment=_quoted(f"FRAMEWISE_AGENT_HOME={home()}"),
    )


def require_systemd() -> None:
    """Raises ServiceError where no service manager of this user answers."""
    if shutil.which("systemctl") is None or _systemctl("show-environment", quiet=True):
        raise ServiceError(
            "systemd doesn't answer for this user, so there can be no service. In a container let Docker restart it "
            "(--restart unless-stopped); elsewhere let your service manager run: "
            f"{sys.executable} -m framewise agent --no-restart"
        )


def install(text: str) -> str:
    """Write a unit, start it, and let it start with the machine.

    Returns:
        What is still to be done by hand; empty: nothing.
    """
    file = unit_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    for command in (["daemon-reload"], ["enable", NAME], ["restart", NAME]):
        if _systemctl(*command):
            raise ServiceError(
                f"`systemctl --user {' '.join(command)}` failed, as said above. The unit is in {file}; "
                "`framewise agent --uninstall-service` takes it away."
            )
    lingers = shutil.which("loginctl")
    if lingers is None or subprocess.run([lingers, "enable-linger"], check=False).returncode:  # noqa: S603
        return (
            "It starts when you sign in. To have it start with the machine, let an administrator run: "
            f"sudo loginctl enable-linger {os.environ.get('USER', '$USER')}"
        )
    return ""


def uninstall() -> bool:
    """Stop the service and remove its unit. False: there is none."""
    file = unit_file()
    if not file.exists():
        return False
    if shutil.which("systemctl") is not None:
        _systemctl("disable", "--now", NAME)
    file.unlink()
    if shutil.which("systemctl") is not None:
        _systemctl("daemon-reload")
    return True


def _systemctl(*arguments: str, quiet: bool = False) -> int:
    hidden = subprocess.DEVNULL if quiet else None
    command = [shutil.which("systemctl") or "systemctl", "--user", *arguments]
    return subprocess.run(command, stdout=hidden, stderr=hidden, check=False).returncode  # noqa: S603


def _quoted(word: str) -> str:
    """As systemd.syntax(7) has it: % and $ mean something to it."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(letter in word for letter in " \"'\\;") else escaped
