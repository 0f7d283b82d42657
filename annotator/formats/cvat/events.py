"""The elements of an XML file as they begin and end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from defusedxml.ElementTree import DefusedXMLParser

BLOCK = 1 << 20
"""Bytes that are parsed at once. A parser begins a piece that isn't whole anew with each block: a long one takes
minutes in small blocks."""
NO_MEMORY = 1
"""https://libexpat.github.io/doc/api/latest/#XML_ERROR_NO_MEMORY"""


class Readable(Protocol):
    def read(self, size: int = -1) -> bytes: ...


def elements(content: Readable) -> Iterator[tuple[str, Element]]:
    """("start" | "end", element), like ``iterparse``. What was read of an element stays in it until it is cleared.

    Raises ParseError for damaged XML, DefusedXmlException for a document type or entities, whether they are in the file
    or elsewhere: nothing else is ever read.
    """
    strict = DefusedXMLParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    # As ``iterparse`` does it.
    parser: Any = XMLPullParser(("start", "end"), _parser=strict)
    try:
        while block := content.read(BLOCK):
            parser.feed(block)
            yield from parser.read_events()
        parser.close()
    except ParseError as error:
        if error.code == NO_MEMORY:
            raise MemoryError from error
        raise
    yield from parser.read_events()
