"""The table of cells and the pages of records, made from figures and records alone."""

from __future__ import annotations

import html
from dataclasses import replace

import pytest
from support.records import PLAN, base, cell, record, some

from pytest_hiddenlayer.report.html import cells_html, record_html
from pytest_hiddenlayer.report.table import HEADERS, cell_rows, cell_table
from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression.baseline import Baseline
from pytest_hiddenlayer.results.regression.gate import GateResult, Policy, judge_gates
from pytest_hiddenlayer.results.regression.references import BaselineLookup
from pytest_hiddenlayer.types import Record

EVIL = "<script>alert('1')</script>\"&"
FOOTNOTE = "* judged by the candidate itself"
CALL = {
    "role": "agent-1",
    "round": 1,
    "messages": [{"role": "system", "content": "Be careful."}, {"role": "user", "content": "What is 1+1?"}],
    "completion": "It is 2.",
    "finish_reason": "stop",
    "usage": {"input_tokens": 7, "output_tokens": 3},
    "latency_s": 0.125,
    "model": "nano-1",
    "seed": 42,
}


def row(found: CellMetrics, gate: GateResult | None = None) -> dict[str, str]:
    """The cell's row by header."""
    (values,) = cell_rows([found], {found.plan.key: gate} if gate else {})
    return dict(zip(HEADERS, values, strict=True))


def table(*cells: CellMetrics, gates: dict[tuple[str, ...], GateResult] | None = None, width: int = 120) -> str:
    """The terminal's table without colour."""
    return cell_table(cells, gates or {}, width=width, colour=False)


def debated(judge: str = "judge", *, self_judged: bool = True) -> CellMetrics:
    """A cell of debate whose verdict comes from `judge`."""
    return cell({"a": 1.0}, label="debate", strategy_params={"verdict": judge}, self_judged=self_judged)


def gated(found: CellMetrics) -> dict[tuple[str, ...], GateResult]:
    """The cell's gate against a baseline of ten right answers."""
    return {found.plan.key: judge(found, base(some(10, 10)))}


def judge(found: CellMetrics, before: Baseline) -> GateResult:
    """The gate of the only cell of a session."""
    (result,) = judge_gates([(found, BaselineLookup(baseline=before))], Policy())
    return result


def page(**changes: object) -> str:
    """The page of a record with one call."""
    return record_html(replace(record("a", 1.0), transcript=[CALL], **changes).to_json())


# ---------------------------------------------------------------- the table


def test_figures_say_how_many_were_scored():
    """Scored of selected stands beside the score."""
    assert row(cell({"a": 1.0, "b": 0.0, "c": None}))["scored"] == "2/3"


