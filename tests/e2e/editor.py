"""What a person does in the editor, and what they see there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tracking.shapes.chunks import Flag, Row
from tracking.types import Box

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
RUN_MS = 60_000
"""How long a run may take at the most on a busy machine."""


def opened(page: Page, product: Product, video: int, query: str = "?frame=0") -> Page:
    page.goto(f"{product.url}/videos/{video}/edit/{query}")
    page.wait_for_selector("#stage[data-frame]")
    expect(page.locator("[data-saved]")).to_have_attribute("data-saved", "saved")
    return page


def on_page(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where a point of the video (px) lies on the page."""
    script = """([x, y]) => {
      const view = framewise.store.session.view.value
      const stage = document.getElementById('stage').getBoundingClientRect()
      return [stage.left + view.x + x * view.scale, stage.top + view.y + y * view.scale]
    }"""
    left, top = page.evaluate(script, [x, y])
    return left, top


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
    """Drag from one point of the video to another."""
    begin, finish = on_page(page, *start), on_page(page, *end)
    page.mouse.move(*begin)
    page.mouse.down(button=button)
    page.mouse.move(*finish, steps=4)
    page.mouse.up(button=button)


def draw(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.keyboard.press("n")
    drag(page, start, end)


def draw_box(page: Page, box: Box) -> str:
    """Draw a box; returns the id of the new track, which is selected."""
    draw(page, (box.x1, box.y1), (box.x2, box.y2))
    track: str = page.evaluate("[...framewise.store.session.selection.value][0]")
    return track


def go_to(page: Page, frame: int) -> None:
    page.evaluate("frame => framewise.editor.goTo(frame)", frame)
    page.wait_for_selector(f"#stage[data-frame='{frame}']")


def frame_of(page: Page) -> int:
    return int(page.evaluate("framewise.store.session.frame.value"))


def selected_box(page: Page) -> list[int] | None:
    script = """() => {
      const { store } = framewise
      const [track] = store.session.selection.value
      const shape = track && store.queries.shapeAt(track, store.session.frame.value)
      return shape ? shape.bounds.map(Math.round) : null
    }"""
    box: list[int] | None = page.evaluate(script)
    return box


def near(box: list[int] | None, wanted: tuple[int, int, int, int]) -> bool:
    """Whether a box is the wanted one, give or take what a pixel of the screen is worth."""
    return box is not None and all(abs(a - b) <= 3 for a, b in zip(box, wanted, strict=True))


def track_with(page: Page, model: str, family: str = "boxes") -> None:
    """Choose a model for the next runs of boxes, points or masks by the panel's settings."""
    page.locator("details.settings").evaluate("details => (details.open = true)")
    page.get_by_label(f"Model for {family}").select_option(value=model)


def wait_for_row(page: Page, track: str, frame: int) -> None:
    """Wait until the page has the track's row on a frame."""
    script = "([track, frame]) => framewise.store.queries.rowAt(track, frame) !== null"
    wait_for(page, script, [track, frame])


def wait_until_runs_end(page: Page) -> None:
    """Also of one that was asked for and that the server hasn't told of yet: a correction after the end begins one."""
    wait_for(page, "framewise.store.runs.atRest()")


def wait_for(page: Page, script: str, arg: object = None, timeout_ms: float = RUN_MS) -> None:
    """Wait until an expression, or a function of ``arg``, is true. Also on a page that keeps to its policy, where
    Playwright's own way has the page evaluate a text."""
    deadline = monotonic() + timeout_ms / 1000
    while not page.evaluate(script, arg):
        assert monotonic() < deadline, f"This didn't come true in {timeout_ms / 1000:.0f} s: {script}"
        page.wait_for_timeout(50)


def wait_until_saved(page: Page) -> None:
    expect(page.locator("[data-saved]")).to_have_attribute("data-saved", "saved", timeout=RUN_MS)


def rows_here(page: Page, track: str, frames: int) -> dict[int, list[float]]:
    """The boxes that the page has of a track's rows, by frame."""
    script = """([track, frames]) => {
      const rows = [...Array(frames).keys()].map((frame) => framewise.store.queries.rowAt(track, frame))
      return JSON.stringify(rows.filter((row) => row).map(({ frame, bounds }) => [frame, bounds]))
    }"""
    return dict(json.loads(page.evaluate(script, [track, frames])))


def rows_stored(client: Client, layer: int, frames: int) -> Mapping[str, list[Row]]:
    """The rows that the server has, by track, in the order it sent them."""
    header, tables = client.window(layer, 0, frames - 1)
    return {
        track["id"]: [row for table in tables.get(track["id"], []) for row in table.rows()]
        for track in header["tracks"]
    }


def keyframes(rows: list[Row]) -> dict[int, Box]:
    return {row.frame: Box(*row.bounds) for row in rows if row.flags & Flag.KEYFRAME}


def serious(page: Page, *rules: str) -> list[str]:
    """Serious violations of accessibility rules, as axe finds them; of these rules alone where some are named."""
    if not page.evaluate("'axe' in globalThis"):
        page.evaluate(AXE.read_text())
    script = """async (rules) => {
      const only = rules.length ? { runOnly: { type: 'rule', values: rules } } : {}
      const { violations } = await axe.run(document, { resultTypes: ['violations'], ...only })
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => `${id}: ${nodes[0].html}`)
    }"""
    found: list[str] = page.evaluate(script, rules)
    return found


def serious_in_each_theme(page: Page) -> list[str]:
    """Like ``serious``, in the theme that the page shows and, by the rules about colours, in the other one."""
    theme = page.evaluate("document.documentElement.dataset.theme")
    other = {"light": "dark", "dark": "light"}[theme]
    found = [f"{theme}: {problem}" for problem in serious(page)]
    show_theme(page, other)
    found += [f"{other}: {problem}" for problem in serious(page, "color-contrast", "link-in-text-block")]
    show_theme(page, theme)
    return found


def show_theme(page: Page, theme: str) -> None:
    page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
    wait_for(page, "!document.getAnimations().some((each) => each instanceof CSSTransition)")
