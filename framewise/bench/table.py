"""One measured figure and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside the limit it must keep. ``at_least`` says on which side of ``limit`` is good; no limit:
    for information."""

    area: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def median(values: Sequence[float]) -> float:
    return float(np.median(values))


def p95(values: Sequence[float]) -> float:
    return float(np.percentile(values, 95))


def show(figures: Sequence[Figure], console: Console) -> None:
    table = Table(title="Framewise, measured", title_justify="left")
    for heading in ("area", "figure"):
        table.add_column(heading)
    for heading in ("value", "limit"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for figure in figures:
        limit = "" if figure.limit is None else f"{'≥' if figure.at_least else '≤'} {figure.limit:g} {figure.unit}"
        mark = "" if figure.limit is None else ("[green]holds[/]" if figure.holds else "[red]misses[/]")
        table.add_row(figure.area, figure.name, f"{figure.value:.4g} {figure.unit}", limit, mark)
    console.print(table)
