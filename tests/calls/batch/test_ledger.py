"""Files of the ledger that are not entries."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pytest_hiddenlayer.calls.batch.ledger import Ledger
from pytest_hiddenlayer.errors import UsageError


def test_an_unreadable_entry_is_an_error(tmp_path: Path):
    """It is never ignored: a batch may have been paid for."""
    (tmp_path / "x.json").write_text('{"schema": 99}')
    with pytest.raises(UsageError, match=r"x\.json: cannot be read as a batch entry \(schema 99"):
        Ledger(tmp_path, "openai", "m", "")


ENTRY = {
    "schema": 1, "provider": "openai", "model": "m", "endpoint": "", "kind": "/v1/chat/completions",
    "keys": ["k"], "n": 1, "intended_s": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "tag", "why"),
    [
        ("0123456789abcdef", "../../del", "its tag '../../del' is not 16 hex digits"),
        ("0123456789abcdef", "../0123456789abcdef", "is not 16 hex digits"),
        ("0123456789abcdef", "0123456789ABCDEF", "is not 16 hex digits"),
        ("0123456789abcdef", "0123456789abcdef\n", "is not 16 hex digits"),
        ("0123456789abcdef", None, "its tag None is not 16 hex digits"),
        ("0123456789abcdef", "fedcba9876543210", "its tag 'fedcba9876543210' is not the file's name"),
        ("x", "x", "is not 16 hex digits"),
    ],
)
def test_an_entry_is_found_by_its_own_name_only(tmp_path: Path, name: str, tag: object, why: str):
    """A tag that is not 16 hex digits and the file's stem is refused, and no file is deleted, inside or outside."""
    folder = tmp_path / "reports" / "batches"
    folder.mkdir(parents=True)
    outside = [tmp_path / "del.json", tmp_path / "del.jsonl", folder / "fedcba9876543210.jsonl"]
    for path in outside:
        path.write_text("mine")
    (folder / f"{name}.json").write_text(json.dumps(ENTRY | {"tag": tag}))
    with pytest.raises(UsageError, match=rf"{name}\.json: cannot be read as a batch entry \(.*{re.escape(why)}"):
        Ledger(folder, "openai", "m", "")
    assert all(path.read_text() == "mine" for path in outside)


def test_nothing_outside_the_folder_is_dropped(tmp_path: Path):
    """An entry whose tag is a path deletes nothing."""
    folder, outside = tmp_path / "batches", tmp_path / "del.jsonl"
    outside.write_text("mine")
    ledger = Ledger(folder, "openai", "m", "")
    entry = ledger.register("kind", ["k"])
    entry.tag = "../del"
    with pytest.raises(ValueError, match="is not 16 hex digits"):
        ledger.drop(entry)
    assert outside.read_text() == "mine"
    ledger.close()
