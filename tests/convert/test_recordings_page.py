"""docs/recordings.md: what it shows is what happens."""

from __future__ import annotations

import json
from pathlib import Path

from support.document_pages import blocks, run_page
from support.folder import Folder

PAGE = Path(__file__).parents[2] / "docs" / "recordings.md"


def test_the_page_runs(folder: Folder) -> None:
    """Every block of the page runs in an empty project and prints what the page shows."""
    folder.write("pytest.ini", "[pytest]\n")
    assert run_page(PAGE, folder) >= 7


def test_every_example_row_is_converted(folder: Folder) -> None:
    """The rows that the page shows are as it describes them; the verdicts of every shape arrive."""
    (block,) = (block for block in blocks(PAGE) if block.file == "more.jsonl")
    folder.write("more.jsonl", block.text.partition("\n")[2])
    assert folder.command("convert", "more.jsonl").ret == 0
    rows = (folder.path / "converted" / "more.outputs.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 5
    assert json.loads(rows[1])["rounds"][0][1] == {"text": "so C", "verdict": False}
    assert json.loads(rows[2])["samples"][1] == {"text": "???", "answer": None}
