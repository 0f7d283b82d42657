from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from annotator.management.commands.export_types import TARGET, generated
from annotator.typescript import declarations


class Inner(BaseModel):
    frame: int


class Asked(BaseModel):
    """A question."""

    type: Literal["asked"] = "asked"
    inner: Inner | None = Field(None, description="Null: none.")
    pairs: list[tuple[int, str]]


def test_the_generated_types_are_fresh() -> None:
    assert TARGET.read_text() == generated(), "Run `make types`."


def test_what_is_received_has_optional_fields() -> None:
    assert declarations(received=[Asked], sent=[]) == (
        "/** A question. */\n"
        "export interface Asked {\n"
        "  type: 'asked'\n"
        "  /** Null: none. */\n"
        "  inner?: Inner | null\n"
        "  pairs: [number, string][]\n"
        "}\n"
        "\n"
        "export interface Inner {\n"
        "  frame: number\n"
        "}\n"
    )


def test_what_is_sent_has_every_field() -> None:
    assert "  inner: Inner | null\n" in declarations(received=[], sent=[Asked])
