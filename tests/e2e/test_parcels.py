"""A project goes out whole and comes in elsewhere, as an admin does it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.editor import draw_box, opened, serious_in_each_theme, wait_until_saved
from tracking.types import Box

LONG_MS = 120_000
SHAPES = "globalThis.framewise?.store.queries.shapesAt(0).length === 1"


def test_a_project_is_exported_and_imported_in_another_workspace(
    person: Page, product: Product, client: Client, video: int, tmp_path: Path
) -> None:
    page = opened(person, product, video)
    draw_box(page, Box(100, 100, 300, 250))
    wait_until_saved(page)

    page.goto(f"{product.url}/projects/{client.demo_project()}/settings/")
    page.get_by_role("button", name="Export the project whole").click()
    files = page.get_by_role("list", name="Files")
    expect(files.get_by_text("Ready")).to_be_visible(timeout=LONG_MS)
    expect(files).to_contain_text(re.compile(r"1 project, 10 labels, .*\d+ videos?"))
    assert serious_in_each_theme(page) == []
    shoot(page, "export")
    with page.expect_download() as coming:
        files.get_by_role("link", name="Download").click()
    file = tmp_path / coming.value.suggested_filename
    coming.value.save_as(file)
    assert file.name == "Demo project.framewise.zip"

    page.goto(f"{product.url}/workspaces/new/")
    page.get_by_label("Name").fill("Elsewhere")
    page.get_by_role("button", name=re.compile("make|create", re.I)).click()
    page.get_by_role("link", name="Import a project").click()
    page.get_by_label("Choose a project").set_input_files(file)
    imports = page.get_by_role("list", name="Imports")
    expect(imports.get_by_text("Imported", exact=True)).to_be_visible(timeout=LONG_MS)
    expect(imports).to_contain_text("Members of this workspace:")
    assert serious_in_each_theme(page) == []
    shoot(page, "import")
    imports.get_by_role("link", name="Demo project").click()
    page.wait_for_url(re.compile(r"/projects/\d+/"))
    there = int(page.url.rstrip("/").rpartition("/")[2])
    assert there != client.demo_project()
    (name,) = [
        each["name"] for each in client.get("/api/videos/", project=client.demo_project()) if each["id"] == video
    ]
    (new,) = [each["id"] for each in client.get("/api/videos/", project=there) if each["name"] == name]
    client.until_ready(new)
    opened(page, product, new)
    page.wait_for_function(SHAPES)
    shoot(page, "editor")


def shoot(page: Page, name: str) -> None:
    folder = os.environ.get("SHOTS")
    if not folder:
        return
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        page.screenshot(path=f"{folder}/{name}-{theme}.png", full_page=True)
