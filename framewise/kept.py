"""What an agent keeps on its machine to be let in again: its server's address, its token, and how it gets there."""

from __future__ import annotations

import os
from pathlib import Path

SERVER, TOKEN = "FRAMEWISE_SERVER", "FRAMEWISE_AGENT_TOKEN"


def home() -> Path:
    """The folder of what ``connect.py`` installs and keeps; ``FRAMEWISE_AGENT_HOME`` names another one."""
    return Path(os.environ.get("FRAMEWISE_AGENT_HOME") or "~/.local/share/framewise-agent").expanduser()


def load() -> dict[str, str]:
    """What ``connect.py`` kept, by the names of environment variables; nothing where nothing is."""
    try:
        lines = (home() / "agent.env").read_text().splitlines()
    except OSError:
        return {}
    return {name: value for name, separator, value in (line.partition("=") for line in lines) if separator}


def save(server: str, token: str) -> None:
    """Keep who lets this machine in, for this user alone, beside what is kept already."""
    file = home() / "agent.env"
    values = load() | {SERVER: server, TOKEN: token}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=True)
    file.chmod(0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def update_command(server: str) -> str:
    """What installs the agent of ``server`` on this machine, anew too; the token is kept here."""
    return (
        f"""python3 -c "from urllib.request import urlopen; exec(urlopen('{server.rstrip("/")}/connect.py').read())\""""
    )


def remembered() -> dict[str, str]:
    """The same; how this machine gets to its server and where it keeps files is put into the environment too, behind
    what is there."""
    known = load()
    for name, value in known.items():
        if name not in (SERVER, TOKEN):
            os.environ.setdefault(name, value)
    return known
