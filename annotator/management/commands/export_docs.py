"""Write the pages of the documentation that say what the code says: docs/formats.md."""

from __future__ import annotations

import ast
import inspect
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotator import formats
from annotator.actions import fitting, importing, naming
from annotator.formats.base import Format, Option

TARGET = Path(settings.BASE_DIR) / "docs" / "formats.md"
HEAD = """\
<!-- Written by `make docs` from annotator/formats. Never edited by hand. -->

# Formats

Annotations leave a video and come in again as files, in the editor under *Export*, for several videos on the project's
page, or with `framewise export` and `framewise import`. What a format can't hold is counted before an export begins,
and again in its report. What of a file can't be taken is named in the import's report, with its place; such a file is
refused unless its rows may be left out.

Adding a format: a file with what `Format` in `annotator/formats/base.py` names, and a line in `FORMATS`.
"""


def page() -> str:
    """The whole of docs/formats.md."""
    return "\n".join([HEAD, *(_section(entry) for entry in formats.FORMATS), _everywhere()])


def _section(entry: Format) -> str:
    lines = [f"## {entry.label}", "", f"`{entry.id}`, a `{entry.suffix}` file.", ""]
    lines += [f"**Takes.** {entry.takes}", "", f"**Writes.** {entry.writes}", ""]
    if entry.options:
        lines += ["**Options of an export**, the first choice being the default:", "", *map(_option, entry.options), ""]
    lines += [*_losses(entry), "**Told when a file is read:**", ""]
    lines += [*_list(_told(Path(inspect.getfile(type(entry))).parent)), ""]
    return "\n".join(lines)


def _option(option: Option) -> str:
    choices = "; ".join(f"`{value}`: {words}" for value, words in option.choices)
    return f"- {option.label} (`{option.id}`): {choices}."


def _losses(entry: Format) -> Iterator[str]:
    """What exports lose, with what each choice changes."""
    default = [limit.words for limit in entry.limits({})]
    if not default:
        yield from ("**Lost on export:** nothing.", "")
        return
    yield from ("**Lost on export**, or becomes something else:", "", *_list(dict.fromkeys(default)), "")
    for option in entry.options:
        for value, words in option.choices[1:]:
            other = list(dict.fromkeys(limit.words for limit in entry.limits({option.id: value})))
            if other != list(dict.fromkeys(default)):
                yield from (f"With `{option.id}={value}` ({words}) instead:", "", *_list(other), "")


def _everywhere() -> str:
    """What any import tells, when names and values are fitted to a project."""
    told = [text for module in (importing, naming, fitting) for text in _said_in(Path(inspect.getfile(module)))]
    lines = ["## When names and values meet a project", "", "Whatever the format, an import tells:", ""]
    return "\n".join([*lines, *_list(dict.fromkeys(told)), ""])


def _list(words: Any) -> list[str]:
    return [f"- {text}" for text in words] or ["- nothing"]


def _told(folder: Path) -> dict[str, None]:
    """The words with which a format's reader tells losses and assumptions, as its source has them."""
    files = sorted(path for path in folder.glob("*.py") if path.name not in ("limits.py", "write.py"))
    return dict.fromkeys(text for path in files for text in _said_in(path))


def _said_in(path: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ("lose", "note"):
            text = _words(call.args[0]) if call.args else ""
            if text:
                yield text


def _words(node: ast.expr) -> str:
    """A text of the source; what it fills in is "…"."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)  # type: ignore[misc]
    return ""


class Command(BaseCommand):
    help = "Write docs/formats.md: what each format takes, writes and loses."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when the page is out of date.")

    def handle(self, *args: Any, **options: Any) -> None:
        text = page()
        if not options["check"]:
            TARGET.write_text(text)
        elif not TARGET.exists() or TARGET.read_text() != text:
            raise CommandError(f"docs/{TARGET.name} is out of date. Run `make docs`.")
