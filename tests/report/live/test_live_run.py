"""What a page of a run that goes on is told: new rows, progress, metrics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support.records import CONFIG, record

from pytest_hiddenlayer.identifiers import control_label
from pytest_hiddenlayer.report.live.growing_log import GrowingLog
from pytest_hiddenlayer.report.live.live_index import MAX_MARKS, MAX_ROWS, LiveIndex
from pytest_hiddenlayer.report.live.live_run import Ending, LiveRun
from pytest_hiddenlayer.report.page.columns import Columns
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.metrics.cells import compute_metrics

CELL = replace(CONFIG, total=4, selected=("a", "b", "c", "d"), epochs=1)


class Page:
    """A page that keeps what it gets, as `web/src/live/live-source.ts` does."""

    def __init__(self) -> None:
        self.n = 0
        self.columns: dict[str, dict[str, Any]] = {}
        self.rows_sent = 0

    def take(self, increment: dict[str, Any]) -> None:
        self.n = increment["n"]
        columns = {}
        for part in increment["columns"]:
            field = {"category": "codes", "number": "numbers", "text": "texts"}[part["kind"]]
            old = self.columns.get(part["name"], {field: [], "values": []})
            self.rows_sent += len(part[field])
            column = {**part, field: old[field][: part["from"]] + part[field]} if part["from"] else dict(part)
            if part["kind"] == "category" and part["from"]:
                column["values"] = old["values"][: part["values_from"]] + part["values"]
            column.pop("from")
            column.pop("values_from", None)
            columns[part["name"]] = column
        self.columns = columns


def _record(number: int, **changes: Any):
    """Records whose scorers, metadata and kinds of metadata come and go."""
    scores = {"exact": {"value": 1.0, "answer": "o", "explanation": ""}}
    if number % 5 == 3:
        scores["judge"] = {"value": number / 100, "answer": None, "explanation": ""}
    metadata: dict[str, Any] = {"level": number % 4} if number < 20 else {"level": f"text {number}", "topic": "new"}
    return record(f"s{number}", 1.0, scores=scores, metadata=metadata, slug=f"m{number % 7}", **changes)


def test_increments_make_the_whole_table():
    """A page that takes every increment has the same columns as one that is written at the end."""
    index, columns, page = LiveIndex("run"), Columns(), Page()
    for number in range(50):
        made = _record(number)
        index.add(made)
        columns.add(made, "run")
        if number % 3 == 0:
            page.take(index.since(page.n))
    page.take(index.since(page.n))
    assert page.n == 50
    assert list(page.columns.values()) == columns.to_json()


def test_only_new_rows_are_sent():
    """A column that a page knows is sent from the first new row on."""
    index, page = LiveIndex("run"), Page()
    for number in range(100):
        index.add(_record(number))
    page.take(index.since(0))
    index.add(_record(100))
    increment = index.since(100)
    assert {len(part.get("texts") or part.get("numbers") or part["codes"]) for part in increment["columns"]} == {1}
    assert [part["values"] for part in increment["columns"] if part["name"] == "task"] == [[]]


def test_a_page_of_another_time_gets_everything():
    """Rows that no page was given are answered with the whole table, as are those of too long ago."""
    index, page = LiveIndex("run"), Page()
    for number in range(10):
        index.add(_record(number))
    assert index.since(7)["from"] == 0
    for number in range(MAX_MARKS + 1):
        index.add(_record(number))
        page.take(index.since(page.n))
    assert index.since(11)["from"] == 0


def test_a_long_table_is_sent_in_parts():
    """One response has a limited number of rows, and says how many follow."""
    index, columns, page = LiveIndex("run"), Columns(), Page()
    made = [record(f"s{number}", 1.0, slug=f"m{number // 3000}") for number in range(2 * MAX_ROWS + 7)]
    for each in made:
        index.add(each)
        columns.add(each, "run")
    remaining = []
    while not remaining or remaining[-1]:
        increment = index.since(page.n)
        remaining.append(increment["remaining"])
        page.take(increment)
    assert remaining == [MAX_ROWS + 7, 7, 0]
    assert list(page.columns.values()) == columns.to_json()
    assert page.rows_sent == len(made) * len(page.columns)


def _run(tmp_path, configs=None, clock=None) -> tuple[RunLog, LiveRun]:
    log = RunLog(tmp_path, "run", ["pytest"])
    return log, LiveRun(log.folder, lambda: configs or {}, clock or (lambda: 0.0))


def test_before_the_first_answer(tmp_path):
    """A run without a folder has no rows; its planned cells have no score."""
    _, run = _run(tmp_path, {CELL.key: CELL})
    state = run.state(0, 0)
    assert (state["index"]["n"], state["progress"]["done"], state["progress"]["planned"]) == (0, 0, 4)
    (cell,) = state["overview"]["cells"]
    assert (cell["score"], cell["n"], cell["n_selected"], cell["gate"]) == (None, 0, 0, None)
    assert (state["overview"]["live"], state["overview"]["complete"]) == (True, False)
    assert state["progress"]["left_s"] is None


def test_figures_so_far(tmp_path):
    """Progress, spending, rate and time left are those of the answers so far; metrics too."""
    now = [0.0]
    log, run = _run(tmp_path, {CELL.key: CELL}, lambda: now[0])
    log.append_all(
        [record("a", 1.0, cost_usd=0.25), record("b", None, cost_usd=None), record("c", 0.0, cost_usd=0.5)]
    )
    now[0] = 6.0
    state = run.state(0, 0)
    progress = state["progress"]
    assert (progress["done"], progress["planned"], progress["errors"]) == (3, 4, 1)
    assert (progress["cost_usd"], progress["unknown_costs"]) == (0.75, 1)
    assert (progress["elapsed_s"], progress["rate_per_s"], progress["left_s"]) == (6.0, 0.5, 2.0)
    (cell,) = state["overview"]["cells"]
    assert (cell["score"], cell["n"], cell["outcomes"]) == (0.5, 2, {"correct": 1, "error": 1, "incorrect": 1})
    assert cell["n_selected"] == 3


def test_an_answer_that_is_repeated_counts_once(tmp_path):
    """A second answer to a sample replaces the first in the figures, and is a row of its own."""
    log, run = _run(tmp_path, {CELL.key: CELL})
    log.append_all([record("a", None), record("a", 1.0)])
    state = run.state(0, 0)
    assert (state["progress"]["done"], state["progress"]["errors"], state["index"]["n"]) == (1, 0, 2)
    assert state["overview"]["cells"][0]["score"] == 1.0


def test_control_samples_are_no_answers(tmp_path):
    """Control samples of --hl-equal-budget cost something, but count neither as answers nor as a cell."""
    log, run = _run(tmp_path, {CELL.key: CELL})
    log.append_all([record("a", 1.0, cost_usd=0.5), record("a", 0.0, label=control_label("debate"), cost_usd=0.25)])
    state = run.state(0, 0)
    assert (state["progress"]["done"], len(state["overview"]["cells"])) == (1, 1)
    assert state["progress"]["cost_usd"] == 0.75


def test_metrics_are_computed_when_they_are_due(tmp_path):
    """A new answer does not cost a computation of metrics at once; the overview follows when one is due."""
    now, tick = [0.0], [1.0]

    def clock() -> float:
        now[0] += tick[0]
        return now[0]

    log, run = _run(tmp_path, {CELL.key: CELL}, clock)
    version = run.state(0, 0)["version"]
    tick[0] = 0.0
    log.append(record("a", 1.0))
    assert run.state(0, version)["overview"] is None
    now[0] += 1000
    assert run.has_news(1, version)
    state = run.state(1, version)
    assert state["overview"]["cells"][0]["n"] == 1
    assert not run.has_news(1, state["version"])


def test_the_end_shows_the_gates(tmp_path):
    """After the end the cells are those of summary.json, and the time stands still."""
    now = [5.0]
    log, run = _run(tmp_path, {CELL.key: CELL}, lambda: now[0])
    log.append(record("a", 1.0))
    version = run.state(0, 0)["version"]
    cell = {**compute_metrics(CELL, [record("a", 1.0)]).to_json(), "gate": "passed"}
    run.end(Ending(cells=[cell], complete=True, report="/r/report.html"))
    now[0] = 50.0
    state = run.state(1, version)
    assert state["overview"]["cells"][0]["gate"] == "passed"
    assert (state["overview"]["complete"], state["overview"]["live"]) == (True, False)
    assert not state["overview"]["notices"]
    assert (state["progress"]["ended"], state["progress"]["elapsed_s"]) == (True, 0.0)


def test_a_damaged_line_is_counted(tmp_path):
    """A line that is not a record has no row, and is said; an incomplete line waits for its end."""
    log, run = _run(tmp_path, {CELL.key: CELL})
    log.append(record("a", 1.0))
    with (log.folder / "records.jsonl").open("ab") as file:
        file.write(b'{"no": "record"}\n[1]\nnull\n\xff\n\n{"run_id": ')
    state = run.state(0, 0)
    assert state["index"]["n"] == 1
    assert [notice["text"].partition(":")[0] for notice in state["overview"]["notices"]] == [
        "4 lines are not records and were left out"
    ]
    assert not run.has_news(1, state["version"]) or run.state(1, state["version"])["index"]["n"] == 1


def test_a_line_is_read_when_it_is_complete(tmp_path):
    """Half a line is no record yet; it is read once the rest was written, wherever it was cut."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0, output="\u00e9"))
    whole = (log.folder / "records.jsonl").read_bytes()
    path = tmp_path / "records.jsonl"
    growing, rows = GrowingLog(tmp_path), []
    for end in range(0, len(whole) + 1, 7):
        path.write_bytes(whole[:end])
        rows += growing.new_records()
    path.write_bytes(whole * 2)
    rows += growing.new_records()
    assert [row.output for row in rows] == ["\u00e9", "\u00e9"]
    assert [logged.content for logged in growing.logged(0, 9)] == [whole.rstrip(b"\n")] * 2
