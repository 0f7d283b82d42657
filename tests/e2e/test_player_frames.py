"""The picture on the editor's canvas is frame N: read back from its pixels, for many sources and both players."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from framewise.bench.client import Client
from framewise.bench.product import Product
from tests.e2e.clips import coloured
from tests.e2e.conftest import sign_in
from tests.media.clips import B_FRAMES, irregular, oriented, remuxed, write_clip

pytestmark = pytest.mark.e2e

LONG_GROUPS = {"preset": "veryfast", "crf": "18", "bf": "3", "g": "250", "x264-params": "scenecut=0"}
SHORT_GROUPS = {"preset": "veryfast", "crf": "18", "bf": "3", "g": "12", "x264-params": "scenecut=0"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:bframes=3:keyint=24"}
VP9 = {"deadline": "realtime", "cpu-used": "8", "g": "24"}
AV1 = {"preset": "8", "crf": "10", "svtav1-params": "keyint=24"}

# Each makes a file in a folder; the frames that it shows.
SOURCES: dict[str, tuple[Callable[[Path], Path], range]] = {
    "b-frames": (lambda to: write_clip(to / "a.mp4", 100, options=B_FRAMES), range(100)),
    "variable rate": (lambda to: write_clip(to / "b.mp4", options=B_FRAMES, stamps=irregular(60)), range(60)),
    "start trimmed": (
        lambda to: remuxed(write_clip(to / "c0.mp4", options=B_FRAMES), to / "c.mp4", shift_s=-1),
        range(25, 60),
    ),
    "start offset": (
        lambda to: write_clip(to / "d.mp4", options=B_FRAMES, stamps=[1500 + 40 * n for n in range(60)]),
        range(60),
    ),
    "long groups": (lambda to: write_clip(to / "i.mp4", 300, options=LONG_GROUPS), range(300)),
    "short groups": (lambda to: write_clip(to / "j.mp4", 100, options=SHORT_GROUPS), range(100)),
    "hidden keyframe": (
        lambda to: remuxed(write_clip(to / "k0.mp4", 80, options=LONG_GROUPS), to / "k.mp4", shift_s=-1.2),
        range(30, 80),
    ),
    "oblong pixels": (lambda to: write_clip(to / "m.mp4", options=B_FRAMES, aspect=Fraction(4, 3)), range(60)),
    "turned": (lambda to: oriented(to, "turned", options=B_FRAMES), range(60)),
    "mirrored": (lambda to: oriented(to, "mirrored"), range(60)),
    "transposed": (lambda to: oriented(to, "transposed"), range(60)),
    "hevc": (lambda to: write_clip(to / "f.mp4", codec="libx265", options=X265), range(60)),
    "vp9 of odd sides": (
        lambda to: write_clip(to / "g.webm", codec="libvpx-vp9", options=VP9, size=(161, 97)),
        range(60),
    ),
    "av1": (lambda to: write_clip(to / "h.mp4", 30, codec="libsvtav1", options=AV1), range(30)),
}

UNDECODED = {("hevc", "source")}
"""What this Chromium can't decode."""
WITH_PROXY = ("long groups", "turned", "mirrored", "transposed", "hevc", "av1")
"""What browsers can't play or seek in as it is."""
AS_IMAGES = ("b-frames", "oblong pixels", "turned")
"""The server's images of every kind are tried in ``tests/annotator/actions/test_ingest.py``."""
WAYS = [
    *((kind, "proxy") for kind in WITH_PROXY),
    *((kind, "source") for kind in SOURCES),
    *((kind, "images") for kind in AS_IMAGES),
]

