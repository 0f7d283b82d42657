"""Who is meant by ``@name`` in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from annotator.actions.errors import ActionError
from annotator.models import User

MOST_MENTIONS = 20
"""People that one comment calls."""
# A username has no @ (actions/people.py), so that one in the middle of a word is an address.
_WORD = re.compile(r"(?<![\w.@+-])@([\w.+-]+)")


def mentions_in(text: str, people: Iterable[User]) -> list[tuple[int, str]]:
    """(user id, word) of everybody of ``people`` whom a text names by ``@`` and their username, whatever its case.

    A sentence may end with a name: dots, plus and minus signs behind it aren't part of it, unless a username is so.

    Raises:
        ActionError: for more than ``MOST_MENTIONS`` people.
    """
    by_name = {person.username.casefold(): person for person in people}
    found: dict[int, str] = {}
    for match in _WORD.finditer(text):
        name = match[1]
        while name and name.casefold() not in by_name:
            name = name[:-1] if name[-1] in ".+-" else ""
        if name:
            found.setdefault(by_name[name.casefold()].pk, f"@{name}")
    if len(found) > MOST_MENTIONS:
        raise ActionError(f"A comment calls at most {MOST_MENTIONS} people; this one calls {len(found)}. Name fewer.")
    return list(found.items())
