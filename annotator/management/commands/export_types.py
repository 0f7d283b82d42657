"""Write the TypeScript of everything that travels between server and browser."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from pydantic import BaseModel

from annotator.announce import messages
from annotator.api.history_schemas import (
    AuthorsOut,
    ChangesOut,
    ConflictsOut,
    DeletedTracksOut,
    RestoreIn,
    RestoreOut,
    RestorePreview,
)
from annotator.api.layer_schemas import HistoryOut, OverviewOut, TracksOut, WindowOut
from annotator.operations import Operation
from annotator.typescript import declarations, union
from tracking.shapes.chunks import WINDOW

TARGET = Path(settings.BASE_DIR) / "frontend" / "src" / "protocol" / "generated.ts"
REST: tuple[type[BaseModel], ...] = (
    WindowOut,
    OverviewOut,
    TracksOut,
    HistoryOut,
    ChangesOut,
    AuthorsOut,
    RestorePreview,
    RestoreOut,
    DeletedTracksOut,
    ConflictsOut,
)
HEAD = """\
// Written by `make types` from annotator/operations.py, annotator/announce/messages.py and annotator/api.
// Never edited by hand.
"""


def members(annotated_union: Any) -> tuple[type[BaseModel], ...]:
    """The models of an ``Annotated[A | B, …]``."""
    return get_args(get_args(annotated_union)[0])


def generated() -> str:
    """The whole file."""
    client, server = members(messages.ClientMessage), members(messages.ServerMessage)
    operations = members(Operation)
    constants = (
        f"/** Frames in one packed table. */\nexport const WINDOW = {WINDOW}\n\n"
        "/** How many prediction messages the server sends ahead of the last `Received`. */\n"
        f"export const PREDICTIONS_IN_FLIGHT = {messages.PREDICTIONS_IN_FLIGHT}\n"
    )
    parts = [
        HEAD,
        constants,
        union("Operation", operations),
        union("ClientMessage", client),
        union("ServerMessage", server),
        declarations(received=(*client, RestoreIn), sent=(*server, *REST)),
    ]
    spelt_out = " | ".join(member.__name__ for member in operations)
    return "\n".join(parts).replace(f"({spelt_out})[]", "Operation[]")


class Command(BaseCommand):
    help = "Write frontend/src/protocol/generated.ts from the messages that are declared in Python."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when the file is out of date.")

    def handle(self, *args: Any, **options: Any) -> None:
        text = generated()
        if not options["check"]:
            TARGET.parent.mkdir(parents=True, exist_ok=True)
            TARGET.write_text(text)
        elif not TARGET.exists() or TARGET.read_text() != text:
            raise CommandError(f"The TypeScript of the messages is out of date. Run `make types`: {TARGET.name}")