# Goes to each frame, waits until the stage says that it shows it, and reads ten bits off the canvas: see tests/media.
READ_BACK = """async (frames) => {
  const { editor } = window.framewise
  const stage = document.getElementById('stage')
  const canvas = stage.querySelector('canvas')
  const shown = (frame) => new Promise((resolve, reject) => {
    const begun = performance.now()
    const look = () => {
      if (stage.dataset.frame === String(frame)) resolve()
      else if (performance.now() - begun > 20_000) reject(new Error(`Frame ${frame} was never shown.`))
      else setTimeout(look, 4)
    }
    look()
  })
  const read = () => {
    const { width, height } = editor.config.video
    const { scale, x, y } = editor.session.view.value
    const ratio = canvas.width / stage.clientWidth
    const context = canvas.getContext('2d')
    const lightAt = (u, v) => {
      const px = Math.floor((x + u * width * scale) * ratio)
      const py = Math.floor((y + v * height * scale) * ratio)
      return context.getImageData(px, py, 1, 1).data[1]
    }
    let number = 0
    for (let bit = 0; bit < 10; bit++) {
      const difference = lightAt((bit + 0.5) / 10, 0.25) - lightAt((bit + 0.5) / 10, 0.75)
      if (Math.abs(difference) < 100) return null
      number = number * 2 + (difference > 0 ? 1 : 0)
    }
    return number
  }
  const numbers = []
  for (const frame of frames) {
    editor.goTo(frame)
    await shown(frame)
    numbers.push(read())
  }
  return numbers
}"""


