"""The section on compute-matched comparisons, in the terminal and in HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from support.control_records import HAND, rounds, way

from pytest_hiddenlayer.report.budget_match import find, text
from pytest_hiddenlayer.report.budget_match_html import html


def test_the_printed_section():
    """A row has pairs, both scores, difference, interval, both p-values, calls, tokens and cost."""
    lines = text(find(HAND), width=80, colour=False).splitlines()
    row = next(line for line in lines if "self_consistency, same tokens" in line)
    assert " ".join(row.split("same tokens")[1].split()) == (
        "4/4 0.750 ± 0.250 0.750 ± 0.250 +0.000 -0.604 to +0.604 0.75 0.75 3.0 : 5.0 30.0 : 30.0 $0.7500 : $1.2500"
    )


def test_nothing_is_read_as_markup_or_html():
    """Names of tasks and strategies are never markup, in the terminal and in HTML."""
    nasty = "<script>alert(1)</script>[bold]"
    records = [replace(r, task=nasty, answer_metadata=rounds("wr", "rr")) for r in HAND]
    found = find(records)
    assert nasty in text(found, width=80, colour=False)
    page = html(found)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def svg_circles(page: str) -> Iterator[dict[str, str]]:
    """The attributes of every circle."""
    import xml.etree.ElementTree as ET

    start = page.index("<svg")
    tree = ET.fromstring(page[start : page.index("</svg>") + 6])
    return (circle.attrib for circle in tree.iter("circle"))


def test_the_picture_of_the_front():
    """Each point is a circle at (cost, score), green on the front and grey off it."""
    page = html(find([way("cheap", 0.0, 10), way("good", 1.0, 20), way("dear", 0.5, 40)]))
    found = [(c["cx"], c["cy"], c["fill"]) for c in svg_circles(page)]
    assert found == [("158.0", "204.0", "#2a7"), ("280.0", "36.0", "#2a7"), ("524.0", "120.0", "#bbb")]
