"""What somebody with an open page is told when another person deletes what they look at, or shuts them out."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import moving_things
from tests.e2e.conftest import cookies_of
from tests.e2e.editor import RUN_MS, drag, draw, opened, track_with, wait_until_saved

SOON_MS = 15_000
AWAY_MS = 1700
FRAMES = 24
PASSWORD = "Sommer-im-Wald-77"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return moving_things(tmp_path_factory.mktemp("clips") / "clip.mp4", 150)


@pytest.fixture
def fresh(client: Client, clip: Path) -> int:
    """A video that the test may delete."""
    video = client.upload(client.demo_project(), clip)
    client.until_ready(video)
    return video


@pytest.fixture
def zoe(product: Product, client: Client, browser: Browser) -> Iterator[Page]:
    """An annotator of the demo workspace, in a browser of her own."""
    name = f"zoe{uuid.uuid4().hex[:6]}"
    join(client, name)
    with Client(product.url, name, PASSWORD) as hers:
        hers.prefer_defaults()
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        context.add_cookies(cookies_of(hers))
    page = context.new_page()
    page.name = name  # type: ignore[attr-defined]
    yield page
    context.close()


def join(client: Client, name: str) -> None:
    """Invite somebody who makes an account and joins; ``test_site.py`` does it with a browser."""
    invited = client.http.post(
        f"/workspaces/{workspace_of(client)}/invitations/", data={"role": "annotator"}, headers=client.headers
    )
    link = re.findall(r"/invite/[\w-]+/", invited.text)[0]
    with httpx.Client(base_url=client.url, timeout=30) as guest:
        page = guest.get(link).raise_for_status().text
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[0]
        form = {"username": name, "email": f"{name}@example.org", "password": PASSWORD, "csrfmiddlewaretoken": token}
        assert guest.post(link, data=form, headers={"Referer": client.url}).status_code == 302


def workspace_of(client: Client) -> str:
    return re.findall(r"/workspaces/(\d+)/", client.http.get("/").text)[0]


def member(client: Client, name: str) -> str:
    page = client.http.get(f"/workspaces/{workspace_of(client)}/members/").text
    return re.findall(r"/members/(\d+)/", page[page.index(name) :])[0]


def delete(client: Client, video: int) -> None:
    client.http.delete(f"/api/videos/{video}", headers=client.headers).raise_for_status()


def requests_of(page: Page) -> list[str]:
    """What the page asks the server for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_a_deleted_video_is_told_at_once_its_run_ends_and_the_page_is_quiet(
    product: Product, client: Client, zoe: Page, fresh: int
) -> None:
    opened(zoe, product, fresh)
    with zoe.expect_response("**/api/me/preferences"):
        track_with(zoe, "unhurried")
    draw(zoe, (60, 60), (160, 160))
    wait_until_saved(zoe)
    zoe.get_by_role("button", name="Track selected").click()
    zoe.wait_for_function("framewise.store.runs.active().length > 0", timeout=RUN_MS)
    delete(client, fresh)
    banner = zoe.get_by_role("alert").filter(has_text="“clip.mp4” was deleted by admin.")
    expect(banner).to_be_visible(timeout=SOON_MS)
    expect(banner).to_contain_text("You had no unsaved changes.")
    expect(zoe.locator("[data-saved]")).to_have_text("Nothing is saved here any more")
    assert zoe.evaluate("framewise.store.runs.active().length") == 0
    expect(zoe.locator(".runs")).to_contain_text("“clip.mp4” was deleted by admin.")
    asked = requests_of(zoe)
    zoe.wait_for_timeout(2000)
    assert asked == []
    text = zoe.locator("body").inner_text()
    assert "Offline" not in text
    assert "404" not in text
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", text)
    banner.get_by_role("link", name="Go to the project").click()
    zoe.wait_for_url(re.compile(r"/projects/\d+/$"))


