"""How a machine is connected: the script that it runs, and the commands that run it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from annotator.agent_package import torch_requirement
from tracking.release import ROOT

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
IMAGE = "python:3.12-slim"


@dataclass(frozen=True, slots=True)
class Commands:
    """What is pasted on a machine: with Python, with Docker alone, and with Docker and an NVIDIA card. ``update``: with
    Python, once more; the token is kept there."""

    python: str
    docker: str
    docker_gpu: str
    update: str


@require_safe
@never_cache
def script(request: HttpRequest) -> HttpResponse:
    """What a machine runs to be connected. It is nobody's secret: it does nothing without a token."""
    filled = _script().replace('SERVER = ""', f"SERVER = {json.dumps(address(request))}", 1)
    return HttpResponse(filled, content_type="text/x-python; charset=utf-8")


@cache
def _script() -> str:
    text = (ROOT / "framewise" / "connect.py").read_text()
    return text.replace('TORCH = ""', f"TORCH = {json.dumps(torch_requirement())}", 1)


def address(request: HttpRequest) -> str:
    """Of this server, as whoever asks reaches it."""
    return f"{request.scheme}://{request.get_host()}"


def commands(server: str, token: str = "") -> Commands:
    """Others can read addresses and the arguments of a process: a token is in neither, but in the environment."""
    python = f"""python3 -c "from urllib.request import urlopen; exec(urlopen('{server}/connect.py').read())\""""
    secret = f"FRAMEWISE_AGENT_TOKEN={token} "
    # A container reaches a server on its own machine by the machine's network only.
    host = "--network host " if urlsplit(server).netloc.rpartition(":")[0] in LOOPBACK else ""

    def docker(more: str) -> str:
        kept = "-e FRAMEWISE_AGENT_TOKEN -e HOME=/agent -v framewise-agent:/agent"
        options = f"--name framewise-agent --restart unless-stopped {more}{host}{kept}"
        return f"{secret}docker run -d {options} {IMAGE} {python}"

    return Commands(python=secret + python, docker=docker(""), docker_gpu=docker("--gpus all "), update=python)
