from __future__ import annotations

import pytest

from tracking import encoders
from tracking.encoders import ENCODERS, codec_for, has_encoder
from tracking.types import TrackingError


def test_this_pyav_has_an_encoder_for_each_codec() -> None:
    assert all(has_encoder(name) for name in ENCODERS.values())
    assert codec_for() == "h264"
    assert codec_for("vp9") == "vp9"
    assert not has_encoder("libnothing")


def test_without_a_choice_what_is_there_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "has_encoder", lambda name: name != "libx264")
    assert codec_for() == "vp9"
    with pytest.raises(TrackingError, match="libx264, which this installation's PyAV doesn't have"):
        codec_for("h264")
