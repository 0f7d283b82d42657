"""``python -m framewise.bench.products``: how fast torch's two ways to multiply are on this processor."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
import typer
from torch import Tensor

from framewise.bench.table import median
from tracking.devices import processor_name
from tracking.layers.one_dnn import linear
from tracking.scheduling import leave_real_time

SIZES = ((528, 384, 1536), (528, 768, 3072), (1024, 256, 2048), (6400, 64, 64))
"""Rows, channels in and channels out of linear layers in MixFormer, MixViT and TransT."""
REPEATS = 30

Product = Callable[[Tensor, Tensor, Tensor], Tensor]


@torch.inference_mode()
def main() -> None:
    """Print the table: billions of operations per second, median, for one thread and for all."""
    leave_real_time()
    typer.echo(
        f"{processor_name()}, float32, 1e9 operations per second\n\n| | threads | MKL | oneDNN |\n|---|---|---|---|"
    )
    for threads in sorted({1, torch.get_num_threads()}):
        torch.set_num_threads(threads)
        for sizes in SIZES:
            typer.echo(f"| {sizes} | {threads} | {speed(F.linear, *sizes):.0f} | {speed(linear, *sizes):.0f} |")


def speed(product: Product, rows: int, channels: int, out: int) -> float:
    """1e9 operations per second of a linear layer."""
    x, weight, bias = torch.randn(rows, channels), torch.randn(out, channels), torch.randn(out)
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        product(x, weight, bias)
        times.append(time.perf_counter() - began)
    return 2 * rows * channels * out / median(times) / 1e9


if __name__ == "__main__":
    typer.run(main)
