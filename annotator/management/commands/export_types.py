"""Write the TypeScript of everything that travels between server and browser."""

from __future__ import annotations

import json
import subprocess
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from pydantic import TypeAdapter

from annotator.announce import messages
from annotator.api.layer_schemas import WindowOut
from annotator.api.router import api
from annotator.contract import contract
from annotator.networks import NetworksPage
from annotator.ontology import LONGEST_NAME, LONGEST_TEXT
from annotator.pages.analytics import AnalyticsPage
from annotator.pages.apply import ApplyPage
from annotator.pages.compare import ComparePage
from annotator.pages.editor_config import EditorConfig
from annotator.pages.project_data import LabelsPage, ParcelsPage, VideosPage
from annotator.pages.queues import QueuesPage
from tracking.protocol import MESSAGE_BYTES
from tracking.shapes import checks
from tracking.shapes.chunks import WINDOW

FRONTEND = Path(settings.BASE_DIR) / "frontend"
TARGET = FRONTEND / "src" / "protocol" / "generated.ts"
RECEIVED = {"ClientMessage": messages.CLIENT_MESSAGE}
SENT: dict[str, TypeAdapter[Any]] = {
    "ServerMessage": messages.SERVER_MESSAGE,
    # The head of a binary answer, which the API's own document can't show.
    "WindowOut": TypeAdapter(WindowOut),
    "EditorConfig": TypeAdapter(EditorConfig),
    "ApplyPage": TypeAdapter(ApplyPage),
    "ComparePage": TypeAdapter(ComparePage),
    "LabelsPage": TypeAdapter(LabelsPage),
    "NetworksPage": TypeAdapter(NetworksPage),
    "AnalyticsPage": TypeAdapter(AnalyticsPage),
    "QueuesPage": TypeAdapter(QueuesPage),
    "ParcelsPage": TypeAdapter(ParcelsPage),
    "VideosPage": TypeAdapter(VideosPage),
}
CONSTANTS = {
    "WINDOW": (WINDOW, "Frames in one packed table."),
    "MESSAGE_BYTES": (MESSAGE_BYTES, "Longest message that the server takes."),
    "EDIT_BYTES": (messages.EDIT_BYTES, "Of one edit as JSON; what is larger is made as several."),
    "PART_BYTES": (messages.PART_BYTES, "Of an edit in one message; a longer one is sent in parts."),
    "SHAPE_BYTES": (checks.SHAPE_BYTES, "Largest payload of one shape."),
    "MOST_POINTS": (checks.MOST_POINTS, "Vertices or points of one shape."),
    "MOST_ANGLE": (checks.MOST_ANGLE, "Radians by which a rotated box is turned."),
    "LEAST_MARGIN_PX": (checks.LEAST_MARGIN_PX, "How far outside of a small picture coordinates may lie."),
    "SIGNED_OUT": (messages.SIGNED_OUT, "Code of a socket that was closed because nobody is signed in."),
    "NOT_THERE": (messages.NOT_THERE, "Code of a socket that was closed because there is nothing for this person."),
    "COME_BACK": (messages.COME_BACK, "Code of a socket that the server could not go on with: connect again."),
    "SUMMARY_CHARACTERS": (messages.SUMMARY_CHARACTERS, "In the words of a change."),
    "MOST_SELECTED": (messages.MOST_SELECTED, "Selected tracks that others are told of."),
    "LONGEST_NAME": (LONGEST_NAME, "Characters in the name of a label, an attribute or a joint."),
    "LONGEST_TEXT": (LONGEST_TEXT, "Characters in the value of a text."),
}
HEAD = """\
// Written by `make types` from the API, annotator/announce/messages.py and annotator/pages. Never edited by hand.

"""


def generated() -> str:
    """The whole file. Raises CommandError where Node or its packages are missing."""
    document = contract(dict(api.get_openapi_schema()), received=RECEIVED, sent=SENT)
    try:
        made = subprocess.run(
            ["npm", "run", "--silent", "generate"],  # noqa: S607
            cwd=FRONTEND,
            input=json.dumps(document),
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise CommandError("The types are made by a Node package; there is no npm here. Install Node 20.") from error
    except subprocess.CalledProcessError as error:
        raise CommandError(f"The types could not be made. Is `make setup` done?\n{error.stderr.strip()}") from error
    constants = (f"/** {words} */\nexport const {name} = {value}\n\n" for name, (value, words) in CONSTANTS.items())
    return HEAD + "".join(constants) + made.stdout


class Command(BaseCommand):
    help = "Write frontend/src/protocol/generated.ts: the types of the API, the live channel and the pages' data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when the file is out of date.")

    def handle(self, *args: Any, **options: Any) -> None:
        text = generated()
        if not options["check"]:
            TARGET.write_text(text)
        elif not TARGET.exists() or TARGET.read_text() != text:
            raise CommandError(f"The types of {TARGET.name} are out of date. Run `make types`.")
