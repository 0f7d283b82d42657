"""Tries of a model on a frame: what it begins from, what comes of it, and what the person is told."""

from __future__ import annotations

import io
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from queue import Queue

import numpy as np
import pytest
from PIL import Image

from tests.tracking.fakes import FakeVideo
from tracking.previews import Previews
from tracking.protocol import ClickAt, Preview, Previewed, VideoAccess, prompt_row
from tracking.segmenter import Segmented
from tracking.session import Pictures
from tracking.shapes.chunks import Kind
from tracking.shapes.payloads import shape_of
from tracking.trying import MOST_SIDE, Meant, begin_with, picture_of
from tracking.types import Box, Click, Frame, Mask, Points, PromptError, TrackingError

BOX = Box(10, 20, 30, 40)
FRAME = Frame(3, np.zeros((80, 100, 3), np.uint8))


class Squares:
    """Cuts out 11 x 11 px around the first click, or the box; nothing beside the picture's left half."""

    def __init__(self, score: float = 0.9) -> None:
        self.score = score

    def embed(self, image: object) -> object:
        return image

    def segment(
        self, embedding: object, clicks: Sequence[Click], box: Box | None = None, previous: Mask | None = None
    ) -> Segmented:
        x, y = (clicks[0].x, clicks[0].y) if clicks else box.centre if box else (0.0, 0.0)
        return Segmented(Mask(int(x) - 5, int(y) - 5, np.full((11, 11), x < 50)), self.score)


class Desk:
    """Asks, and hears what is told."""

    def __init__(self, score: float = 0.9) -> None:
        self.video, self.told = FakeVideo(), Queue[Previewed]()

        def open_video(access: VideoAccess, cancelled: Callable[[], bool]) -> AbstractContextManager[Pictures]:
            return self.video.opened()

        self.previews = Previews(open_video, create_segmenter=lambda model: Squares(score))  # type: ignore[arg-type, return-value]

    def ask(self, model: str, task: str = "follow", *, frame: int = 3, picture: str = "", **more: object) -> Previewed:
        access = VideoAccess(key="v", source="/s", index="/i", width=100, height=80, frame_count=100)
        asked = {"preview": "a", "task": task, "model": model, "frame": frame, "last": frame + 4, "picture": picture}
        request = Preview.model_validate(asked | {"video": None if picture else access} | more)
        self.previews.ask(request, self.told.put)
        while (told := self.told.get(timeout=30)).stage in ("fetching", "looking"):
            pass
        return told


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("FRAMEWISE_EXTRA_TRACKERS", "tests.tracking.fakes:ENTRIES")
    desk = Desk()
    yield desk
    desk.previews.close()


def base64_of(picture: Image.Image, kind: str = "PNG") -> str:
    file = io.BytesIO()
    picture.save(file, kind)
    return b64encode(file.getvalue()).decode()


PICTURE = base64_of(Image.new("RGB", (9, 9)))


def test_a_box_is_followed_over_the_next_frames(desk: Desk) -> None:
    told = desk.ask("drifting", box=tuple(BOX))
    assert (told.stage, told.notes, told.message) == ("done", [], "")
    rows = [prompt_row(shape) for shape in told.shapes]
    assert [(row.frame, row.bounds[0]) for row in rows] == [(3 + step, 10 + step) for step in range(5)]
    assert desk.video.open == 0


def test_windowed_models_are_heard_to_their_end(desk: Desk) -> None:
    told = desk.ask("windowed", box=tuple(BOX))
    assert [prompt_row(shape).frame for shape in told.shapes] == [3, 4, 5, 6, 7]


def test_a_model_of_masks_begins_from_what_is_cut_out(desk: Desk) -> None:
    told = desk.ask("masking", clicks=[ClickAt(x=20, y=30, positive=True)], segmenter="squares")
    first = prompt_row(told.shapes[0])
    assert (first.kind, first.bounds) == (Kind.MASK, (15, 25, 26, 36))
    assert told.notes[0].startswith("The object was cut out first, in ")


def test_where_nothing_cuts_objects_out_all_of_the_box_is_followed_and_that_is_said(desk: Desk) -> None:
    told = desk.ask("masking", box=tuple(BOX))
    assert prompt_row(told.shapes[0]).bounds == tuple(BOX)
    assert told.notes == ["Nothing on this machine cuts objects out, so that all that lies in the box was followed."]
    told = desk.ask("masking", clicks=[ClickAt(x=20, y=30, positive=True)])
    assert (told.stage, "drag a box" in told.message) == ("failed", True)