def test_what_was_not_saved_when_the_video_went_can_be_downloaded(
    product: Product, client: Client, zoe: Page, fresh: int
) -> None:
    opened(zoe, product, fresh)
    zoe.context.set_offline(True)
    expect(zoe.locator("[data-saved]")).to_have_attribute("data-saved", "offline")
    draw(zoe, (60, 60), (160, 160))
    delete(client, fresh)
    zoe.context.set_offline(False)
    banner = zoe.get_by_role("alert").filter(has_text="was deleted by admin.")
    expect(banner).to_contain_text("1 change of yours was not saved.", timeout=20_000)
    with zoe.expect_download() as waiting:
        banner.get_by_role("link", name="Download it").click()
    assert waiting.value.suggested_filename == "clip.mp4-unsaved.json"
    kept = json.loads(Path(waiting.value.path()).read_text())
    assert [operation["op"] for operation in kept["edits"][0]["operations"]] == ["track.create", "shapes.replace"]


def test_an_old_link_to_a_deleted_video_says_so_and_leads_on(
    product: Product, client: Client, zoe: Page, fresh: int
) -> None:
    delete(client, fresh)
    zoe.goto(f"{product.url}/videos/{fresh}/edit/")
    expect(zoe.get_by_role("heading", name="No longer there")).to_be_visible()
    expect(zoe.locator("main")).to_contain_text("“clip.mp4” was deleted by admin.")
    zoe.get_by_role("link", name="Go to Demo project").click()
    zoe.wait_for_url(re.compile(r"/projects/\d+/$"))


def test_who_is_made_a_viewer_and_then_shown_out_is_told_by_whom(
    product: Product, client: Client, zoe: Page, video: int
) -> None:
    opened(zoe, product, video)
    number = member(client, zoe.name)  # type: ignore[attr-defined]
    client.http.post(f"/members/{number}/role/", data={"role": "viewer"}, headers=client.headers).raise_for_status()
    expect(zoe.get_by_role("alert")).to_contain_text("admin gave you the role viewer in", timeout=SOON_MS)
    expect(zoe.get_by_role("alert")).to_contain_text("You can look at this video from now on, but no longer edit it.")
    client.http.post(f"/members/{number}/end/", headers=client.headers).raise_for_status()
    banner = zoe.locator(".gone-banner")
    expect(banner).to_contain_text("admin took you out of", timeout=SOON_MS)
    expect(banner.get_by_role("link", name="Go to your projects")).to_be_visible()
    banner.get_by_role("button", name="Look again").click()
    expect(zoe.get_by_role("heading", name="Not found")).to_be_visible()
    zoe.get_by_role("link", name="Go to your projects").click()
    zoe.wait_for_url(f"{product.url}/")


def test_who_signs_out_in_another_tab_is_asked_to_sign_in(product: Product, zoe: Page, video: int) -> None:
    opened(zoe, product, video)
    other = zoe.context.new_page()
    other.goto(product.url)
    other.locator("details[data-menu] summary").click()
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url(re.compile("/sign-in/"))
    expect(zoe.get_by_text("You are signed out", exact=True)).to_be_visible(timeout=10_000)
    zoe.get_by_role("link", name="Sign in").click()
    zoe.wait_for_url(re.compile("/sign-in/"))


