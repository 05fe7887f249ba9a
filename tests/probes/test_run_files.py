"""Where the captures of a run are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import record

from pytest_hiddenlayer.probes.run_files import FOLDER, probe_path

IDS = ["a", "A", "a b", "a  b", "../../etc/passwd", "/etc/passwd", "..", "con", "x" * 300, "x" * 301, "\ud800", "é\n"]


def test_answers_never_share_a_file(tmp_path):
    """Ids that differ in case, length, spaces or signs have files of their own, also where case does not count."""
    records = [record(name, 1) for name in IDS] + [
        replace(record("a", 1), epoch=2),
        replace(record("a", 1), slug="b"),
    ]
    names = [probe_path(tmp_path, one).name for one in records]
    assert len({name.casefold() for name in names}) == len(records)
    assert all(len(name.encode("utf-8", "surrogatepass")) < 255 for name in names)


@pytest.mark.parametrize("name", IDS)
def test_a_file_lies_in_the_folder_of_the_run(name, tmp_path):
    """An id with a path in it names no other folder."""
    path = probe_path(tmp_path, record(name, 1)).resolve()
    assert path.parent == (tmp_path / FOLDER).resolve()


def test_a_space_in_a_name_is_not_the_space_between_names(tmp_path):
    """Sample `b c` of task `a` and sample `c` of task `a b` have two files."""
    first, second = (replace(record(name, 1), task=task) for task, name in (("a", "b c"), ("a b", "c")))
    assert probe_path(tmp_path, first) != probe_path(tmp_path, second)
