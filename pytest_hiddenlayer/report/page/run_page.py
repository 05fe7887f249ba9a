"""The page of one run, written from the files of its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ...io.atomic import write_text
from ...io.codecs import record_to_json
from ...results.log.run_log import read_records
from ...types import Record
from .bundle import csp_hash, load_bundle
from .cell_statistics import PageStatistics
from .columns import Columns, input_text, target_text
from .overview import overview
from .sections import encoded_section, section

CHUNK = 100  # records per section
TEMPLATE = Path(__file__).parent / "templates" / "page.html.jinja"


def write_run_page(folder: Path, path: Path | None = None) -> Path:
    """Write the page of the run in `folder`, by default as its `report.html`; returns the file's path."""
    path = path or folder / "report.html"
    columns, statistics, chunks, starts = Columns(), PageStatistics(), [], []
    for start, records in _batches(read_records(folder)):
        starts.append(start)
        for record in records:
            columns.add(record, folder.name)
            statistics.add(record)
        chunks.append(_chunk(len(starts) - 1, records))
    index = {"n": columns.n, "chunks": starts, "columns": columns.to_json()}
    write_text(path, _page(overview(folder, statistics), index, chunks))
    return path


def _batches(records: Iterator[Record]) -> Iterator[tuple[int, list[Record]]]:
    """Yield (position of the first record, records) of each chunk."""
    start, batch = 0, []
    for record in records:
        batch.append(record)
        if len(batch) == CHUNK:
            yield start, batch
            start, batch = start + len(batch), []
    if batch:
        yield start, batch


def _chunk(number: int, records: list[Record]) -> str:
    content = "[" + ",".join(json.dumps(record_to_json(record), ensure_ascii=False) for record in records) + "]"
    return section(f"search-{number}", [search_text(record) for record in records]) + encoded_section(
        f"records-{number}", content.encode()
    )


def search_text(record: Record) -> str:
    """The lower-case text of a record that a search looks at."""
    prompt = "\n".join(str(message.get("content", "")) for message in record.prompt or ())
    parts = (record.sample_id, prompt or input_text(record), record.output, record.answer, target_text(record.target))
    return "\n".join(part for part in (*parts, record.error) if part).lower()


def _page(overview: dict[str, Any], index: dict[str, Any], chunks: list[str]) -> str:
    from ..html_template import load_template

    bundle = load_bundle()
    sections = [section("overview", overview), section("index", index), *chunks]
    if bundle is not None:
        sections.append(section("licenses", bundle.licenses))
    return load_template(TEMPLATE).render(
        title=overview["title"],
        bundle=bundle
        and {
            "script": Markup(bundle.script),
            "style": Markup(bundle.style),
            "script_hash": csp_hash(bundle.script),
            "style_hash": csp_hash(bundle.style),
        },
        sections=[Markup(text) for text in sections],
        cells=overview["cells"],
    )