@pytest.fixture(scope="module")
def videos(product: Product, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Ids of one ready video of each kind."""
    folder = tmp_path_factory.mktemp("clips")
    with Client(product.url) as client:
        project = client.demo_project()
        made = {kind: client.upload(project, make(folder)) for kind, (make, _) in SOURCES.items()}
        for video in made.values():
            client.until_ready(video)
    return made


@pytest.fixture(scope="module")
def context(product: Product, browser: Browser) -> Any:
    """A signed-in admin."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    page = context.new_page()
    sign_in(page, product.url)
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Any:
    page = context.new_page()
    yield page
    page.close()


def opened(page: Page, product: Product, video: int, query: str = "") -> None:
    page.goto(f"{product.url}/videos/{video}/edit/?frame=0{query}")
    page.wait_for_selector("#stage[data-frame='0']")


def kind_of_player(page: Page) -> str:
    return str(page.evaluate("window.framewise.player.kind"))


def orders(count: int) -> list[int]:
    """Frames to go to: at random, then forward over a group's border, then backward over two."""
    jumps = random.Random(4).sample(range(count), min(count, 14))
    return [*jumps, *range(9, 15), *range(27 if count > 27 else count - 1, 10, -1), count - 1, 0]


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_the_canvas_shows_frame_n(kind: str, way: str, page: Page, product: Product, videos: dict[str, int]) -> None:
    shown = SOURCES[kind][1]
    opened(page, product, videos[kind], f"&{way}")
    frames = orders(len(shown))
    assert page.evaluate(READ_BACK, frames) == [shown[frame] for frame in frames]
    has_proxy = page.evaluate("window.framewise.editor.config.video.proxy_state") == "ready"
    assert has_proxy is (kind in WITH_PROXY)
    assert kind_of_player(page) == (way if (kind, way) not in UNDECODED else "images")


COLOURED: dict[str, Callable[[Path], Path]] = {
    "h264": lambda to: coloured(to / "a.mp4", "libx264", {"crf": "12", "bf": "2"}),
    "h264 of BT.709": lambda to: coloured(to / "b.mp4", "libx264", {"crf": "12"}, matrix=1),
    "h264 of full range": lambda to: coloured(to / "c.mp4", "libx264", {"crf": "12"}, pixels="yuvj420p"),
    "vp8": lambda to: coloured(to / "d.webm", "libvpx", {"crf": "4", "b": "4M"}),
    "vp9": lambda to: coloured(to / "e.webm", "libvpx-vp9", {"crf": "12", "b": "0", "cpu-used": "8"}),
    "av1 of BT.709": lambda to: coloured(to / "f.mp4", "libsvtav1", {"preset": "10", "crf": "12"}, matrix=1),
}

# How far the picture that is shown is from the server's image of the same frame, on average, in levels of 0..255.
DIFFERENCE = """async ([frames, address]) => {
  const { editor, player } = window.framewise
  const stage = document.getElementById('stage')
  const pixels = (image) => {
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d')
    context.drawImage(image, 0, 0)
    return context.getImageData(0, 0, image.width, image.height).data
  }
  const differences = []
  for (const frame of frames) {
    editor.goTo(frame)
    while (stage.dataset.frame !== String(frame)) await new Promise((resolve) => setTimeout(resolve, 10))
    const answer = await fetch(address.replace('{frame}', frame))
    const [shown, image] = [pixels(player.peek(frame)), pixels(await createImageBitmap(await answer.blob()))]
    if (shown.length !== image.length) return null
    differences.push(shown.reduce((sum, value, index) => sum + Math.abs(value - image[index]), 0) / shown.length)
  }
  return differences
}"""


@pytest.mark.parametrize("kind", COLOURED)
def test_the_source_has_the_colours_of_the_servers_images(
    kind: str, page: Page, product: Product, tmp_path: Path
) -> None:
    with Client(product.url) as client:
        video = client.upload(client.demo_project(), COLOURED[kind](tmp_path))
        client.until_open(video)
    opened(page, product, video, "&source")
    differences = page.evaluate(DIFFERENCE, [[7, 0, 11], f"/api/videos/{video}/frames/{{frame}}.jpg"])
    assert kind_of_player(page) == "source"
    # Another frame differs by more than 30, another matrix or range by more than 4.
    assert max(differences) < 3


def test_without_webcodecs_images_are_shown(page: Page, product: Product, videos: dict[str, int]) -> None:
    page.add_init_script("delete window.VideoDecoder")
    opened(page, product, videos["b-frames"])
    assert kind_of_player(page) == "images"
    assert page.evaluate(READ_BACK, [50, 3, 99]) == [50, 3, 99]


# Runs in the decoding worker before its own code does.
BROKEN_DECODERS = {
    "knows no H.264": "self.VideoDecoder.isConfigSupported = async () => ({ supported: false })",
    "fails on a packet": """
      const Decoder = self.VideoDecoder
      self.VideoDecoder = class extends Decoder {
        constructor(init) { super(init); this.fail = init.error; this.count = 0 }
        decode(chunk) {
          if (++this.count < 6) return super.decode(chunk)
          this.close()
          this.fail(new DOMException('This packet is damaged.', 'EncodingError'))
        }
      }""",
    "can not be started": "throw new Error('No.')",
}
PATCH_WORKER = """(patch) => {
  const blob = (text) => URL.createObjectURL(new Blob([text], { type: 'text/javascript' }))
  const Real = window.Worker
  window.Worker = class extends Real {
    constructor(address, options) {
      const own = new URL(address, location.href).href
      super(blob(`import ${JSON.stringify(blob(patch))}; import ${JSON.stringify(own)}`), options)
    }
  }
}"""


@pytest.mark.parametrize("fault", BROKEN_DECODERS)
def test_where_decoding_fails_images_are_shown(
    fault: str, page: Page, product: Product, videos: dict[str, int]
) -> None:
    page.add_init_script(f"({PATCH_WORKER})({json.dumps(BROKEN_DECODERS[fault])})")
    opened(page, product, videos["b-frames"])
    page.wait_for_function("window.framewise.player.kind === 'images'")
    assert page.evaluate(READ_BACK, [50, 3, 99]) == [50, 3, 99]


@pytest.mark.parametrize("query", ["", "&source", "&images"])
def test_scrubbing_shows_frames_on_the_way_and_ends_on_the_last(
    query: str, page: Page, product: Product, videos: dict[str, int]
) -> None:
    opened(page, product, videos["long groups"], query)
    seen = page.evaluate(
        """async () => {
          const { editor } = window.framewise
          const stage = document.getElementById('stage')
          const seen = new Set()
          for (let step = 0; step < 60; step++) {
            editor.goTo((step * 37) % 300)
            await new Promise((resolve) => setTimeout(resolve, 16))
            seen.add(stage.dataset.frame)
          }
          return seen.size
        }"""
    )
    assert seen > 3
    last = (59 * 37) % 300
    page.wait_for_selector(f"#stage[data-frame='{last}']")
    assert page.evaluate(READ_BACK, [last]) == [last]