def test_new_names_of_labels_and_video_are_everywhere_at_once(
    product: Product, client: Client, zoe: Page, fresh: int
) -> None:
    project = int(re.findall(r"/projects/(\d+)/", client.http.get(f"/videos/{fresh}/edit/").text)[0])
    labels = client.get(f"/api/projects/{project}/labels")
    opened(zoe, product, fresh)
    draw(zoe, (60, 60), (160, 160))
    wait_until_saved(zoe)
    former = zoe.evaluate("framewise.editor.config.labels[0].name")
    address = f"/api/projects/{project}/labels"
    renamed = [{**labels[0], "name": "renamed thing"}, *labels[1:]]
    client.http.put(address, json={"labels": renamed}, headers=client.headers).raise_for_status()
    try:
        notice = zoe.get_by_role("status").filter(has_text=f"admin renamed the label “{former}” to “renamed thing”.")
        expect(notice).to_be_visible(timeout=SOON_MS)
        expect(zoe.get_by_role("radio", name=re.compile("renamed thing"))).to_be_visible()
        expect(zoe.locator("#side li").filter(has_text="renamed thing 1")).to_be_visible()
        assert zoe.get_by_text(former, exact=True).count() == 0
    finally:
        client.http.put(address, json={"labels": labels}, headers=client.headers).raise_for_status()
    client.http.patch(f"/api/videos/{fresh}", json={"name": "other.mp4"}, headers=client.headers).raise_for_status()
    expect(zoe.get_by_role("heading", name="other.mp4")).to_be_visible(timeout=SOON_MS)
    expect(zoe).to_have_title("other.mp4 · Framewise")


def test_a_label_that_is_deleted_leaves_the_list_and_the_next_object_gets_another(
    product: Product, client: Client, zoe: Page, fresh: int
) -> None:
    project = int(re.findall(r"/projects/(\d+)/", client.http.get(f"/videos/{fresh}/edit/").text)[0])
    address = f"/api/projects/{project}/labels"
    labels = client.get(address)
    added = client.http.put(
        address, json={"labels": [*labels, {"name": "fleeting", "colour": "#123456"}]}, headers=client.headers
    ).json()
    opened(zoe, product, fresh)
    zoe.get_by_role("radio", name=re.compile("fleeting")).click()
    client.http.put(
        address, json={"labels": labels, "removed": [added[-1]["id"]]}, headers=client.headers
    ).raise_for_status()
    expect(zoe.get_by_role("status").filter(has_text="admin deleted the label “fleeting”.")).to_be_visible(
        timeout=SOON_MS
    )
    expect(zoe.get_by_role("radio", name=re.compile("fleeting"))).to_have_count(0)
    draw(zoe, (60, 60), (160, 160))
    wait_until_saved(zoe)
    expect(zoe.locator(".conflict.refused")).to_have_count(0)
    assert zoe.evaluate("framewise.editor.selected().length") == 1


def come_back(*pages: Page) -> None:
    """Somebody was in another window for a while."""
    pages[0].wait_for_timeout(AWAY_MS)
    for page in pages:
        page.evaluate("dispatchEvent(new Event('focus'))")


def project_of(client: Client, video: int) -> int:
    return int(re.findall(r"/projects/(\d+)/", client.http.get(f"/videos/{video}/edit/").text)[0])


def test_a_page_that_one_comes_back_to_shows_what_is_there_now(
    product: Product, client: Client, zoe: Page, fresh: int
) -> None:
    project = project_of(client, fresh)
    zoe.goto(f"{product.url}/projects/{project}/")
    card = zoe.locator(f"[data-video='{fresh}']")
    expect(card).to_be_visible()
    settings, name = f"/projects/{project}/settings/", zoe.get_by_role("heading", level=1).inner_text()
    client.http.post(settings, data={"name": "Another name"}, headers=client.headers).raise_for_status()
    delete(client, fresh)
    try:
        come_back(zoe)
        expect(zoe.get_by_role("heading", name="Another name")).to_be_visible(timeout=SOON_MS)
        expect(card).to_have_count(0)
    finally:
        client.http.post(settings, data={"name": name}, headers=client.headers).raise_for_status()
    come_back(zoe)
    expect(zoe.get_by_role("heading", name=name)).to_be_visible(timeout=SOON_MS)