def test_an_end_before_the_last_frame_is_said(desk: Desk) -> None:
    told = desk.ask("drifting", box=(60, 20, 90, 40), frame=97)
    assert (len(told.shapes), told.notes) == (3, ["The video ends with frame 99."])
    desk.previews._create = lambda model: __import__("tests.tracking.fakes", fromlist=["x"]).Drifting(by=40)
    told = desk.ask("drifting", box=(60, 20, 90, 40))
    assert told.notes == ["It left the picture on frame 4: the model followed it no further."]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"model": "nonsense", "box": BOX}, "none of them"),
        ({"model": "broken", "box": BOX}, "The model broken failed"),
        ({"model": "drifting", "box": (10, 10, 10, 10)}, ""),
        (
            {"model": "drifting", "box": BOX, "picture": base64_of(Image.new("RGB", (9, 9)))},
            "a picture has no next frame",
        ),
        ({"model": "squares", "task": "click", "clicks": [ClickAt(x=80, y=30, positive=True)]}, "finds nothing where"),
    ],
)
def test_what_fails_says_why_and_the_next_try_works(desk: Desk, asked: dict[str, object], words: str) -> None:
    told = desk.ask(**asked)  # type: ignore[arg-type]
    assert (told.stage, words in told.message) == ("failed", True), told
    assert told.message
    assert desk.ask("drifting", box=tuple(BOX)).stage == "done"


def test_clicks_are_answered_on_a_picture_that_comes_along(desk: Desk) -> None:
    picture = base64_of(Image.new("RGB", (100, 80)), "JPEG")
    told = desk.ask("squares", "click", picture=picture, frame=0, clicks=[ClickAt(x=20, y=30, positive=True)])
    (shape,) = told.shapes
    assert (prompt_row(shape).frame, prompt_row(shape).bounds, told.notes) == (0, (15, 25, 26, 36), [])
    assert desk.video.decoded == []


def test_an_unsure_mask_is_said_to_be_one() -> None:
    desk = Desk(score=0.2)
    told = desk.ask("squares", "click", clicks=[ClickAt(x=20, y=30, positive=True)])
    assert told.notes == ["It is only 20 % sure of this mask."]
    desk.previews.close()


def test_a_try_that_nobody_waits_for_ends_within_a_step(desk: Desk) -> None:
    seen = threading.Event()
    steps: list[int] = []

    class Endless:
        def __init__(self) -> None:
            from tests.tracking.fakes import Drifting

            self.inner = Drifting()

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def step(self, frame: Frame) -> object:
            steps.append(frame.number)
            desk.previews.drop("a")
            seen.set()
            return self.inner.step(frame)

    desk.previews._create = lambda model: Endless()  # type: ignore[assignment, return-value]
    access = VideoAccess(key="v", source="/s", index="/i", width=100, height=80, frame_count=100)
    desk.previews.ask(
        Preview(preview="a", task="follow", model="drifting", video=access, frame=3, last=30, box=tuple(BOX)),
        desk.told.put,
    )
    assert seen.wait(30)
    desk.previews._create = __import__("tracking.catalog", fromlist=["create"]).create
    assert desk.ask("drifting", box=tuple(BOX)).stage == "done"
    assert steps == [4]


def test_what_each_kind_of_model_begins_from() -> None:
    clicked = Meant([Click(20, 30, positive=True), Click(1, 1, positive=False)])
    squares: Callable[[], Squares] = Squares
    assert begin_with(FRAME, Meant(box=BOX), ["box", "mask"], squares)[0] == BOX  # type: ignore[arg-type]
    points, _ = begin_with(FRAME, clicked, ["points"], None)
    assert isinstance(points, Points)
    assert points.xy.tolist() == [[20, 30]]
    box, told = begin_with(FRAME, clicked, ["box"], squares)  # type: ignore[arg-type]
    assert (box, len(told)) == (Box(15, 25, 26, 36), 1)
    with pytest.raises(PromptError, match="follows points: click"):
        begin_with(FRAME, Meant(box=BOX), ["points", "polygon"], squares)  # type: ignore[arg-type]
    assert isinstance(begin_with(FRAME, Meant(box=BOX), ["mask"], None)[0], Mask)


def test_pictures_are_read_within_bounds() -> None:
    frame = picture_of(base64_of(Image.new("L", (7, 5), 200), "WEBP"))
    assert (frame.number, frame.image.shape, int(frame.image[2, 3, 1]) > 190) == (0, (5, 7, 3), True)
    for wrong, words in (
        ("?", "base64"),
        (b64encode(b"GIF89a nothing").decode(), "can't be read"),
        (base64_of(Image.new("1", (MOST_SIDE + 1, 1))), "4096 px a side"),
        (b64encode(bytes(2 * 10**6)).decode(), "1,572,864 bytes at most"),
    ):
        with pytest.raises(TrackingError, match=words):
            picture_of(wrong)


def test_a_shape_can_be_read_back(desk: Desk) -> None:
    (shape, *_) = desk.ask("drifting", box=tuple(BOX)).shapes
    assert shape_of(prompt_row(shape)) == BOX
