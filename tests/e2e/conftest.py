"""The product as a person starts it, and a Chromium to use it with."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "correct-horse-battery"
START_S = 90


@dataclass
class Product:
    """One running ``framewise serve`` with its own data folder."""

    url: str
    data: Path
    process: subprocess.Popen[str]
    log: Path

    def pids(self, pattern: str) -> list[int]:
        """Process ids of its children whose command line matches ``pattern``."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                parent = int(re.search(r"PPid:\t(\d+)", (entry / "status").read_text()).group(1))  # type: ignore[union-attr]
            except (OSError, AttributeError):
                continue
            if parent == self.process.pid and re.search(pattern, command):
                found.append(int(entry.name))
        return found

    def kill(self, pattern: str) -> None:
        """``kill -9`` the one child that matches."""
        (pid,) = self.pids(pattern)
        os.kill(pid, signal.SIGKILL)


def start_product(data: Path, **environment: str) -> Product:
    """Start everything on a free port and wait until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data.mkdir(parents=True, exist_ok=True)
    log = data / "serve.log"
    process = subprocess.Popen(
        [sys.executable, "-m", "framewise", "serve", "--port", str(port)],
        env={**os.environ, "FRAMEWISE_DATA": str(data), "FRAMEWISE_ADMIN_PASSWORD": PASSWORD, **environment},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as connection:
            if connection.connect_ex(("127.0.0.1", port)) == 0:
                return Product(url=f"http://127.0.0.1:{port}", data=data, process=process, log=log)
        time.sleep(0.2)
    process.terminate()
    raise AssertionError(f"framewise serve didn't start within {START_S} s:\n{log.read_text()}")


def stop_product(product: Product) -> None:
    product.process.terminate()
    try:
        product.process.wait(30)
    except subprocess.TimeoutExpired:
        product.process.kill()
        raise


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = start_product(tmp_path_factory.mktemp("product"))
    yield running
    stop_product(running)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": CHROMIUM_ARGUMENTS}


def sign_in(page: Page, url: str, username: str = "admin", password: str = PASSWORD) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label(re.compile("user", re.I)).fill(username)
    page.get_by_label(re.compile("password", re.I)).first.fill(password)
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


@pytest.fixture
def person(product: Product, browser: Browser) -> Iterator[Page]:
    """A signed-in admin in a fresh browser context."""
    context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    sign_in(page, product.url)
    yield page
    context.close()
