"""`hiddenlayer compare --html`: one page with the records and the changes of both sides."""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from support.records import cell, record

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.io.atomic import write_text
from pytest_hiddenlayer.report.page.bundle import load_bundle
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.regression.snapshot import snapshot_path, snapshot_text

OLD, NEW = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"

needs_bundle = pytest.mark.skipif(load_bundle() is None, reason="the page's program is not built: `make web`")


def run_of(name: str, wrong: set[int], n: int = 20, **changes: object) -> None:
    """A run of n samples below the current folder, of which these are wrong."""
    log = RunLog(Path.cwd(), name)
    for i in range(n):
        output = f"{name[:8]} {i not in wrong}"
        log.append(record(f"s{i}", float(i not in wrong), **{"run_id": name, "output": output, **changes}))


def snapshot_of(wrong: set[int], n: int = 20) -> None:
    """The committed snapshot of the same cell."""
    metrics = cell({f"s{i}": float(i not in wrong) for i in range(n)})
    write_text(snapshot_path(metrics.config), snapshot_text(metrics, None))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to type commands in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def regressed(here: Path) -> Path:
    """Two runs, of which the second has six of twenty newly wrong."""
    run_of(OLD, set())
    run_of(NEW, set(range(6)))
    return here


def section(page: Path, name: str) -> Any:
    """A section of a page, inflated."""
    found = re.search(rf'id="hl-{name}">([^<]*)<', page.read_text(encoding="utf-8"))
    assert found is not None
    return json.loads(zlib.decompress(base64.b64decode(found[1])))


def values(page: Path, name: str) -> list[Any]:
    """The values of a column of the index, row by row."""
    column = next(column for column in section(page, "index")["columns"] if column["name"] == name)
    if column["kind"] == "category":
        return [None if code < 0 else column["values"][code] for code in column["codes"]]
    return list(column["numbers"] if column["kind"] == "number" else column["texts"])


@needs_bundle
def test_both_runs_are_in_the_page(regressed: Path) -> None:
    """The page has the records of both runs, named by the column `run`, and the cells of both with the verdict."""
    assert main(["compare", OLD, NEW, "--html", "page.html"]) == 1
    page = regressed / "page.html"
    overview = section(page, "overview")
    assert overview["kind"] == "comparison"
    assert [run["name"] for run in overview["runs"]] == [OLD, NEW]
    assert [(cell["run"], cell["score"], cell["gate"]) for cell in overview["cells"]] == [
        (0, 1.0, None),
        (1, 0.7, "regressed"),
    ]
    assert values(page, "run") == [OLD] * 20 + [NEW] * 20
    assert values(page, "change") == ([*["newly wrong"] * 6, *[None] * 14]) * 2


@needs_bundle
def test_verdicts_are_those_that_compare_prints(regressed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page's comparison is the one of `compare --json`, whose output stays as it is."""
    main(["compare", OLD, NEW, "--json"])
    plain = capsys.readouterr().out
    main(["compare", OLD, NEW, "--json", "--html", "page.html"])
    printed = capsys.readouterr()
    assert printed.out == plain
    assert "page: page.html" in printed.err
    (compared,) = section(regressed / "page.html", "changes")["cells"]
    assert compared["comparison"] == json.loads(plain)["cells"][0]["comparison"]
    assert compared["verdict"] == "regressed"


@needs_bundle
def test_a_snapshot_has_rows_and_no_records(here: Path) -> None:
    """The rows of a snapshot have answers and scores, and no record; the page says that."""
    snapshot_of(set())
    run_of(NEW, {0})
    main(["compare", "@scripted:m", NEW, "--html", "page.html"])
    page = here / "page.html"
    overview = section(page, "overview")
    assert overview["runs"][0] == {"name": "snapshots@scripted:m", "manifest": {}}
    assert any("holds answers and scores" in notice["text"] for notice in overview["notices"])
    records = section(page, "records-0")
    assert records[:20] == [None] * 20
    assert [one["sample_id"] for one in records[20:]] == [f"s{i}" for i in range(20)]
    assert values(page, "score") == [1.0] * 20 + [0.0] + [1.0] * 19
    assert section(page, "changes")["cells"][0]["old"]["answers_only"] is True


@needs_bundle
def test_strategies_of_one_run_have_names_of_their_own(here: Path) -> None:
    """Two selections of one run are told apart by the strategy in their names."""
    run_of(NEW, {0})
    log = RunLog(here, NEW)
    for i in range(20):
        log.append(record(f"s{i}", 1.0, run_id=NEW, strategy="debate", label="debate"))
    main(["compare", "last#single", "last#debate", "--html", "page.html"])
    overview = section(here / "page.html", "overview")
    assert [run["name"] for run in overview["runs"]] == [f"{NEW}#single", f"{NEW}#debate"]
    assert set(values(here / "page.html", "strategy")) == {"single", "debate"}
    assert values(here / "page.html", "change")[0] == values(here / "page.html", "change")[20] == "newly right"


@needs_bundle
def test_a_run_compared_with_itself(here: Path) -> None:
    """Rows of equal references can be told apart."""
    run_of(NEW, set(), n=2)
    main(["compare", NEW, NEW, "--html", "page.html"])
    assert values(here / "page.html", "run") == [NEW, NEW, f"{NEW} (new)", f"{NEW} (new)"]


@needs_bundle
def test_cells_of_one_side_are_named(here: Path) -> None:
    """A cell without a partner is in the page, and named."""
    run_of(OLD, set())
    run_of(NEW, set())
    log = RunLog(here, NEW)
    log.append(record("x", 1.0, run_id=NEW, task="other"))
    main(["compare", OLD, NEW, "--html", "page.html"])
    assert section(here / "page.html", "changes")["only_new"] == [["other", "single", "scripted", "m"]]
    assert "other" in values(here / "page.html", "task")


def test_a_page_that_cannot_be_written_is_a_usage_error(regressed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A path that is a folder exits with 4, and says what was asked."""
    assert main(["compare", OLD, NEW, "--html", "."]) == 4
    assert "--html" in capsys.readouterr().err


def test_equal_budget_has_no_page(regressed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--equal-budget prints its own comparison."""
    assert main(["compare", OLD, NEW, "--equal-budget", "--html", "page.html"]) == 4
    assert "--html" in capsys.readouterr().err
