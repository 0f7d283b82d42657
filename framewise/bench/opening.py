"""How soon a video can be worked with after its upload, and what a page takes that is scrubbed in."""

from __future__ import annotations

import random
import time
from pathlib import Path

from framewise.bench import videos
from framewise.bench.browser import editor_page, resident_mb, scrub, seek_times_ms, shown_ms
from framewise.bench.client import Client
from framewise.bench.product import Product
from framewise.bench.table import Figure, median

FRAMES = 600 * videos.FPS
"""Ten minutes."""
GROUP = 250
"""What encoders write when nobody says otherwise."""
SCRUBBED = 600


def measure(product: Product, folder: Path) -> list[Figure]:
    """Upload ten minutes at 1280 x 720 and work in them while the proxy is made."""
    clip = folder / "ten-minutes.mp4"
    videos.repeated(clip, FRAMES, group=GROUP)
    with Client(product.url) as client:
        video = client.upload(client.demo_project(), clip)
        begun = time.monotonic()
        client.until_open(video)
        opened_s = time.monotonic() - begun
        try:
            with editor_page(product, video) as page:
                shown_s = shown_ms(page, product, video, 0) / 1000
                seeks = seek_times_ms(page, random.Random(5).sample(range(FRAMES), 30))
                kind = page.evaluate("window.framewise.player.kind")
                for first in (0, FRAMES // 2, FRAMES - SCRUBBED - 1):
                    page.evaluate("(frame) => window.framewise.editor.goTo(frame)", first)
                    page.wait_for_function(f"document.getElementById('stage').dataset.frame === '{first}'")
                    scrubbed = scrub(page, first, first + SCRUBBED, 5)
                held = resident_mb(page)
        finally:
            # Its proxy would be made for minutes, beside what is measured next.
            client.http.delete(f"/api/videos/{video}", headers=client.headers).raise_for_status()
    area = "Ten minutes at 1280 x 720"
    return [
        Figure(area, "from the upload's last byte until frame 0 is shown", opened_s + shown_s, "s", 3),
        Figure(area, f"random frame decoded from the {kind} and drawn, median", median(seeks), "ms"),
        Figure(area, "frames of the page per second while scrubbing", scrubbed["fps"], "fps"),
        Figure(area, "memory of the page's process after scrubbing", held, "MB", 500),
    ]