def test_a_score_has_its_standard_error():
    """1, 0, 1, 0: 0.5 with sqrt(1/12)."""
    assert row(cell({"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}))["score"] == "0.500 ± 0.289"


def test_one_sample_has_no_standard_error():
    """With one scored sample no error bar is made up."""
    assert row(cell({"a": 1.0}))["score"] == "1.000"


def test_an_unknown_score_is_a_question_mark():
    """A cell in which nothing was scored shows `?`, never 0."""
    assert row(cell({"a": None}))["score"] == "?"


@pytest.mark.parametrize(("cost", "shown"), [(None, "?"), (0.0, "$0"), (0.00125, "$0.0013"), (2.5, "$2.5000")])
def test_cost(cost, shown):
    """An unknown price is `?`, a free model $0, else four digits."""
    assert row(compute_metrics(replace(PLAN, total=1), [record("a", 1.0, cost_usd=cost)]))["cost"] == shown


@pytest.mark.parametrize(("tokens", "shown"), [(None, "?"), (12345, "12,346")])
def test_tokens(tokens, shown):
    """Input and output tokens together; `?` where one is unknown."""
    usage = {**record("a", 1.0).usage, "input_tokens": tokens}
    assert row(compute_metrics(replace(PLAN, total=1), [record("a", 1.0, usage=usage)]))["tokens"] == shown


def test_a_cell_without_a_gate_shows_a_dash():
    """Where no gate was judged none is claimed."""
    assert row(cell({"a": 1.0}))["gate"] == "-"


def test_a_gate_shows_its_verdict():
    """The gate's word stands in the last column."""
    found = cell(some(5, 10))
    assert row(found, gated(found)[found.plan.key])["gate"] == "regressed"


def test_without_gates_there_is_no_gate_column():
    """A run whose gates are off shows no empty column."""
    assert "gate" not in table(cell({"a": 1.0}))
    found = cell(some(5, 10))
    assert "gate" in table(found, gates=gated(found))


@pytest.mark.parametrize("width", [20, 80, 200])
def test_no_figure_is_cut(width):
    """However narrow the terminal, every figure, label and model stands whole on its line."""
    found = cell(
        some(5, 10), label="self_consistency.n_samples=9", slug="a-rather-long-name-of-a-model", task="t" * 60
    )
    line = next(line for line in table(found, gates=gated(found), width=width).splitlines() if "0.500" in line)
    for value in list(row(found, gated(found)[found.plan.key]).values())[1:]:
        assert value in line


def test_markup_of_the_terminal_is_text():
    """A task's name in square brackets is no colour."""
    assert "[red]x[/red]" in table(cell({"a": 1.0}, task="[red]x[/red]"))


@pytest.mark.parametrize(("colour", "escapes"), [(True, True), (False, False)])
def test_colour_only_on_request(colour, escapes):
    """Without colour not one escape code is written."""
    found = cell(some(5, 10))
    assert ("\x1b[" in cell_table([found], gated(found), width=120, colour=colour)) is escapes


def test_a_self_judged_cell_is_marked_and_explained():
    """A strategy whose judge is the candidate has a star, and the star a footnote."""
    text = table(debated())
    assert "debate*" in text
    assert FOOTNOTE in text


@pytest.mark.parametrize(
    "found",
    [debated(self_judged=False), cell({"a": 1.0})],
    ids=["another judge", "no judge at all"],
)
def test_others_have_no_footnote(found):
    """With a judge of its own, or where nobody judges, there is neither star nor footnote."""
    assert "*" not in table(found)


# ---------------------------------------------------------------- below the table


def repeated(**changes: object) -> CellMetrics:
    """Twelve samples in three epochs each, two of them wavering, with a stated confidence."""
    records = [
        record(
            f"s{at}",
            float(at > 3 if at > 1 else epoch == 1),
            epoch=epoch,
            answer_metadata={"confidence": 0.5 + at / 30},
            **changes,
        )
        for at in range(12)
        for epoch in (1, 2, 3)
    ]
    ids = tuple(f"s{at}" for at in range(12))
    return compute_metrics(replace(PLAN, total=12, selected=ids, epochs=3), records)


def test_a_plain_cell_has_nothing_below():
    """One epoch without confidences: the table alone, a line for headers and one for the cell."""
    assert len(table(cell({"a": 1.0, "b": 0.0})).splitlines()) == 2


def test_repeats_stand_below_the_table():
    """The largest k with its samples, both figures with their errors, and who wavered."""
    text = table(repeated())
    line = next(line for line in text.splitlines() if "2/12: s0, s1" in line)
    assert line.split()[3:5] == ["3", "12/12"]
    assert "0.833 ± 0.112" in line
    assert "0.667 ± 0.142" in line


def test_many_wavering_samples_are_cut_short():
    """Five names are enough; how many there are is told."""
    records = [record(f"s{at}", float(epoch), epoch=epoch + 1) for at in range(9) for epoch in (0, 1)]
    text = table(compute_metrics(replace(PLAN, total=9, epochs=2), records))
    assert "9/9: s0, s1, s2, s3, s4, …" in text


def test_calibration_stands_below_the_table():
    """Each figure with its error, how many answers it is of, what the confidence is, and the bins."""
    found = repeated()
    text = table(found)
    line = next(line for line in text.splitlines() if "stated" in line)
    assert "36/36" in line
    for figure in (found.calibration.ece, found.calibration.brier, found.calibration.auroc, found.calibration.aurc):
        assert f"{figure.mean:.3f} ± {figure.stderr:.3f}" in line
    assert "ECE: 10 bins of equal width" in text


def test_where_all_are_right_auroc_is_unknown():
    """A figure that cannot be said is `?`, beside those that can."""
    records = [record(f"s{at}", 1.0, answer_metadata={"confidence": at / 20}) for at in range(12)]
    line = table(compute_metrics(replace(PLAN, total=12), records)).splitlines()[-2]
    assert "  ?  " in line
    assert "nan" not in line


def test_the_page_has_every_interval():
    """Score, repeats for every k, calibration and bins stand in the page with their 95 % intervals."""
    found = repeated()
    text = html.unescape(cells_html([found], {}))
    low, high = found.estimate.ci95
    assert f"{low:.3f} to {high:.3f}, {found.estimate.method}" in text
    told = (*found.passes.values(), found.calibration.brier, *(b.accuracy for b in found.calibration.bins))
    known = [one for one in told if one.ci95 is not None]
    assert len(known) > 8
    for one in known:
        assert f"{one.mean:.3f} ± {one.stderr:.3f} [{one.ci95[0]:.3f}, {one.ci95[1]:.3f}]" in text


def test_the_page_says_of_how_many_groups():
    """A clustered score names its groups."""
    records = [record(f"s{at}", float(at // 3 % 2), group=f"g{at // 3}") for at in range(12)]
    text = html.unescape(cells_html([compute_metrics(replace(PLAN, total=12), records)], {}))
    assert "clustered Wilson, 4 groups" in text


def test_a_page_without_an_interval_says_why():
    """A single cluster has none."""
    records = [record(f"s{at}", 1.0, group="g") for at in range(3)]
    assert "?, no interval: a single cluster" in cells_html([compute_metrics(replace(PLAN, total=3), records)], {})


def test_names_of_wavering_samples_never_become_markup():
    """Ids of samples are escaped in the page."""
    records = [record(EVIL, float(epoch), epoch=epoch + 1) for epoch in (0, 1)]
    assert "<script" not in cells_html([compute_metrics(replace(PLAN, total=1, epochs=2), records)], {})


# ---------------------------------------------------------------- a record's page


def test_the_transcript_shows_each_call():
    """Role, round, model, seed, finish reason, tokens, every message and the completion can be read."""
    text = page()
    for part in ("agent-1", "round 1", "nano-1", "seed 42", "stop", "7 in", "3 out", "Be careful.", "It is 2."):
        assert part in text


def test_the_transcript_is_folded():
    """The calls stand in a fold that says how many there are."""
    assert "<details><summary>Transcript: 1 call(s)</summary>" in page()


def test_the_verdict_stands_on_top():
    """Outcome, score, expected and got come before the fold."""
    top = page(target="42", answer="41").split("<details>")[0]
    assert "<b>correct</b>, score 1.0" in top
    assert "expected <code>42</code>, got <code>41</code>" in top


def test_unknown_tokens_of_a_call_are_question_marks():
    """A provider that tells no usage leaves `?`, never None or 0."""
    call = {**CALL, "usage": {"input_tokens": None, "output_tokens": None}}
    text = record_html(replace(record("a", 1.0), transcript=[call]).to_json())
    assert "? in" in text
    assert "? out" in text
    assert "None" not in text


def test_an_error_is_told():
    """A failed call shows its outcome and reason, and no score."""
    text = record_html(record("a", None, error="the server is gone", transcript=[]).to_json())
    assert "<b>error</b>" in text
    assert "the server is gone" in text
    assert "score" not in text


def test_an_unscored_scorer_says_so():
    """A scorer that gave no value is `unscored` with its reason."""
    scores = {"exact": {"value": None, "answer": None, "explanation": "no target"}}
    assert "exact: unscored (no target)" in page(scores=scores, outcome="unscored")


def evil() -> Record:
    """A record with markup in every text."""
    call = {
        **CALL,
        **dict.fromkeys(("role", "completion", "finish_reason", "model"), EVIL),
        "messages": [{"role": EVIL, "content": EVIL}],
    }
    return record(
        "a",
        1.0,
        **dict.fromkeys(("target", "answer", "error", "output", "input", "model"), EVIL),
        scores={EVIL: {"value": 0.5, "answer": EVIL, "explanation": EVIL}},
        answer_metadata={EVIL: EVIL},
        transcript=[call],
    )


def test_no_text_of_a_record_becomes_markup():
    """Role, messages, completion, finish reason, model, target, answer, error, scorer and notes are escaped."""
    text = record_html(evil().to_json())
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 12


def test_texts_can_be_read_as_they_were():
    """Escaping loses nothing: unescaped, the page holds the text itself."""
    assert EVIL in html.unescape(record_html(evil().to_json()))


# ---------------------------------------------------------------- the cells' page


def test_no_text_of_a_cell_becomes_markup():
    """Names of task, label and model, and the gate's message, are escaped."""
    found = cell({EVIL: 0.0}, task=EVIL, label=EVIL, slug=EVIL, params=EVIL)
    gate = judge(found, base({EVIL: 1.0}, name=EVIL))
    text = cells_html([found], {found.plan.key: gate})
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 6


def test_the_page_has_the_table_of_the_terminal():
    """Every header and every figure of the terminal's table stands in the page."""
    found = cell(some(5, 10))
    text = html.unescape(cells_html([found], gated(found)))
    for value in (*HEADERS, *row(found, gated(found)[found.plan.key]).values()):
        assert f">{value}</t" in text


def test_gates_are_counted_and_folded():
    """The fold's head counts verdicts; in it each gate's whole message can be read."""
    found = cell(some(5, 10))
    text = cells_html([found], gated(found))
    assert "<summary>Gates: 1 regressed</summary>" in text
    assert "newly wrong: s5, s6, s7, s8, s9" in text


def test_no_gate_is_none():
    """Without gates the fold says so."""
    assert "Gates: none" in cells_html([cell({"a": 1.0})], {})


@pytest.mark.parametrize(("found", "describe_pending"), [(debated(), True), (debated(self_judged=False), False)])
def test_the_page_has_the_footnote(found, describe_pending):
    """A cell judged by the candidate itself is marked in the page as in the terminal."""
    assert (FOOTNOTE in cells_html([found], {})) is describe_pending
