"""A run as JUnit XML: one test case per answer, for CI servers.

As under `pytest --junitxml`, a wrong answer is skipped (an expected failure) unless its sample must pass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from xml.etree.ElementTree import Element, SubElement, tostring

from ..types import Record
from .exported_run import ExportedRun, latest_records

_NOT_XML = re.compile(
    "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
"""Characters that XML 1.0 cannot hold, or that change what readers of the report see."""


def junit_text(run: ExportedRun) -> str:
    """One `testsuite` per cell, one `testcase` per answer, with score, cost and the rest as properties."""
    cells = latest_records(run)
    root = Element("testsuites")
    root.attrib.update(_counts(list(chain.from_iterable(cells))))
    for records in cells:
        first = records[0]
        suite = SubElement(root, "testsuite", name=_xml(_suite(first)), timestamp=first.started_at)
        suite.attrib.update(_counts(records))
        for record in records:
            _add_case(suite, record)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _add_case(suite: Element, record: Record) -> None:
    epoch = "" if record.epoch == 1 else f"#{record.epoch}"
    name = f"{record.sample_id}[{record.label}-{record.provider}:{record.slug}]{epoch}"
    case = SubElement(suite, "testcase", classname=_xml(record.task), name=_xml(name), time=f"{record.latency_s:.3f}")
    properties = SubElement(case, "properties")
    for key, value in _properties(record).items():
        text = "unknown" if value is None else str(value)
        SubElement(properties, "property", name=_xml(f"hl.{key}"), value=_xml(text))
    kind = _kind(record)
    if kind is not None:
        message = _message(record)
        SubElement(case, kind, message=_xml(message), type=record.outcome).text = _xml(record.traceback or message)
    if record.output is not None:
        SubElement(case, "system-out").text = _xml(record.output)


def _kind(record: Record) -> str | None:
    """`failure`, `error`, `skipped`; None for an answer that passes."""
    if record.outcome in ("correct", "skipped", "error"):
        return {"correct": None, "skipped": "skipped", "error": "error"}[record.outcome]
    return "failure" if record.must_pass else "skipped"


def _message(record: Record) -> str:
    if record.score is None:
        return f"{record.outcome}, no score: {record.error or 'no reason was recorded'}"
    got = record.answer if record.answer is not None else record.output
    must = "must_pass: " if record.must_pass else ""
    return f"{must}{record.outcome}: expected {record.target!r}, got {got!r}, score {record.score:.3g}"


def _properties(record: Record) -> dict[str, object]:
    """Names and values as the items of pytest have them, and the score of each further scorer."""
    others = list(record.scores.items())[1:]
    return {
        "score": record.score,
        "outcome": record.outcome,
        "cost_usd": record.cost_usd,
        "input_tokens": record.usage.get("input_tokens"),
        "output_tokens": record.usage.get("output_tokens"),
        "latency_s": round(record.latency_s, 3),
        "task": record.task,
        "strategy": record.label,
        "provider": record.provider,
        "model": record.model,
        "run_id": record.run_id,
        **{f"score.{name}": score["value"] for name, score in others},
    }


def _counts(records: Sequence[Record]) -> dict[str, str]:
    kinds = [_kind(record) for record in records]
    return {
        "tests": str(len(kinds)),
        "failures": str(kinds.count("failure")),
        "errors": str(kinds.count("error")),
        "skipped": str(kinds.count("skipped")),
        "time": f"{sum(record.latency_s for record in records):.3f}",
    }


def _suite(record: Record) -> str:
    return f"{record.task} [{record.label}-{record.provider}:{record.slug}]"


def _xml(text: str) -> str:
    r"""The text with `\x00`-like escapes in place of characters that XML 1.0 cannot hold or that hide others."""
    return _NOT_XML.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
