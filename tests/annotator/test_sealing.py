from __future__ import annotations

from typing import Any

import pytest

from annotator.sealing import Unreadable, seal, unseal


def test_what_is_sealed_is_read_again_and_can_not_be_seen() -> None:
    sealed = seal("JBSWY3DP", purpose="a")
    assert "JBSWY3DP" not in sealed
    assert sealed != seal("JBSWY3DP", purpose="a")
    assert unseal(sealed, purpose="a") == "JBSWY3DP"


def test_another_key_another_purpose_or_a_changed_letter_reads_nothing(settings: Any) -> None:
    sealed = seal("JBSWY3DP", purpose="a")
    with pytest.raises(Unreadable):
        unseal(sealed, purpose="b")
    with pytest.raises(Unreadable):
        unseal(sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:], purpose="a")
    settings.SECRET_KEY = "another"
    with pytest.raises(Unreadable):
        unseal(sealed, purpose="a")
