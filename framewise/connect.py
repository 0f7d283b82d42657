"""Connect this machine to a Framewise server: what the command on its page Neural networks runs.

It needs Python alone and installs into one folder of its own (~/.local/share/framewise-agent, or FRAMEWISE_AGENT_HOME):
a virtual environment, the build of PyTorch that fits this machine, and the agent in the version of the server. Then it
checks all that an agent needs, and starts it. Run again it updates; the token is kept in that folder, readable for this
user alone.

    FRAMEWISE_AGENT_TOKEN   the token, as the page shows it; not needed again
    FRAMEWISE_TORCH_INDEX   where PyTorch is taken from, e.g. https://download.pytorch.org/whl/cu126 for an older driver
    FRAMEWISE_AGENT_START   no: install and check only
    SSL_CERT_FILE           the authority of a server with a certificate of your own
    HTTPS_PROXY, NO_PROXY   a proxy that leads outwards

To take all of it away: `venv/bin/python -m framewise agent --uninstall-service` in that folder if it is a service,
remove the folder, and disconnect the machine on the page.
"""

# Handed out as it is, and run by whichever Python is there: nothing but the standard library, and no syntax above 3.7.
from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

# The server that hands it out fills these in.
SERVER = ""
TORCH = ""
OLDEST = (3, 11)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
GIGABYTE = 10**9
NEEDED_GB = {"cpu": 3, "cuda": 12}
KEPT = [
    "FRAMEWISE_SERVER",
    "FRAMEWISE_AGENT_TOKEN",
    "FRAMEWISE_CACHE",
    "FRAMEWISE_WEIGHTS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
]


class Failed(Exception):
    """A step that can't be done: its name, what is wrong, and the mend."""

    def __init__(self, name: str, said: str, mend: str) -> None:
        super().__init__(said)
        self.name, self.said, self.mend = name, said, mend


def home() -> Path:
    return Path(os.environ.get("FRAMEWISE_AGENT_HOME") or "~/.local/share/framewise-agent").expanduser()


def say(text: str) -> None:
    sys.stderr.write(f"framewise: {text}\n")
    sys.stderr.flush()


def main() -> int:
    token = ""
    try:
        require_python()
        values = settled()
        token = values["FRAMEWISE_AGENT_TOKEN"]
        say(f"Asking {SERVER} for its agent …")
        wheel = fetch_package(token)
        device = "cuda" if has_nvidia() else "cpu"
        require_disk(device)
        python = environment()
        install_torch(python, device)
        install(python, "Package", str(wheel))
        keep(values)
        return begin(python, values)
    except Failed as failed:
        say(f"{failed.name}: {failed.said}\n           {failed.mend}")
        tell_server(token, failed)
        return 1
    except KeyboardInterrupt:
        return 130


