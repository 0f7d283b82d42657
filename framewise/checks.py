"""``framewise agent --check``: what an agent needs on its machine, each thing by its name and with its mend."""

from __future__ import annotations

import asyncio
import json
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from rich.console import Console
from rich.markup import escape
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from tracking.agent import channel_url
from tracking.devices import gpus
from tracking.protocol import PROTOCOL, Check, CheckReport, Release
from tracking.release import release
from tracking.types import TrackingError
from tracking.weights import weights_folder

GIGABYTE = 10**9
TIMEOUT_S = 20.0
TORCH_S = 180.0
"""How long PyTorch may take to be loaded, on a slow disk."""
LEAST_GB, ENOUGH_GB = 1.0, 10.0
SKEW_S = 30.0
"""A clock that is further off spoils what is read of logs, and certificates at worst."""
NVIDIA = "0x10de"
SIGNS = {"passed": "[green]ok[/]", "warned": "[yellow]warning[/]", "failed": "[red]failed[/]"}
ASK_TORCH = (
    "import json, torch; there = torch.cuda.is_available()\n"
    "try:\n    torch.zeros(1).to('cuda' if there else 'cpu').add(1).item(); problem = ''\n"
    "except Exception as error:\n    problem = str(error).strip().splitlines()[0]\n"
    "print(json.dumps([torch.__version__, torch.version.cuda, there, problem]))"
)
console = Console(stderr=True)


def check_machine(server: str, token: str, *, cache: Path, update: str) -> bool:
    """Check everything, say it line by line, and tell the server, whose page shows it.

    Args:
        update: the command that installs the agent anew.

    Returns:
        Whether nothing failed.
    """
    checks = []
    with httpx.Client(base_url=server, timeout=TIMEOUT_S, headers={"Authorization": f"Bearer {token}"}) as http:
        for check in every_check(http, server, token, cache=cache, update=update):
            checks.append(check)
            tell(check)
        report = CheckReport(host=platform.node(), version=release(), checks=checks)
        try:
            http.post("/api/agents/checks", json=report.model_dump(mode="json")).raise_for_status()
        except httpx.HTTPError as error:
            console.print(f"[yellow]The server couldn't be told:[/] {escape(str(error))}", highlight=False)
    return all(check.state != "failed" for check in checks)


def tell(check: Check) -> None:
    line = f"{SIGNS[check.state]:>8} [bold]{check.name}[/]: {escape(check.said)}"
    console.print(line, highlight=False, soft_wrap=True)
    if check.mend:
        console.print(f"         {escape(check.mend)}", highlight=False, soft_wrap=True)


def every_check(http: httpx.Client, server: str, token: str, *, cache: Path, update: str) -> Iterator[Check]:
    """One after the other, as each is done."""
    yield python()
    yield driver()
    yield torch()
    yield disk("Disk of videos", cache)
    yield disk("Disk of weights", weights_folder())
    answer = reach(http)
    yield answer if isinstance(answer, Check) else Check(name="Server", state="passed", said=f"{server} answers.")
    yield asyncio.run(channel(server, token))
    if not isinstance(answer, Check):
        yield clock(answer.now, time.time())
        yield version(answer, update)


def python() -> Check:
    where = "in a virtual environment" if sys.prefix != sys.base_prefix else f"in {sys.prefix}"
    return Check(name="Python", state="passed", said=f"{platform.python_version()} {where}.")


def driver() -> Check:
    """Whether the driver of the NVIDIA cards that are built in answers."""
    found, built_in = gpus(), nvidia_cards()
    if found:
        return Check(name="Driver", state="passed", said=", ".join(device.name for device in found) + ".")
    if not built_in:
        return Check(name="Driver", state="passed", said="There is no NVIDIA card: models run on the processor.")
    return Check(
        name="Driver",
        state="failed",
        said=f"There is an NVIDIA card ({built_in} on the bus), but its driver doesn't answer.",
        mend="Install the driver (Ubuntu: sudo ubuntu-drivers install), restart the machine, and see whether "
        "nvidia-smi lists the card. In a container: docker run --gpus all, with the NVIDIA Container Toolkit.",
    )


def nvidia_cards(bus: Path = Path("/sys/bus/pci/devices")) -> int:
    """How many display controllers of NVIDIA's are on the bus."""
    found = 0
    for card in bus.glob("*"):
        try:
            vendor, kind = (card / "vendor").read_text().strip(), (card / "class").read_text().strip()
        except OSError:
            continue
        found += vendor == NVIDIA and kind.startswith("0x03")
    return found


