"""Parsing JSON documents of formats that others made."""

from __future__ import annotations

import logging
from typing import TypeVar

import msgspec

from annotator.formats.base import FormatError
from annotator.refusals import struct_problem

T = TypeVar("T")

log = logging.getLogger(__name__)


def decoded(decoder: msgspec.json.Decoder[T], data: bytes, alien: str) -> T:
    """What ``data`` says.

    Raises:
        FormatError: it isn't JSON, or not what ``decoder`` expects: ``alien`` ("This is no … file"), and where.
    """
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        place, sentence = struct_problem(error)
        raise FormatError(f"{alien}: {place and f'{place}: '}{sentence}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        log.info("No JSON: %s", error)
        raise FormatError(f"{alien}: a part of it isn't JSON. Is the file whole? Export it again.") from error
