"""The page Neural networks, as an admin uses it for a machine without internet."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.tracking.weighty import CONTENT, MODEL


def test_weights_are_uploaded_once_got_by_a_machine_and_its_model_is_ready_without_a_restart(
    person: Page, product: Product, client: Client, tmp_path: Path
) -> None:
    workspace = re.findall(r"/workspaces/(\d+)/", client.http.get("/").text)[0]
    person.goto(f"{product.url}/workspaces/{workspace}/networks/")
    machine = person.get_by_role("article", name="This server")
    # It tells its load every few seconds.
    expect(machine.locator(".chart-line").first).to_be_attached(timeout=60_000)

    row = person.locator(f"tr[data-model={MODEL}]")
    row.get_by_role("button", name="Get Weighty").click()
    dialog = person.get_by_role("dialog", name="Get Weighty")
    expect(dialog.get_by_text("Its authors only link to it")).to_be_visible()
    for content, outcome in ((bytes(len(CONTENT)), "has the SHA-256"), (CONTENT, "On this server")):
        file = tmp_path / "whatever it is called here.bin"
        file.write_bytes(content)
        dialog.get_by_label("Upload weighty.bin").set_input_files(file)
        expect(dialog.get_by_text(outcome)).to_be_visible(timeout=60_000)

    get = dialog.get_by_role("button", name="Get it")
    expect(get).to_be_disabled()
    dialog.get_by_label("I accept this licence, and use it for nothing commercial").check()
    get.click()
    expect(row.locator(".badge.accepted")).to_have_text("This server", timeout=60_000)
    expect(row.get_by_role("button", name="Get Weighty")).to_have_count(0)
