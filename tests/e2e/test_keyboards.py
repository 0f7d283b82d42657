"""Keyboards other than US ones: real key events with the codes and signs that AZERTY, Czech and German keys send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.editor import frame_of

ALT, CTRL, SHIFT = 1, 2, 8
"""As `Input.dispatchKeyEvent` counts them; Windows says Ctrl and Alt of AltGr."""
Press = Callable[..., None]
ACTIVE = "framewise.editor.config.labels.findIndex(({ id }) => id === framewise.store.session.activeLabel.value) + 1"
SCALE = "framewise.store.session.view.value.scale"


@pytest.fixture
def press(editor: Page) -> Press:
    """Press the key at a place (`code`) that types `key`."""
    browser = editor.context.new_cdp_session(editor)

    def pressed(key: str, code: str, modifiers: int = 0) -> None:
        told: dict[str, Any] = {"key": key, "code": code, "modifiers": modifiers}
        text = {"text": key} if len(key) == 1 and not modifiers & CTRL else {}
        browser.send("Input.dispatchKeyEvent", {"type": "keyDown", **told, **text})
        browser.send("Input.dispatchKeyEvent", {"type": "keyUp", **told})

    return pressed


def choose_first_label(page: Page) -> None:
    page.evaluate("framewise.store.session.activeLabel.value = framewise.editor.config.labels[0].id")


@pytest.mark.parametrize(
    ("key", "code", "modifiers"),
    [
        pytest.param("é", "Digit2", 0, id="AZERTY"),
        pytest.param("2", "Digit2", SHIFT, id="AZERTY and Czech with Shift"),
        pytest.param("ě", "Digit2", 0, id="Czech"),
        pytest.param("2", "Digit2", 0, id="Caps Lock, or a US keyboard"),
        pytest.param("2", "Numpad2", 0, id="number pad"),
    ],
)
def test_a_digit_chooses_its_label_whatever_it_types(
    editor: Page, press: Press, key: str, code: str, modifiers: int
) -> None:
    choose_first_label(editor)
    press(key, code, modifiers)
    editor.wait_for_function(f"({ACTIVE}) === 2")


def test_a_sign_over_a_digit_and_one_of_alt_gr_choose_no_label(editor: Page, press: Press) -> None:
    choose_first_label(editor)
    press("@", "Digit2", SHIFT)
    press("²", "Digit2", CTRL | ALT)
    press("Dead", "Digit2", CTRL | ALT)
    press("€", "KeyE", CTRL | ALT)
    press("Dead", "BracketLeft")
    press("Process", "KeyF")
    assert editor.evaluate(ACTIVE) == 1
    assert frame_of(editor) == 0
    assert editor.evaluate("framewise.store.session.range.value") is None


def test_zero_fits_the_picture_on_azerty_and_czech_keyboards(editor: Page, press: Press) -> None:
    fitted = editor.evaluate(SCALE)
    for key, modifiers in (("à", 0), ("0", SHIFT), ("é", 0)):
        editor.evaluate("framewise.store.session.view.value = { ...framewise.store.session.view.value, scale: 3 }")
        press(key, "Digit0", modifiers)
        editor.wait_for_function(f"{SCALE} === {fitted}")


def test_a_range_is_marked_with_the_brackets_of_a_german_keyboard(editor: Page, press: Press) -> None:
    press("[", "Digit8", CTRL | ALT)
    editor.evaluate("framewise.editor.goTo(7)")
    press("]", "Digit9", CTRL | ALT)
    assert editor.evaluate("framewise.store.session.range.value") == [0, 7]
    press("ü", "BracketLeft")
    assert editor.evaluate("framewise.store.session.range.value") == [7, 7]


def test_help_and_tooltips_show_what_is_printed_on_an_azerty_keyboard(editor: Page, press: Press) -> None:
    for digit, key in enumerate("&é", start=1):
        press(key, f"Digit{digit}")
    press("à", "Digit0")
    press("?", "KeyM", SHIFT)
    help_ = editor.get_by_role("dialog", name="Keyboard help")
    for name, key in (("Label 1", "&"), ("Label 2", "é"), ("Fit", "à")):
        row = help_.locator(".help-row", has=editor.get_by_text(name, exact=True))
        expect(row.locator("kbd").first).to_have_text(key)
    editor.keyboard.press("Escape")
    expect(editor.get_by_role("radiogroup", name="Label of new objects").locator("kbd").nth(1)).to_have_text("é")


def test_a_key_is_given_in_the_same_terms_on_every_keyboard(editor: Page, press: Press) -> None:
    editor.keyboard.press("?")
    dialog = editor.get_by_role("dialog", name="Keyboard help")
    dialog.get_by_role("button", name="Change keys").click()
    dialog.get_by_label("Find an action or a key").fill("next frame")
    dialog.get_by_role("button", name="Add key for Next frame").click()
    press("é", "Digit2")
    expect(dialog.get_by_role("alert")).to_contain_text("é belongs to “Label 2”.")
    dialog.get_by_role("button", name="Take it").click()
    expect(dialog.locator("kbd", has_text="é")).to_be_visible()
    assert editor.evaluate("framewise.editor.keymap.keysOf('frame.next')") == ["F", "ArrowRight", "2"]
    editor.keyboard.press("Escape")
    press("2", "Numpad2")
    assert frame_of(editor) == 1
