"""Finding a run's folder by id, prefix, path or `last`."""

from __future__ import annotations

import os

import pytest
from support.records import record

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.results.log.run_log import RunLog, find_run


def test_the_latest_run_is_the_last(tmp_path):
    """`last` is the run that started last by its manifest, whatever its folder is named."""
    for name, day in (("20260102T000000Z-00000000", 2), ("zz-renamed", 1), ("a-copy", 3)):
        log = RunLog(tmp_path, name)
        log.append(record("a", 1.0))
        log.write_manifest({"started_at": f"2026-01-0{day}T00:00:00+00:00"})
    assert find_run(tmp_path, "last").name == "a-copy"


def test_a_folder_without_a_manifest_is_no_run(tmp_path):
    """`last`, an id and the list of runs in a message mean folders with `run.json` only."""
    RunLog(tmp_path, "20260101T000000Z-aaaaaaaa").append(record("a", 1.0))
    other = tmp_path / "reports" / "runs" / "zz-old"
    other.mkdir()
    (other / "records.jsonl").write_text("", encoding="utf-8")
    assert find_run(tmp_path, "last").name == "20260101T000000Z-aaaaaaaa"
    with pytest.raises(UsageError, match=r"1 run;"):
        find_run(tmp_path, "zz")


def test_a_manifest_that_cannot_be_read_counts_by_its_time(tmp_path):
    """A run whose manifest is damaged is ordered by the time at which it was written."""
    for name in ("20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"):
        RunLog(tmp_path, name).append(record("a", 1.0))
    damaged = tmp_path / "reports" / "runs" / "20260102T000000Z-bbbbbbbb" / "run.json"
    damaged.write_text("[" * 100_000, encoding="utf-8")
    os.utime(damaged, (1, 1))
    assert find_run(tmp_path, "last").name == "20260101T000000Z-aaaaaaaa"


@pytest.mark.parametrize("name", ["", "last", "2026"])
def test_where_no_run_is_none_is_found(tmp_path, name):
    """In a folder without runs every name, even the empty one, is an error that says so."""
    with pytest.raises(UsageError, match=r"0 runs"):
        find_run(tmp_path, name)


def test_a_run_is_found_by_its_path(tmp_path):
    """A folder that was copied elsewhere can be named by its path."""
    (tmp_path / "elsewhere").mkdir()
    assert find_run(tmp_path, str(tmp_path / "elsewhere")) == tmp_path / "elsewhere"


def test_runs_are_found_by_id_beginning_or_last(tmp_path):
    """`last`, an id or a prefix of one name a run; anything else is an error with the closest id."""
    for name in ("20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"):
        RunLog(tmp_path, name).append(record("a", 1.0))
    assert find_run(tmp_path, "last").name.endswith("bbbbbbbb")
    assert find_run(tmp_path, "20260101").name.endswith("aaaaaaaa")
    with pytest.raises(UsageError, match="is ambiguous"):
        find_run(tmp_path, "2026")
    with pytest.raises(UsageError, match="did you mean"):
        find_run(tmp_path, "20260102T000000Z-bbbbbbbc")
