"""Finding a run's folder by id, prefix, path or `last`."""

from __future__ import annotations

import pytest
from support.records import record

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.results.log.run_log import RunLog, find_run


def test_the_latest_run_is_the_last(tmp_path):
    """`last` is the run that began last."""
    for name in ("20260102T000000Z-00000000", "20260101T000000Z-ffffffff"):
        RunLog(tmp_path, name).append(record("a", 1.0))
    assert find_run(tmp_path, "last").name == "20260102T000000Z-00000000"


@pytest.mark.parametrize("name", ["", "last", "2026"])
def test_where_no_run_is_none_is_found(tmp_path, name):
    """In a folder without runs every name, even the empty one, is an error that says so."""
    with pytest.raises(UsageError, match=r"0 run\(s\)"):
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
