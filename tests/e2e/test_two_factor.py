"""Two-factor sign-in as a person sets it up and uses it."""

from __future__ import annotations

import re
import time

import pyotp
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import PASSWORD, Product
from tests.e2e.conftest import sign_in
from tests.e2e.editor import serious_in_each_theme

NAME = "tova"


def make_account(client: Client) -> None:
    """Somebody of this test's own: others sign in as the demo person meanwhile."""
    page = client.http.get("/people/").text
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
    sent = {"username": NAME, "email": f"{NAME}@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token}
    client.http.post("/people/", data=sent, headers={"Referer": client.url}).raise_for_status()


def later_code(secret: str, used: str) -> str:
    """A code that wasn't used: of this step, or of the next, which is taken early."""
    app = pyotp.TOTP(secret)
    return next(code for code in (app.now(), app.at(int(time.time()) + 30)) if code != used)


def test_it_is_set_up_by_the_shown_key_and_asked_for_at_the_next_sign_in(
    browser: Browser, product: Product, client: Client
) -> None:
    make_account(client)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sign_in(page, product.url, NAME)
    page.goto(f"{product.url}/account/")
    page.get_by_role("link", name="Set up").click()
    expect(page.get_by_alt_text("QR code")).to_be_visible()
    secret = page.get_by_role("button", name="Copy the key").get_attribute("data-copy") or ""
    used = pyotp.TOTP(secret).now()
    page.get_by_label("Code").fill(used)
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Switch on").click()
    codes = page.locator(".recovery-codes li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    found = {"codes": serious_in_each_theme(page)}

    sign_out(page)
    give_password(page)
    found["second step"] = serious_in_each_theme(page)
    page.get_by_label("Code").fill(later_code(secret, used))
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Notifications")).to_be_visible()

    sign_out(page)
    give_password(page)
    page.get_by_label("Code").fill(recovery)
    page.keyboard.press("Enter")
    expect(page.get_by_text("9 are left")).to_be_visible()
    assert {where: problems for where, problems in found.items() if problems} == {}
    context.close()


def sign_out(page: Page) -> None:
    page.locator("[data-menu] summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def give_password(page: Page) -> None:
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
