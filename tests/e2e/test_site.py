"""The pages around the editor in a real browser: what their small scripts do."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from framewise.bench.product import Product
from tests.e2e.conftest import sign_in

PASSWORD = "a-password-of-gil"


def new_project(page: Page, product: Product, name: str, labels: str) -> str:
    """Makes a project in the first workspace. Returns its address."""
    page.goto(f"{product.url}/workspaces/1/projects/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Labels").fill(labels)
    page.get_by_role("button", name="Make project").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.url


def test_labels_keep_what_was_typed_until_all_of_it_is_right(person: Page, product: Product) -> None:
    project = new_project(person, product, "Roads", "car\nbus")
    person.goto(f"{project}labels/")
    person.get_by_role("button", name="Add a label").click()
    person.get_by_label("Name of the new label").fill("tram")
    person.get_by_label("Hotkey of tram").fill("1")
    person.get_by_role("button", name="Add an attribute to tram").click()
    person.get_by_label("Name of the new attribute").fill("line")
    person.get_by_role("button", name="Save labels").click()
    expect(person.get_by_text("car has the hotkey 1 already.")).to_be_visible()
    expect(person.get_by_text("A select needs at least one choice.")).to_be_visible()
    expect(person.get_by_label("Name of tram")).to_have_value("tram")

    person.get_by_label("Hotkey of tram").fill("t")
    person.get_by_label("Choices of line").fill("4\n6")
    person.get_by_label("Default of line").select_option("6")
    person.get_by_role("button", name="Save labels").click()
    expect(person.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    person.reload()
    expect(person.get_by_label("Hotkey of tram")).to_have_value("t")
    expect(person.get_by_label("Default of line")).to_have_value("6")


def test_somebody_is_invited_joins_and_is_removed(person: Page, product: Product, browser: Browser) -> None:
    person.goto(f"{product.url}/workspaces/1/members/")
    person.get_by_label("Role", exact=True).select_option("viewer")
    person.get_by_role("button", name="Make a link").click()
    link = person.locator(".copy code").inner_text()

    guests = browser.new_context()
    guest = guests.new_page()
    guest.goto(link)
    guest.get_by_label("Full name").fill("Gil Guest")
    guest.get_by_label("Username").fill("gil")
    guest.get_by_label("E-mail").fill("gil@example.org")
    guest.get_by_label("Password").fill(PASSWORD)
    guest.get_by_role("button", name="Make my account and join").click()
    expect(guest.get_by_role("heading", name="Demo", exact=True)).to_be_visible()
    expect(guest.get_by_role("link", name="New project")).to_have_count(0)

    person.reload()
    person.get_by_label("Role of Gil Guest").select_option("annotator")
    expect(person.get_by_role("status").filter(has_text="Gil Guest has a new role.")).to_be_visible()
    row = person.get_by_role("row").filter(has_text="Gil Guest")
    row.get_by_role("button", name="Remove").click()
    question = person.get_by_role("dialog")
    question.get_by_role("button", name="Cancel").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Remove").click()
    person.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(person.get_by_role("row").filter(has_text="Gil Guest")).to_have_count(0)
    assert guest.goto(f"{product.url}/workspaces/1/").status == 404  # type: ignore[union-attr]
    guests.close()


def test_jobs_are_divided_ticked_and_handed_out(person: Page, product: Product) -> None:
    person.goto(f"{product.url}/projects/1/")
    expect(person.locator('[data-state="ready"]').filter(has_text="demo.mp4")).to_be_visible(timeout=60_000)
    person.goto(f"{product.url}/projects/1/jobs/")
    video = person.get_by_role("region", name="Divide a video into jobs").get_by_label("Video")
    video.select_option(video.locator("option", has_text="demo.mp4").get_attribute("value"))
    person.get_by_label("Frames per job").fill("120")
    person.get_by_role("button", name="Divide").click()
    expect(person.get_by_role("row")).to_have_count(3)
    person.get_by_label("All jobs").check()
    expect(person.get_by_text("2 jobs ticked")).to_be_visible()
    person.get_by_label("Annotator").select_option(label="admin")
    person.get_by_role("button", name="Assign").click()
    expect(person.get_by_role("cell", name="admin")).to_have_count(2)

    person.get_by_role("row").nth(1).get_by_role("button", name="Submit for review").click()
    expect(person.get_by_role("row").nth(1)).to_contain_text("Review")
    person.get_by_label("All jobs").check()
    expect(person.get_by_text("2 jobs ticked")).to_be_visible()
    person.get_by_role("button", name="Remove").click()
    person.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(person.get_by_text("No jobs yet.").or_(person.get_by_role("heading", name="Divide a video"))).to_be_visible()
    expect(person.get_by_role("table")).to_have_count(0)


def test_a_videos_annotations_are_exported_from_the_projects_page(person: Page, product: Product) -> None:
    person.goto(f"{product.url}/projects/1/")
    person.get_by_role("button", name="Export demo.mp4").click(timeout=60_000)
    dialog = person.get_by_role("dialog", name="Export annotations")
    dialog.get_by_label("MOTChallenge").check()
    dialog.get_by_role("button", name="Export 1 video").click()
    with person.expect_download() as download:
        dialog.get_by_role("button", name="Download", exact=True).click(timeout=30_000)
    assert download.value.suggested_filename.startswith("demo-mot")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_the_theme_is_the_systems_until_somebody_chooses(product: Product, browser: Browser) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    sign_in(page, product.url)
    root = page.locator("html")
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Light or dark").click()
    expect(root).to_have_attribute("data-theme", "light")
    page.goto(f"{product.url}/account/")
    expect(root).to_have_attribute("data-theme", "light")
    page.get_by_role("radio", name="Dark").check()
    page.locator("[data-theme-form]").get_by_role("button", name="Save").click()
    expect(root).to_have_attribute("data-theme", "dark")
    page.get_by_role("radio", name="As the system").check()
    page.locator("[data-theme-form]").get_by_role("button", name="Save").click()
    expect(page.get_by_role("radio", name="As the system")).to_be_checked()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    context.close()
