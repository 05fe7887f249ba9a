"""The table of cells for a terminal, and the details below it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.cells import FOOTNOTE, debated, gated, repeated, row, table
from support.records import CONFIG, cell, record, some

from pytest_hiddenlayer.report.table import cell_table
from pytest_hiddenlayer.results.metrics.cells import compute_metrics


def test_figures_say_how_many_were_scored():
    """The table shows scored of selected samples."""
    assert row(cell({"a": 1.0, "b": 0.0, "c": None}))["scored"] == "2/3"


def test_a_score_has_its_standard_error():
    """1, 0, 1, 0: 0.5 with sqrt(1/12)."""
    assert row(cell({"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.0}))["score"] == "0.500 ± 0.289"


def test_one_sample_has_no_standard_error():
    """With one scored sample no error bar is made up; its interval is wide."""
    assert row(cell({"a": 1.0}))["score"] == "1.000 [0.025, 1.000]"


def test_an_unknown_score_is_a_question_mark():
    """A cell without a scored sample shows `?`, never 0."""
    assert row(cell({"a": None}))["score"] == "?"


@pytest.mark.parametrize(("cost", "shown"), [(None, "?"), (0.0, "$0"), (0.00125, "$0.0013"), (2.5, "$2.5000")])
def test_cost(cost, shown):
    """An unknown price is `?`, a free model $0, else four digits."""
    assert row(compute_metrics(replace(CONFIG, total=1), [record("a", 1.0, cost_usd=cost)]))["cost"] == shown


@pytest.mark.parametrize(("tokens", "shown"), [(None, "?"), (12345, "12,346")])
def test_tokens(tokens, shown):
    """Input and output tokens are added; `?` if either is unknown."""
    usage = {**record("a", 1.0).usage, "input_tokens": tokens}
    assert row(compute_metrics(replace(CONFIG, total=1), [record("a", 1.0, usage=usage)]))["tokens"] == shown


def test_a_cell_without_a_gate_shows_a_dash():
    """A cell without a gate shows `-`."""
    assert row(cell({"a": 1.0}))["gate"] == "-"


def test_a_gate_shows_its_verdict():
    """The last column shows the gate's verdict."""
    metrics = cell(some(5, 10))
    assert row(metrics, gated(metrics)[metrics.config.key])["gate"] == "regressed"


def test_without_gates_there_is_no_gate_column():
    """A run whose gates are off shows no empty column."""
    assert "gate" not in table(cell({"a": 1.0}))
    metrics = cell(some(5, 10))
    assert "gate" in table(metrics, gates=gated(metrics))


@pytest.mark.parametrize("width", [20, 80, 200])
def test_no_figure_is_cut(width):
    """However narrow the terminal, no value, label or model is cut."""
    metrics = cell(
        some(5, 10), label="self_consistency.n_samples=9", slug="a-rather-long-name-of-a-model", task="t" * 60
    )
    line = next(line for line in table(metrics, gates=gated(metrics), width=width).splitlines() if "0.500" in line)
    for value in list(row(metrics, gated(metrics)[metrics.config.key]).values())[1:]:
        assert value in line


def test_markup_of_the_terminal_is_text():
    """A task's name in square brackets is no colour."""
    assert "[red]x[/red]" in table(cell({"a": 1.0}, task="[red]x[/red]"))


@pytest.mark.parametrize(("colour", "escapes"), [(True, True), (False, False)])
def test_colour_only_on_request(colour, escapes):
    """Without colour not one escape code is written."""
    metrics = cell(some(5, 10))
    assert ("\x1b[" in cell_table([metrics], gated(metrics), width=120, colour=colour)) is escapes


def test_a_self_judged_cell_is_marked_and_explained():
    """A strategy whose judge is the candidate has a star, and the star a footnote."""
    text = table(debated())
    assert "debate*" in text
    assert FOOTNOTE in text


def test_self_judging_is_stated_once():
    """The footnote is not repeated by the judges' warnings; other warnings stay."""
    flags = ["m was judged by itself; name another with --judge", "judge n is of the same model family"]
    text = table(replace(debated(), judging={"flags": flags}))
    assert FOOTNOTE in text
    assert flags[0] not in text
    assert flags[1] in text
    assert flags[0] in table(replace(debated(self_judged=False), judging={"flags": flags}))


@pytest.mark.parametrize(
    "metrics",
    [debated(self_judged=False), cell({"a": 1.0})],
    ids=["another judge", "no judge at all"],
)
def test_others_have_no_footnote(metrics):
    """With a separate judge, or without one, there is neither star nor footnote."""
    assert "*" not in table(metrics)


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


def test_many_flaky_samples_are_cut_short():
    """At most five flaky samples are named; all are counted."""
    records = [record(f"s{at}", float(epoch), epoch=epoch + 1) for at in range(9) for epoch in (0, 1)]
    text = table(compute_metrics(replace(CONFIG, total=9, epochs=2), records))
    assert "9/9: s0, s1, s2, s3, s4, …" in text


@pytest.mark.parametrize(("value", "shown"), [(1.0, "1.000 [0.158, 1.000]"), (0.0, "0.000 [0.000, 0.842]")])
def test_equal_scores_show_their_interval(value, shown):
    """Two equal scores make nothing certain: the interval is shown, never `± 0.000`."""
    metrics = cell({"a": value, "b": value})
    assert row(metrics)["score"] == shown
    assert "± 0.000" not in table(metrics)


def test_repeats_show_the_largest_k_that_is_known():
    """If few samples have the largest number of epochs, the row is that of a smaller k, not of those few."""
    records = [record(f"s{at}", 1.0, epoch=e + 1) for at in range(8) for e in range(20 if at < 2 else 4)]
    metrics = compute_metrics(
        replace(CONFIG, total=8, epochs=20, selected=tuple(f"s{at}" for at in range(8))), records
    )
    line = next(line for line in table(metrics).splitlines() if "8/8" in line and "0/8" in line)
    assert line.split()[3:5] == ["4", "8/8"]
    assert "2/8" not in table(metrics)


@pytest.mark.parametrize("asked", [False, True])
def test_calibration_is_shown_if_stated_or_asked_for(asked):
    """A vote share has a table only on request; a confidence that the strategy states has one always."""
    votes = [
        record(f"s{at}", float(at % 2), answer_metadata={"vote": {"votes": {"o": 2, "x": 1}}}) for at in range(12)
    ]
    metrics = compute_metrics(replace(CONFIG, total=12), votes)
    assert metrics.calibration is not None
    shown = cell_table([metrics], {}, width=120, colour=False, calibration=asked)
    assert ("calibration of the confidence" in shown) is asked
    assert "calibration of the confidence" in table(repeated())


def test_calibration_stands_below_the_table():
    """Each figure with its error if it has one, how many answers it is of, what the confidence is, and the bins."""
    metrics = repeated()
    text = table(metrics)
    line = next(line for line in text.splitlines() if "stated" in line)
    assert "36/36" in line
    assert f" {metrics.calibration.ece.mean:.3f} " in line
    for figure in (
        metrics.calibration.brier,
        metrics.calibration.auroc,
        metrics.calibration.aurc,
    ):
        assert f"{figure.mean:.3f} ± {figure.stderr:.3f}" in line
    assert "ECE: 10 bins of equal width" in text


def test_where_all_are_right_auroc_is_unknown():
    """An undefined metric is `?`; the others are shown."""
    records = [record(f"s{at}", 1.0, answer_metadata={"confidence": at / 20}) for at in range(12)]
    line = table(compute_metrics(replace(CONFIG, total=12), records)).splitlines()[-2]
    assert "  ?  " in line
    assert "nan" not in line
