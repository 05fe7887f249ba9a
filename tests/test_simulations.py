"""The simulations of `make simulate`, with few runs: each check runs, and is far from no band."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulations.__main__ import DOCUMENT, all_checks
from simulations.check import Check, Rate, holds, measure
from simulations.table import END, START, table, write_table


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.name)
def test_a_few_runs_lie_near_the_band(check: Check) -> None:
    """Four seeded runs: the rate is within four Monte Carlo errors of its band."""
    assert holds(check, measure(check, 4), errors=4.0)


def test_a_rate_outside_its_band_is_red() -> None:
    """Ten alarms of 100 are too many for 5 % only if the Monte Carlo error does not explain them."""
    check = Check(section="s", case="c", event="e", draw=lambda random: True, high=0.05)
    assert holds(check, Rate(events=10, runs=100))
    assert not holds(check, Rate(events=150, runs=1000))
    assert "**red**" in table([check], [Rate(events=150, runs=1000)])


def test_runs_that_do_not_count_are_left_out() -> None:
    """A run without an interval is neither covered nor missed."""
    check = Check(section="s", case="c", event="e", draw=lambda random: None)
    assert measure(check, 10).runs == 0


def test_a_check_is_seeded_by_its_name() -> None:
    """The same check gives the same rate, whatever ran before."""
    check = Check(section="s", case="c", event="e", draw=lambda random: random.random() < 0.5)
    assert measure(check, 200) == measure(check, 200)


def test_the_table_replaces_the_old_one(tmp_path: Path) -> None:
    """Text around the table stays."""
    document = tmp_path / "statistics.md"
    document.write_text(f"before\n{START}\nold\n{END}\nafter\n", encoding="utf-8")
    check = Check(section="s", case="c", event="e", draw=lambda random: True, low=0.93)
    write_table(document, [check], [Rate(events=95, runs=100)])
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| s | c | e | 95.0 ± 2.3 % | at least 93 % |" in text


def test_the_documents_table_is_todays() -> None:
    """docs/statistics.md has one row per check, and none is red."""
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = text.partition(START)[2].partition(END)[0].strip().splitlines()[2:]
    assert [tuple(cell.strip() for cell in row.split("|")[1:4]) for row in rows] == [
        (check.section, check.case, check.event) for check in all_checks()
    ]
    assert "**red**" not in text
