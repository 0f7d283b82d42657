"""``python -m framewise.bench.points``: how fast models follow points, as in their READMEs.

Deep models have random weights here: the time doesn't depend on them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from framewise.bench.deep import POINTS
from framewise.bench.gpu_points import HEIGHT, WIDTH, frames_per_second
from framewise.bench.gpu_points import TIMED_FRAMES as FRAMES
from framewise.bench.models import place
from tracking import catalog
from tracking.tracker import Tracker

COUNTS = (20, 100)

MODELS: dict[str, Callable[[str, str], Tracker]] = {
    "Framewise Flow": lambda device, precision: catalog.create("framewise-flow"),
    **POINTS,
}


def main(
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    only: Annotated[str, typer.Option(help="The name of one model. Empty: all.")] = "",
) -> None:
    """Print the table."""
    if only and only not in MODELS:
        raise typer.BadParameter(f"One of {', '.join(MODELS)} can be measured; {only!r} came.")
    typer.echo(
        f"{datetime.now(UTC):%Y-%m-%d}, {place(device, precision)}; runs of {FRAMES} frames of {WIDTH}x{HEIGHT}.\n"
    )
    heads = [f"{count} points: frames/s | points x frames/s" for count in COUNTS]
    typer.echo(f"| | {' | '.join(heads)} |\n|---|{'---|' * 2 * len(COUNTS)}")
    for name in [only] if only else MODELS:
        cells = []
        for count in COUNTS:
            speed = frames_per_second(MODELS[name](device, precision), count)
            cells += [f"{speed:.1f}", f"{speed * count:.0f}"]
        typer.echo(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    typer.run(main)
