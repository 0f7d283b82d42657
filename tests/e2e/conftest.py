"""The product as a person starts it, and a Chromium to use it with."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import CHROMIUM, CHROMIUM_ARGUMENTS, PASSWORD, USERNAME, Product
from framewise.bench.videos import moving_object
from tests.e2e.editor import opened

ENVIRONMENT = {
    "PYTHONPATH": os.pathsep.join(filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])),
    "FRAMEWISE_EXTRA_TRACKERS": "tests.e2e.trackers:ENTRIES",
    "FRAMEWISE_EXTRA_FINDERS": "tests.e2e.trackers:FINDERS",
    "FRAMEWISE_EXTRA_DETECTORS": "tests.e2e.trackers:DETECTORS",
    "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
}


# What is waited for in a page comes within it on a loaded machine too.
expect.set_options(timeout=20_000)

TIMEOUT_S = 300
"""A test that starts and kills products, or the first one of a module, takes its time on a loaded machine."""

LONGEST = (
    *("test_stores", "test_player_frames", "test_following_kinds", "test_faults"),
    *("test_main_loop", "test_pages", "test_gone"),
)
"""Files that begin first, so that no process is left with a long one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    for item in here:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))
    here.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))
    items[:] = [*(item for item in items if item not in here), *here]


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One for all tests: starting it takes seconds."""
    folder = tmp_path_factory.mktemp("product")
    running = Product.start(folder, ENVIRONMENT | {"FRAMEWISE_WEIGHTS": str(folder / "weights-of-the-agent")})
    yield running
    running.stop()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Chromium without its windows, where it is installed: the same engine for half the processor time."""
    path = shutil.which("chromium-headless-shell") or CHROMIUM
    return {**browser_type_launch_args, "executable_path": path, "args": CHROMIUM_ARGUMENTS}


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Browser:
    """Its pages let tests wait for expressions, which Playwright has the page itself evaluate: the policy forbids it.
    ``test_pages.py`` has pages that keep to it."""
    browser.new_context = partial(browser.new_context, bypass_csp=True)  # type: ignore[method-assign]
    browser.new_page = partial(browser.new_page, bypass_csp=True)  # type: ignore[method-assign]
    return browser


def sign_in(page: Page, url: str, username: str = USERNAME, password: str = PASSWORD) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label(re.compile("user", re.I)).fill(username)
    page.get_by_label(re.compile("password", re.I)).first.fill(password)
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    page.wait_for_url(lambda address: "/sign-in" not in address)


def cookies_of(client: Client) -> list[Any]:
    """What a browser keeps of somebody who is signed in."""
    return [{"name": name, "value": value, "url": client.url} for name, value in client.http.cookies.items()]


@pytest.fixture
def person(product: Product, client: Client, browser: Browser) -> Iterator[Page]:
    """A signed-in admin in a fresh browser context, whose preferences are the defaults."""
    context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 720})
    # The client's session: a password takes long to check, and more tests than one try the form.
    context.add_cookies(cookies_of(client))
    client.prefer_defaults()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def client(product: Product) -> Iterator[Client]:
    """The product without a browser, signed in."""
    with Client(product.url) as client:
        yield client


@pytest.fixture(scope="module")
def video(request: pytest.FixtureRequest, client: Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    """Id of a video of 1280 x 720 px in the demo project, which has a label for every kind of shape.

    It is ``FRAMES`` long where the test file says so.
    """
    clip = tmp_path_factory.mktemp("clips") / f"{request.module.__name__.rpartition('.')[2]}.mp4"
    moving_object(clip, getattr(request.module, "FRAMES", 24))
    number = client.upload(client.demo_project(), clip)
    client.until_ready(number)
    return number


@pytest.fixture
def editor(person: Page, product: Product, video: int) -> Page:
    """The video in the editor."""
    return opened(person, product, video)
