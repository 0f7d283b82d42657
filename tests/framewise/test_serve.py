from __future__ import annotations

import pytest

from framewise.serve import _children


@pytest.mark.parametrize(("own", "wanted"), [(None, "2"), ("8", "8")])
def test_the_web_process_has_few_heaps_unless_an_admin_wants_more(
    own: str | None, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its threads would have one, and hold on to what was read into it once."""
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    if own is not None:
        monkeypatch.setenv("MALLOC_ARENA_MAX", own)
    web, *others = _children(host="127.0.0.1", port=1, token="", agent=True)
    assert web.environment["MALLOC_ARENA_MAX"] == wanted
    assert {child.environment.get("MALLOC_ARENA_MAX") for child in others} == {own}
