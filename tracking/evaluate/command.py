"""What every evaluation does around its measuring: it asks first, shows how it goes, and keeps what it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tracking.types import TrackingError


class Interruptible(Protocol):
    """``interrupted``: it was told to end before everything was measured."""

    interrupted: bool


Evaluated = TypeVar("Evaluated", bound=Interruptible)


def require_place(output: Path | None) -> None:
    """Raises TrackingError where the scores can't be written."""
    if output is not None and not output.parent.is_dir():
        raise TrackingError(f"The scores need a folder that exists; this one doesn't: {output.parent}")


def require_runnable(models: Iterable[str], problem_of: Callable[[str], str]) -> None:
    """Raises TrackingError naming all models that can't run here, and why: ``problem_of`` tells, '' of one that can."""
    problems = [f"{model}: {problem}" for model in models if (problem := problem_of(model))]
    if problems:
        raise TrackingError(
            "Every model must be able to run here before any is measured. Leave these out, or mend them:\n  "
            + "\n  ".join(problems)
        )


def carry_out(
    evaluation: Evaluated,
    told: Console,
    output: Path | None,
    *,
    measure: Callable[[Evaluated, Progress], None],
    show: Callable[[Evaluated, Console], None],
    shortfalls: Callable[[Evaluated], Iterable[str]],
    write: Callable[[Evaluated, Path], None],
) -> Evaluated:
    """Measure, print tables and write the scores. Ctrl-C ends it: what was measured is printed and written, and what
    wasn't is named.

    Args:
        told: where progress and what is missing are told; the tables go to standard output.
        output: where the scores go; None: nowhere.
        shortfalls: sentences on what was not measured, and why.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=told) as progress:
        try:
            measure(evaluation, progress)
        except KeyboardInterrupt:
            evaluation.interrupted = True
    show(evaluation, Console())
    if evaluation.interrupted:
        told.print("[bold yellow]Interrupted.[/]")
    say(told, shortfalls(evaluation))
    if output is not None:
        write(evaluation, output)
        told.print(f"The scores are in {escape(str(output))}", soft_wrap=True)
    return evaluation


def say(console: Console, told: Iterable[str]) -> None:
    """Print sentences, a line each, as they are."""
    for sentence in told:
        console.print(escape(sentence), soft_wrap=True)


def reason_of(error: Exception) -> str:
    """Why something could not be measured: our own words as they are, others' with what kind of error it was."""
    return str(error) if isinstance(error, TrackingError) else f"{type(error).__name__}: {error}"