def torch(ask: Callable[[], subprocess.CompletedProcess[str]] | None = None) -> Check:
    """What PyTorch computes with, asked in a process of its own: it takes hundreds of megabytes."""
    name = "PyTorch"
    try:
        asked = (ask or _ask_torch)()
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name=name, state="failed", said=f"It can't be loaded: {error}", mend="Run the update command.")
    if asked.returncode:
        said = (asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"])[-1]
        return Check(
            name=name,
            state="failed",
            said=f"It can't be loaded: {said[:400]}",
            mend="Run the command of the page Neural networks again: it installs what is lacking.",
        )
    built, cuda, there, problem = json.loads(asked.stdout.strip().splitlines()[-1])
    if not gpus():
        return Check(name=name, state="passed", said=f"{built} computes on the processor.")
    if there and not problem:
        return Check(name=name, state="passed", said=f"{built} computes on the GPU with CUDA {cuda}.")
    if cuda is None:
        return Check(
            name=name,
            state="failed",
            said=f"{built} is a build for processors: the GPU would stay idle.",
            mend="Run the command of the page Neural networks again: it installs the build for CUDA.",
        )
    return Check(
        name=name,
        state="failed",
        said=f"{built} is built for CUDA {cuda} and can't use the GPU{': ' + problem[:300] if problem else ''}.",
        mend="The driver is likely too old for it: update the driver, or take an older build by running the command "
        "again with FRAMEWISE_TORCH_INDEX=https://download.pytorch.org/whl/cu126 before it.",
    )


def _ask_torch() -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", ASK_TORCH]
    return subprocess.run(command, capture_output=True, text=True, timeout=TORCH_S, check=False)  # noqa: S603


def disk(name: str, folder: Path) -> Check:
    """Whether there is room where videos or weights are kept, and whether this user may write there."""
    there = folder.expanduser()
    try:
        there.mkdir(parents=True, exist_ok=True)
        probe = there / ".framewise-check"
        probe.write_bytes(b"1")
        probe.unlink()
        free = shutil.disk_usage(there).free / GIGABYTE
    except OSError as error:
        variable = "FRAMEWISE_WEIGHTS" if "weights" in name else "FRAMEWISE_CACHE"
        return Check(
            name=name,
            state="failed",
            said=f"{there} can't be written to: {error.strerror or error}.",
            mend=f"Give it to this user, or name another folder in {variable}.",
        )
    state = "failed" if free < LEAST_GB else "warned" if free < ENOUGH_GB else "passed"
    mend = "" if state == "passed" else "Make room: a long video takes some gigabytes, weights some hundred MB each."
    return Check(name=name, state=state, said=f"{free:.1f} GB are free in {there}.", mend=mend)


def reach(http: httpx.Client) -> Release | Check:
    """What the server says of itself, or why it can't be asked."""
    mend = (
        "Is the address right from here? A certificate of your own: SSL_CERT_FILE=/path/of/ca.pem. "
        "A proxy: HTTPS_PROXY."
    )
    try:
        answer = http.get("/api/agents/version")
        if answer.status_code in (401, 403):
            return Check(
                name="Server",
                state="failed",
                said="It doesn't know this token, or the token was revoked.",
                mend="Connect the machine anew on the page Neural networks, and run the command that it shows.",
            )
        return Release.model_validate_json(answer.raise_for_status().content)
    except httpx.HTTPStatusError as error:
        said = f"It answered with status {error.response.status_code}."
    except (httpx.HTTPError, ValueError) as error:
        said = f"{http.base_url} can't be reached: {str(error)[:300] or type(error).__name__}"
    return Check(name="Server", state="failed", said=said, mend=mend)


async def channel(server: str, token: str) -> Check:
    """Whether a WebSocket gets through, past every proxy in between. It is closed before it says a word, so that an
    agent that is connected with this token stays."""
    name = "WebSocket"
    try:
        async with asyncio.timeout(TIMEOUT_S):
            async with connect(channel_url(server), additional_headers={"Authorization": f"Bearer {token}"}):
                return Check(name=name, state="passed", said="It gets through.")
    except InvalidStatus as error:
        status = error.response.status_code
        if status in (401, 403):
            return Check(
                name=name,
                state="failed",
                said="It isn't let in with this token.",
                mend="See what is said of the server.",
            )
        said = f"Something in between answered with status {status}."
    except (OSError, InvalidHandshake, TimeoutError, TrackingError) as error:
        said = f"It doesn't get through: {str(error)[:300] or type(error).__name__}"
    mend = (
        "Let the proxy in between pass upgrades to WebSockets on /ws/agent/ "
        "(nginx: proxy_set_header Upgrade $http_upgrade)."
    )
    return Check(name=name, state="failed", said=said, mend=mend)


def clock(theirs: float, ours: float) -> Check:
    """Whether the clocks agree; both in seconds since 1970."""
    off = ours - theirs
    if abs(off) <= SKEW_S:
        return Check(name="Clock", state="passed", said="It agrees with the server's.")
    way = "ahead of" if off > 0 else "behind"
    return Check(
        name="Clock",
        state="warned",
        said=f"It is {abs(off):.0f} s {way} the server's.",
        mend="Let it be set from the network: sudo timedatectl set-ntp true",
    )


def version(theirs: Release, update: str) -> Check:
    """Whether this agent is the server's own version."""
    if theirs.protocol != PROTOCOL:
        return Check(
            name="Version",
            state="failed",
            said=f"The agent is {release()} and speaks protocol {PROTOCOL}; the server is {theirs.version} and speaks "
            f"{theirs.protocol}. It isn't let in.",
            mend=f"Update the agent: {update}",
        )
    if theirs.version != release():
        return Check(
            name="Version",
            state="warned",
            said=f"The agent is {release()}, the server {theirs.version}. They understand each other.",
            mend=f"Update the agent: {update}",
        )
    return Check(name="Version", state="passed", said=f"{release()}, as the server.")
