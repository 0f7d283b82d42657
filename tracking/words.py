"""Words that objects are looked for by: what a person may type, and what it means."""

from __future__ import annotations

from collections.abc import Iterable

from tracking.types import TrackingError

MOST_WORDS = 40
"""At once: each costs time on every frame, and all of them together must fit into what a network reads."""
LONGEST_WORD = 100
"""Characters."""
RULE = f"Objects are looked for by 1 to {MOST_WORDS} words or short phrases of at most {LONGEST_WORD} characters"


def split_words(text: str) -> tuple[str, ...]:
    """What a person typed, e.g. ``"traffic cone, person"``: phrases between commas or lines, each once, without the
    spaces around them. They aren't checked yet."""
    phrases = (" ".join(phrase.split()) for phrase in text.replace("\n", ",").split(","))
    return tuple({phrase.casefold(): phrase for phrase in reversed(list(filter(None, phrases)))}.values())[::-1]


def checked_words(words: Iterable[str]) -> tuple[str, ...]:
    """The words as they are. Raises TrackingError where a detector can't look for them, and says which."""
    checked = tuple(words)
    if not checked:
        raise TrackingError(f"{RULE}; none came. Type what to look for, e.g. traffic cone.")
    if len(checked) > MOST_WORDS:
        raise TrackingError(f"{RULE}; {len(checked)} came. Look for some of them at a time.")
    known: set[str] = set()
    for word in checked:
        if len(word) > LONGEST_WORD:
            raise TrackingError(f"{RULE}; one of {len(word):,} came ({word[:20]}…). Shorten it.")
        if not word.isprintable() or not any(map(str.isalnum, word)):
            raise TrackingError(f"A word to look for is made of letters or digits; {word!r} came. Type it anew.")
        if word.casefold() in known:
            raise TrackingError(f"Each word is looked for once; {word!r} came twice. Leave one out.")
        known.add(word.casefold())
    return checked