def test_what_is_typed_on_a_page_stays_when_somebody_changes_what_it_shows(
    product: Product, client: Client, person: Page, video: int
) -> None:
    settings = f"/projects/{project_of(client, video)}/settings/"
    person.goto(product.url + settings)
    name = person.get_by_role("textbox", name="Name").input_value()
    person.get_by_role("textbox", name="Description").fill("half a sent")
    client.http.post(settings, data={"name": "Another name"}, headers=client.headers).raise_for_status()
    try:
        come_back(person)
        notice = person.get_by_role("alert").filter(has_text="Somebody changed this meanwhile.")
        expect(notice).to_be_visible(timeout=SOON_MS)
        expect(person.get_by_role("textbox", name="Description")).to_have_value("half a sent")
        notice.get_by_role("button", name="Load it").click()
        expect(person.get_by_role("textbox", name="Name")).to_have_value("Another name")
    finally:
        client.http.post(settings, data={"name": name}, headers=client.headers).raise_for_status()


def test_who_was_shut_out_or_signed_out_meanwhile_is_told_on_every_page(
    product: Product, client: Client, zoe: Page, video: int
) -> None:
    pages = [zoe, zoe.context.new_page(), zoe.context.new_page()]
    for page, tab in zip(pages, ("", "jobs/", "labels/"), strict=True):
        page.goto(f"{product.url}/projects/{project_of(client, video)}/{tab}")
        expect(page.get_by_role("navigation", name="Where you are")).to_be_visible()
    number = member(client, zoe.name)  # type: ignore[attr-defined]
    client.http.post(f"/members/{number}/end/", headers=client.headers).raise_for_status()
    come_back(*pages)
    for page in pages:
        told = page.get_by_role("alert").filter(has_text="There is nothing here, or it isn't shared with you.")
        expect(told.get_by_role("link", name="Go to your projects")).to_be_visible(timeout=SOON_MS)
    zoe.context.clear_cookies()
    come_back(*pages)
    for page in pages:
        told = page.get_by_role("alert").filter(has_text="You are signed out.")
        expect(told).to_be_visible(timeout=SOON_MS)
        told.get_by_role("link", name="Sign in").click()
        page.wait_for_url(re.compile(r"/sign-in/\?next="))


def test_what_could_not_be_done_with_a_video_stays_on_the_page(
    product: Product, client: Client, person: Page, fresh: int
) -> None:
    person.goto(f"{product.url}/projects/{project_of(client, fresh)}/")
    card = person.locator(f"[data-video='{fresh}']")
    card.get_by_role("button", name="Remove").click()
    person.route(re.compile(rf"/api/videos/{fresh}$"), lambda route: route.abort())
    card.get_by_role("button", name="Remove it and its annotations").click()
    expect(card.get_by_role("alert")).to_contain_text("be reached. Check the connection.")
    person.wait_for_timeout(AWAY_MS)
    expect(card.get_by_role("alert")).to_be_visible()
    person.unroute(re.compile(rf"/api/videos/{fresh}$"))
    delete(client, fresh)
    card.get_by_role("button", name="Remove it and its annotations").click()
    expect(person.get_by_role("alert").filter(has_text="“clip.mp4” was deleted by admin.")).to_be_visible()
    expect(card).to_have_count(0)


def test_an_archived_project_is_read_only_at_once_in_open_editors(
    product: Product, client: Client, zoe: Page, fresh: int
) -> None:
    project = project_of(client, fresh)
    opened(zoe, product, fresh)
    draw(zoe, (60, 60), (160, 160))
    wait_until_saved(zoe)
    archive = f"/projects/{project}/archive/"
    client.http.post(archive, data={"archived": "yes"}, headers=client.headers).raise_for_status()
    try:
        notice = zoe.get_by_role("alert").filter(has_text="admin archived the project")
        expect(notice).to_be_visible(timeout=SOON_MS)
        expect(zoe.locator("[data-read-only]")).to_have_text("Archived: nothing can be changed")
        zoe.keyboard.press("n")
        drag(zoe, (200, 60), (260, 160))
        assert zoe.evaluate("framewise.editor.list.shown.value.length") == 1
        zoe.goto(f"{product.url}/projects/{project}/")
        expect(zoe.get_by_role("complementary", name="Archived")).to_be_visible()
    finally:
        client.http.post(archive, data={"archived": "no"}, headers=client.headers).raise_for_status()
