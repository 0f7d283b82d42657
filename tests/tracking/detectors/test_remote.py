"""Detectors that another program serves over HTTP: what is sent, what becomes of answers, and what is refused."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from tracking import catalog
from tracking.detection import Detection
from tracking.detectors.remote.description import RemoteDescription
from tracking.detectors.remote.detector import RemoteDetector, create
from tracking.layers.candidates import Choice
from tracking.types import Frame, TrackingError

FRAME = Frame(0, np.full((60, 100, 3), (200, 30, 0), np.uint8))
SHEEP = {"x": 30, "y": 20, "width": 20, "height": 10, "confidence": 0.9, "class": "sheep", "class_id": 0}


@pytest.fixture
def served() -> Iterator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """A program on this machine that answers as Roboflow Inference does, and what it was asked."""
    asked: list[tuple[str, dict[str, Any]]] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            body = json.dumps({"predictions": [SHEEP], "image": {"width": 100, "height": 60}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def answering(answer: Callable[[httpx.Request], httpx.Response], **told: Any) -> RemoteDetector:
    given = {
        "server": "http://models:9001",
        "protocol": "roboflow",
        "model": "m/1",
        "classes": ["sheep", "dog"],
        **told,
    }
    description = RemoteDescription.model_validate(given)
    choice = Choice(description.classes, 0.25, 0.45, ())
    return RemoteDetector(description, choice, http=httpx.Client(transport=httpx.MockTransport(answer)))


def found(answer: Any, **told: Any) -> list[Detection]:
    (seen,) = answering(lambda request: httpx.Response(200, json=answer), **told).detect([FRAME])
    return seen


def edges(one: Detection) -> tuple[float, float, float, float]:
    return one.box.x1, one.box.y1, one.box.x2, one.box.y2


def test_a_file_that_names_a_server_is_a_detector(
    tmp_path: Path, served: tuple[str, list[tuple[str, dict[str, Any]]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, asked = served
    monkeypatch.setenv("SHEEP_KEY", "hush")
    told = {"server": server, "protocol": "roboflow", "model": "sheep/3", "classes": ["sheep"], "key_from": "SHEEP_KEY"}
    (tmp_path / "mine.json").write_text(json.dumps(told))
    detector = catalog.open_detector(str(tmp_path / "mine.json"), classes=["sheep"], confidence=0.5)
    (seen,) = detector.detect([FRAME])
    assert [(one.label, one.confidence, edges(one)) for one in seen] == [
        ("sheep", pytest.approx(0.9), (20, 15, 40, 25))
    ]
    ((path, body),) = asked
    assert path == "/infer/object_detection"
    assert (body["model_id"], body["confidence"], body["class_filter"]) == ("sheep/3", 0.5, ["sheep"])
    assert body["api_key"] == "hush"
    picture = cv2.imdecode(np.frombuffer(b64decode(body["image"]["value"]), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == FRAME.image.shape
    assert picture[30, 50, ::-1] == pytest.approx(FRAME.image[30, 50], abs=4)


def test_what_is_sent_smaller_comes_back_in_px_of_the_frame(tmp_path: Path) -> None:
    sides: list[tuple[int, ...]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        value = json.loads(request.content)["image"]["value"]
        sides.append(cv2.imdecode(np.frombuffer(b64decode(value), np.uint8), cv2.IMREAD_COLOR).shape)
        return httpx.Response(200, json={"predictions": [SHEEP]})

    detector = answering(answer)
    detector._side = 50
    (seen,) = detector.detect([FRAME])
    assert sides == [(30, 50, 3)]
    assert edges(seen[0]) == (40, 30, 80, 50)


def test_of_several_frames_each_has_its_own_answer() -> None:
    places = iter([10, 70])

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[{"predictions": [{**SHEEP, "x": next(places)}]}])

    first, second = answering(answer).detect([FRAME, FRAME])
    assert (edges(first[0])[0], edges(second[0])[0]) == (0, 60)


def test_a_function_of_cvat_answers_with_shapes_of_any_kind() -> None:
    seen = found(
        [
            {"confidence": "0.9", "label": "sheep", "points": [1, 2, 30, 40], "type": "rectangle"},
            {"confidence": 0.8, "label": "dog", "points": [50, 10, 70, 12, 60, 30], "type": "polygon"},
            {"label": "sheep", "points": [], "type": "mask", "mask": [0, 1, 1, 0, 60, 40, 79, 49]},
        ],
        protocol="cvat",
    )
    assert {(one.label, edges(one)) for one in seen} == {
        ("sheep", (1, 2, 30, 40)),
        ("dog", (50, 10, 70, 30)),
        ("sheep", (60, 40, 80, 50)),
    }


def test_classes_that_the_description_does_not_name_are_left_out_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    detector = answering(lambda request: httpx.Response(200, json={"predictions": [SHEEP, {**SHEEP, "class": "wolf"}]}))
    for _ in range(2):
        (seen,) = detector.detect([FRAME])
        assert [one.label for one in seen] == ["sheep"]
    assert caplog.text.count("wolf") == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(401, text='{"message": "no key"}'), "HTTP 401: .*no key"),
        (httpx.Response(302, headers={"Location": "http://169.254.169.254/"}), "HTTP 302"),
        (httpx.Response(200, text="<html>"), "doesn't answer with JSON"),
        (httpx.Response(200, text="[" * 100_000), "doesn't answer with JSON"),
        (httpx.Response(200, json={"detections": []}), "doesn't answer as roboflow does"),
        (httpx.Response(200, json=[]), "doesn't answer as roboflow does"),
        (httpx.Response(200, text=json.dumps({"predictions": [{**SHEEP, "x": float("nan")}]})), "doesn't answer as"),
        (httpx.Response(200, json={"predictions": [{**SHEEP, "width": None}]}), "doesn't answer as"),
        (httpx.Response(200, content=b" " * (33 * 2**20)), "more than 32 MiB"),
    ],
)
def test_an_answer_that_is_none_is_told(answer: httpx.Response, said: str) -> None:
    with pytest.raises(TrackingError, match=said):
        answering(lambda request: answer).detect([FRAME])


def test_boxes_beyond_the_frame_or_without_size_do_no_harm() -> None:
    beyond = {**SHEEP, "x": 90, "width": 1e35, "confidence": 0.8}
    infinite = {**SHEEP, "x": 1e300, "width": 1e300}
    none = {**SHEEP, "x": 50, "width": -5}
    seen = found({"predictions": [beyond, infinite, none, SHEEP]})
    assert [edges(one) for one in seen] == [(20, 15, 40, 25), (0, 15, 100, 25)]


def test_a_lost_connection_is_tried_again_and_then_told_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHEEP_KEY", "hush")
    tries: list[int] = []

    def lost(request: httpx.Request) -> httpx.Response:
        tries.append(1)
        raise httpx.ConnectError("refused")

    with pytest.raises(TrackingError, match="can't be reached \\(refused\\)"):
        answering(lost).detect([FRAME])
    assert len(tries) == 3

    echo = answering(lambda request: httpx.Response(403, content=request.content[:1000]), key_from="SHEEP_KEY")
    echo._told = echo._told.model_copy(update={"picture": "png"})
    with pytest.raises(TrackingError) as refusal:
        echo.detect([Frame(0, np.zeros((1, 1, 3), np.uint8))])
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"server": "file:///etc/passwd"}, "http:// or https://"),
        ({"server": "http://me:secret@models/"}, "key_from"),
        ({"classes": []}, "classes"),
        ({"model": ""}, "model is missing"),
        ({"protocol": "gopher"}, "protocol"),
        ({"key": "secret"}, "key: Extra inputs"),
        ({"key_from": "NO_SUCH_VARIABLE"}, "NO_SUCH_VARIABLE, which isn't set"),
    ],
)
def test_a_description_that_can_not_be_used_says_why(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    told = {"server": "http://models:9001", "protocol": "roboflow", "model": "m/1", "classes": ["sheep"], **change}
    (tmp_path / "mine.json").write_text(json.dumps(told))
    with pytest.raises(TrackingError, match=said):
        create(weights=str(tmp_path / "mine.json"))


@pytest.mark.parametrize("setting", [{"device": "cuda"}, {"precision": "float16"}, {"image_size": -1}])
def test_settings_without_meaning_are_refused(tmp_path: Path, setting: dict[str, Any]) -> None:
    with pytest.raises(TrackingError, match=next(iter(setting))):
        create(weights=str(tmp_path / "mine.json"), **setting)
