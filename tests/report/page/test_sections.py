"""Sections of a page: compressed JSON that a browser can read."""

from __future__ import annotations

import base64
import io
import json
import math
import re
import zlib

import pytest

from pytest_hiddenlayer.report.page.sections import SectionFile, json_bytes, section


def content_of(element: str) -> bytes:
    """The JSON text in an element."""
    (encoded,) = re.findall(r">([A-Za-z0-9+/=]*)</script>", element)
    return zlib.decompress(base64.b64decode(encoded))


def test_a_section_holds_its_value():
    """The element is named, and holds the value as deflated, base64-encoded JSON, without a character of markup."""
    element = section("index", {"a": "</script><!--"})
    assert element.startswith('<script type="text/plain" id="hl-index">')
    assert json.loads(content_of(element)) == {"a": "</script><!--"}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_json_lacks_are_null(number):
    """A browser's JSON parser refuses NaN and infinity."""
    assert json_bytes({"a": [1.5, number]}) == b'{"a":[1.5,null]}'


def test_a_lone_surrogate_is_escaped():
    """UTF-8 has no lone surrogate; JSON does, as an escape."""
    assert json_bytes("a\udfff") == b'"a\\udfff"'


def test_sections_are_written_in_order():
    """More sections than are compressed at a time are in the file in the order in which they were added."""
    file = io.BytesIO()
    sections = SectionFile(file)
    for number in range(40):
        sections.add(f"records-{number}", json_bytes([number] * (40 - number) * 1000))
    sections.finish()
    sections.close()
    lines = file.getvalue().decode().splitlines()
    assert [json.loads(content_of(line))[0] for line in lines] == list(range(40))


def test_a_file_that_cannot_be_written_is_an_error():
    """A full disk raises OSError where the section is added or at the end."""
    file = io.BytesIO()
    file.write = lambda data: (_ for _ in ()).throw(OSError(28, "No space left on device"))  # type: ignore[assignment]
    sections = SectionFile(file)
    sections.add("index", b"[]")
    with pytest.raises(OSError, match="No space"):
        sections.finish()
    sections.close()
