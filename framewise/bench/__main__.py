"""``make bench``: everything that is promised as a figure, in one run, as a table of ratios and limits."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from framewise.bench import (
    association,
    brush,
    crowd,
    heavy,
    hundreds,
    json_files,
    live,
    machines,
    many,
    objects,
    opening,
    ranking,
    review,
    shapes,
    undo,
    videos,
)
from framewise.bench.browser import editor_page, interactive_ms, scrub, seek_times_ms
from framewise.bench.client import Client
from framewise.bench.database import own_database
from framewise.bench.product import Product
from framewise.bench.table import Figure, median, p95, show

FRAMES = 400
SEEKS = 60
DATABASE = {"shapes": shapes.measure, "masks": heavy.measure, "json": json_files.measure}
"""What measures the database by itself."""


def main(
    only: Annotated[
        str,
        typer.Option(
            help="One part: live, flow, seek, open, undo, crowd, many, brush, hour, shapes, masks, json, "
            "objects, points, links, machines or review. Empty: all."
        ),
    ] = "",
    clips: Annotated[
        Path | None,
        typer.Option(help="Clips with ground truth, as for `framewise evaluate`: the review queue is judged by them."),
    ] = None,
) -> None:
    """Start the product on a fresh data folder, measure it, and print what it reached. Exits with 1 when a limit is
    missed."""
    console = Console()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="framewise-bench-") as folder:
        if only in ("", *DATABASE):
            # Before the product runs: they measure the database by themselves.
            with own_database():
                for name, measure in DATABASE.items():
                    figures += measure() if only in ("", name) else []
        if only in ("", "objects"):
            console.print("Several objects at once …")
            figures += objects.measure()
        if only in ("", "points"):
            console.print("Hundreds of points …")
            figures += hundreds.measure()
        if only in ("", "links"):
            console.print("Linking detections …")
            figures += association.measure()
        if only in ("", "review"):
            figures += _judge_queue(clips, console)
        if only not in (*DATABASE, "objects", "points", "links"):
            product = Product.start(Path(folder) / "data")
            try:
                figures += _measure_product(product, Path(folder), only, console)
            finally:
                product.stop()
    show(figures, console)
    if not all(figure.holds for figure in figures):
        raise typer.Exit(1)


def _measure_product(product: Product, folder: Path, only: str, console: Console) -> list[Figure]:
    figures: list[Figure] = []
    if only in ("", "machines"):
        # First: an agent that has done nothing is measured.
        figures += machines.measure(product, folder, console)
    if only in ("", "live", "flow", "seek", "undo", "crowd"):
        clip = folder / "moving.mp4"
        box = videos.moving_object(clip, FRAMES)
        with Client(product.url) as client:
            video = client.upload(client.demo_project(), clip)
            client.until_ready(video)
            config = client.editor_config(video)
            layer, label = config["layer"]["id"], config["labels"][0]["id"]
        if only in ("", "seek"):
            console.print("Seeking …")
            figures += _measure_seek(product, video)
        if only in ("", "live"):
            console.print("Tracking in the browser, and in a bare loop …")
            figures += live.measure_overhead(product, video, clip, box, frames=FRAMES)
        if only in ("", "flow"):
            console.print("Ten watchers …")
            figures += live.measure_flow(product, layer, label, box, frames=FRAMES)
        if only in ("", "undo"):
            console.print("Undo …")
            figures += undo.measure(product, video, FRAMES)
        if only in ("", "crowd"):
            console.print("300 shapes on every frame …")
            figures += crowd.measure(product, video, FRAMES)
    if only in ("", "open"):
        console.print("Ten minutes of video, opened and scrubbed …")
        figures += opening.measure(product, folder)
    if only in ("", "many"):
        console.print("Thousands of objects …")
        figures += _measure_many(product, folder)
    if only in ("", "brush"):
        console.print("Painting …")
        figures += _measure_brush(product, folder)
    if only in ("", "hour"):
        console.print("An hour of video with a million shapes …")
        figures += _measure_hour(product)
    if only in ("", "review"):
        console.print("The review of a long crowd …")
        figures += review.measure(product)
    return figures


def _judge_queue(clips: Path | None, console: Console) -> list[Figure]:
    if clips is None:
        console.print("Whether the review queue ranks well is not measured: --clips names a folder with ground truth.")
        return []
    console.print("The review queue of clips with ground truth …")
    return ranking.measure(clips)


def _measure_seek(product: Product, video: int) -> list[Figure]:
    frames = random.Random(1).sample(range(1, FRAMES), SEEKS)
    with editor_page(product, video) as page:
        times = seek_times_ms(page, frames)
    return [
        Figure("Seek at 1280 x 720", "random frame decoded and drawn, median", median(times), "ms", 50),
        Figure("Seek at 1280 x 720", "random frame decoded and drawn, p95", p95(times), "ms", 120),
    ]


def _measure_brush(product: Product, folder: Path) -> list[Figure]:
    clip = folder / "full-hd.mp4"
    videos.moving_object(clip, 24, size=(1920, 1080))
    with Client(product.url) as client:
        video = client.upload(client.demo_project(), clip)
        client.until_ready(video)
        labels = client.editor_config(video)["labels"]
    label = next(label["id"] for label in labels if "mask" in label["geometry_kinds"])
    return brush.measure(product, video, label)


def _measure_many(product: Product, folder: Path) -> list[Figure]:
    clip = folder / "many.mp4"
    videos.moving_object(clip, FRAMES)
    with Client(product.url) as client:
        video = client.upload(client.demo_project(), clip)
        client.until_ready(video)
    return many.measure(product, video, FRAMES)


def _measure_hour(product: Product) -> list[Figure]:
    video = videos.add_hour(product)
    area = "The million-shape hour"
    middle = videos.HOUR // 2
    with editor_page(product, video, frame=middle) as page:
        ready = interactive_ms(page, product, video, middle)
        opened = page.evaluate(
            "performance.getEntriesByType('resource').find((entry) => entry.name.includes('/window')).encodedBodySize"
        )
        times = seek_times_ms(page, random.Random(2).sample(range(videos.HOUR), 30))
        page.evaluate("(frame) => window.framewise.editor.goTo(frame)", middle)
        page.wait_for_function(f"document.getElementById('stage').dataset.frame === '{middle}'")
        scrubbed = scrub(page, middle, middle + 600, 6)
    return [
        Figure(area, "window that opens the editor in its middle", opened / 1000, "kB", 300),
        Figure(area, "from going there until shapes are drawn and a key is answered", ready, "ms", 2000),
        Figure(area, "random frame decoded and drawn, median", median(times), "ms"),
        Figure(area, "frames of the page per second while scrubbing", scrubbed["fps"], "fps", 55, at_least=True),
        Figure(area, "different pictures shown per second while scrubbing", scrubbed["pictures"], "fps"),
    ]


if __name__ == "__main__":
    typer.run(main)
