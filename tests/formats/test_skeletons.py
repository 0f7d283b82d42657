"""Skeletons through the formats that can hold them."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from annotator.formats import find, geometry
from annotator.formats.base import Dataset, LabelInfo, TrackData, VideoInfo
from annotator.formats.cvat.templates import skeleton_of_svg, svg_of
from tests.formats.files import read
from tracking.shapes.chunks import Flag, Kind
from tracking.shapes.skeletons import Joint, Skeleton

PERSON = Skeleton(
    joints=(Joint(name="head", x=0.5, y=0), Joint(name="hip <left>", x=0.25, y=0.5), Joint(name="foot", x=0.3, y=1)),
    edges=((0, 1), (1, 2)),
)
ROW = geometry.point_row(Kind.SKELETON, 4, Flag.KEYFRAME, 1.0, [(50.0, 10.0), (40.5, 60.0), (42.0, 99.0)], [2, 1, 0])


def dataset() -> Dataset:
    labels = (LabelInfo("person", "#ff0000", skeleton=PERSON), LabelInfo("car", "#00ff00"))
    return Dataset(VideoInfo("a.mp4", 640, 360, 5, 25.0), labels, (TrackData(2, "person", [ROW]),), 1)


@pytest.mark.parametrize("format_id", ["framewise", "cvat"])
def test_templates_and_joints_come_back_as_they_were(format_id: str, tmp_path: Path) -> None:
    target = tmp_path / "out"
    find(format_id).write(dataset(), target, {})
    found, _ = read(format_id, target)
    assert [(label.name, label.skeleton) for label in found.labels] == [("person", PERSON), ("car", None)]
    ((row,),) = [track.rows for track in found.tracks]
    assert (row.frame, row.payload, row.bounds) == (ROW.frame, ROW.payload, ROW.bounds)


def test_joints_are_found_by_name_whatever_their_order(tmp_path: Path) -> None:
    source = tmp_path / "annotations.xml"
    label = f"<label><name>person</name><svg>{escape(svg_of(PERSON))}</svg></label>"
    points = "".join(
        f'<points label="{name}" outside="0" occluded="0" points="{x},{x}"/>'
        for name, x in (("foot", 3), ("head", 1), ("hip &lt;left&gt;", 2))
    )
    source.write_text(
        f"<annotations><meta><task><labels>{label}</labels></task></meta>"
        f'<track id="1" label="person"><skeleton frame="0" keyframe="1" outside="0">{points}</skeleton></track>'
        "</annotations>"
    )
    found, _ = read("cvat", source)
    ((row,),) = [track.rows for track in found.tracks]
    assert geometry.vertices(row).tolist() == [[1, 1], [2, 2], [3, 3]]


def test_a_template_goes_through_svg_and_back() -> None:
    assert skeleton_of_svg(svg_of(PERSON)) == PERSON


@pytest.mark.parametrize(
    "svg",
    ["", "<circle", "<circle cx='x' cy='1' data-node-id='1'/>", "<!ENTITY a 'b'>", "<line data-node-from='1'/>"],
)
def test_an_svg_that_is_no_template_is_left_out(svg: str) -> None:
    assert skeleton_of_svg(svg) is None
