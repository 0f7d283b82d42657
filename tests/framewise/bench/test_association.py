"""What the bench of linking is made of."""

from __future__ import annotations

from framewise.bench.association import frame_ms, kept_kb, walk


def test_most_objects_are_found_on_each_frame_and_look_like_themselves() -> None:
    frames = list(walk(20, 5))
    assert all(10 < len(detections) <= 20 for detections in frames)
    looks = {tuple(one.appearance) for detections in frames for one in detections if one.appearance is not None}
    assert len(looks) == 20


def test_linking_takes_time_and_remembers_no_more_for_a_longer_video() -> None:
    assert frame_ms("bytetrack", 3) > 0
    early, late = kept_kb("ocsort", 350)
    assert early > 1 and late < 2 * early