def require_python() -> None:
    """Go on in a newer Python where this one is too old."""
    if sys.platform == "win32":
        raise Failed("System", "An agent runs on Linux and macOS.", "On Windows use WSL, or the command for Docker.")
    if sys.version_info >= OLDEST:
        return
    for minor in range(14, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            address = SERVER + "/connect.py"
            again = f"from urllib.request import urlopen; exec(urlopen({address!r}).read())"
            os.execv(found, [found, "-c", again])  # noqa: S606 (an interpreter of the same user's path)
    raise Failed(
        "Python",
        f"An agent needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {platform.python_version()}.",
        "Install it, e.g. by `uv python install 3.12`, and run this command with that one; or use the one for Docker.",
    )


def settled() -> dict[str, str]:
    """What is kept from the last time, and what is in the environment now."""
    values = {}
    file = home() / "agent.env"
    if file.exists():
        for line in file.read_text().splitlines():
            name, separator, value = line.partition("=")
            if separator:
                values[name] = value
    if values.get("FRAMEWISE_SERVER", SERVER) != SERVER and not os.environ.get("FRAMEWISE_AGENT_TOKEN"):
        raise Failed(
            "Token",
            "This machine is connected to " + values["FRAMEWISE_SERVER"] + f", not to {SERVER}.",
            "Copy the command with a token from the page Neural networks of the server that you mean.",
        )
    values.update({name: os.environ[name] for name in KEPT if os.environ.get(name)})
    values["FRAMEWISE_SERVER"] = SERVER
    if not values.get("FRAMEWISE_AGENT_TOKEN"):
        raise Failed(
            "Token",
            f"FRAMEWISE_AGENT_TOKEN is empty, and none is kept in {file}.",
            "Connect a machine on the page Neural networks, and run the command that it shows.",
        )
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if values.get(name):
            os.environ[name] = values[name]
    return values


def fetch_package(token: str) -> Path:
    """The agent as a wheel, from the server itself: its version is the server's."""
    request = Request(SERVER + "/api/agents/package", headers={"Authorization": "Bearer " + token})  # noqa: S310
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310 (the address of the server that handed this out)
            content = answer.read()
            named = re.search(r'filename="([\w.+-]+\.whl)"', answer.headers.get("Content-Disposition", ""))
    except HTTPError as error:
        if error.code in (401, 403):
            raise Failed(
                "Token",
                "The server doesn't know this token, or it was revoked.",
                "Connect the machine anew on the page Neural networks, and run the command that it shows.",
            ) from error
        raise Failed("Server", f"It answered with status {error.code}.", "Look at its log.") from error
    except (URLError, OSError) as error:
        raise Failed(
            "Server",
            f"{SERVER} can't be reached: " + str(getattr(error, "reason", error)),
            "Is the address right from here? A certificate of your own: SSL_CERT_FILE=/path/of/ca.pem. "
            "A proxy: HTTPS_PROXY.",
        ) from error
    if named is None:
        raise Failed("Server", "What it sent is no package.", "Does a proxy in between ask to sign in?")
    home().mkdir(parents=True, exist_ok=True)
    for old in home().glob("*.whl"):
        old.unlink()
    file = home() / named.group(1)
    file.write_bytes(content)
    return file


def has_nvidia() -> bool:
    """Whether the driver of an NVIDIA card answers."""
    tool = shutil.which("nvidia-smi")
    if tool is None or sys.platform == "darwin":
        return False
    listed = subprocess.run([tool, "-L"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    return listed.returncode == 0 and b"GPU" in listed.stdout


def require_disk(device: str) -> None:
    free = shutil.disk_usage(str(home())).free / GIGABYTE
    if not (home() / "venv").exists() and free < NEEDED_GB[device]:
        raise Failed(
            "Disk",
            f"{free:.1f} GB are free in {home()}; PyTorch and the rest take up to {NEEDED_GB[device]} GB.",
            "Make room, or choose another folder with FRAMEWISE_AGENT_HOME.",
        )


def environment() -> str:
    """The interpreter of the agent's own virtual environment, made where there is none that works."""
    folder = home() / "venv"
    python = folder / "bin" / "python"
    asked = [str(python), "-m", "pip", "--version"]
    if python.exists() and subprocess.run(asked, stdout=subprocess.DEVNULL, check=False).returncode == 0:  # noqa: S603
        return str(python)
    say(f"Making a virtual environment in {folder} …")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=False)  # noqa: S603
    if made.returncode:
        raise Failed(
            "Virtual environment",
            f"`{sys.executable} -m venv` failed, as said above.",
            "On Debian and Ubuntu: sudo apt install python3-venv. Then run this command again.",
        )
    return str(python)


def install_torch(python: str, device: str) -> None:
    """The build of PyTorch that fits: with CUDA for an NVIDIA card, without (a tenth of the size) elsewhere."""
    look = (
        "import importlib.metadata as m, importlib.util as u, pathlib as p; f = p.Path(u.find_spec('torch').origin); "
    )
    look += "print(m.version('torch').split('+')[0], any((f.parent / 'lib').glob('*torch_cuda*')))"
    there = subprocess.run([python, "-c", look], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
    version, _, with_cuda = there.stdout.decode().strip().partition(" ")
    chosen = os.environ.get("FRAMEWISE_TORCH_INDEX", "")
    if TORCH.endswith("==" + version) and (device == "cpu" or with_cuda == "True") and not chosen:
        return
    say(f"Installing {TORCH} for " + ("the NVIDIA card …" if device == "cuda" else "the processor …"))
    more = ["--force-reinstall"] if version else []
    if chosen:
        install(python, "Torch", TORCH, "--index-url", chosen, *more)
        return
    if device == "cpu" and sys.platform == "linux" and not has_own_index(python):
        try:
            install(python, "Torch", TORCH, "--index-url", CPU_INDEX, *more)
        except Failed:
            say(f"It isn't to be had from {CPU_INDEX}; taking the build of pip's own index.")
        else:
            return
    install(python, "Torch", TORCH, *more)


def has_own_index(python: str) -> bool:
    """Whether pip is told where to take packages from: that place has the right build, or none at all."""
    told = subprocess.run([python, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, check=False).stdout.decode()  # noqa: S603
    return any(word in told for word in ("index-url", "find-links", "no-index")) or any(
        os.environ.get(name) for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX")
    )


def install(python: str, step: str, *what: str) -> None:
    command = [python, "-m", "pip", "install", "--disable-pip-version-check", "--quiet", *what]
    done = subprocess.run(command, check=False)  # noqa: S603
    if done.returncode:
        raise Failed(
            step,
            f"pip couldn't install {Path(what[0]).name}, as said above.",
            "Without internet: give pip a mirror or a folder of wheels (PIP_INDEX_URL, PIP_FIND_LINKS). "
            "Then run it again.",
        )


def keep(values: dict[str, str]) -> None:
    """For the agent, and for the next time; for this user alone. As ``framewise/kept.py`` does."""
    file = home() / "agent.env"
    file.touch(mode=0o600, exist_ok=True)
    file.chmod(0o600)
    known = [(name, values.get(name, "")) for name in KEPT]
    file.write_text("".join(f"{name}={value}\n" for name, value in known if value and value.isprintable()))


def begin(python: str, values: dict[str, str]) -> int:
    """Check what an agent needs, then let it work: as the service that is there, or here."""
    variables = dict(os.environ)
    variables.update(values)
    agent = [python, "-m", "framewise", "agent"]
    say("Checking what an agent needs …")
    if subprocess.run([*agent, "--check"], env=variables, check=False).returncode:  # noqa: S603
        say("Mend what failed above, and run the same command again; the token is kept.")
        return 1
    if os.environ.get("FRAMEWISE_AGENT_START") == "no":
        say(f"Installed. Start it with: {python} -m framewise agent")
        return 0
    service = Path("~/.config/systemd/user/framewise-agent.service").expanduser()
    if service.exists() or has_systemd():
        # It shows what it would install, and asks, unless that was said before.
        command = [*agent, "--install-service", *(["--yes"] if service.exists() else [])]
        if subprocess.run(command, env=variables, check=False).returncode == 0:  # noqa: S603
            return 0
    say(f"Ctrl-C ends it. To have it started with this machine: {python} -m framewise agent --install-service")
    sys.stderr.flush()
    os.execve(python, agent, variables)  # noqa: S606
    return 0  # It never gets here.


def has_systemd() -> bool:
    """Whether there is somebody to ask, and a service manager of this user's own."""
    tool = shutil.which("systemctl")
    if tool is None or not sys.stdin.isatty():
        return False
    return subprocess.run([tool, "--user", "show-environment"], stdout=subprocess.DEVNULL, check=False).returncode == 0  # noqa: S603


def tell_server(token: str, failed: Failed) -> None:
    """Let the page show which step failed, where the server is there to be told."""
    if not token or failed.name in ("Token", "Server"):
        return
    check = {"name": failed.name, "state": "failed", "said": failed.said[:600], "mend": failed.mend[:600]}
    report = {"host": platform.node(), "version": "", "checks": [check]}
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    request = Request(SERVER + "/api/agents/checks", json.dumps(report).encode(), headers)  # noqa: S310
    try:
        urlopen(request, timeout=20).close()  # noqa: S310
    except OSError:
        say("The server couldn't be told.")


if __name__ == "__main__":
    sys.exit(main())
