"""Figures of runs: what is drawn, and what they say is missing."""

from __future__ import annotations

import sys
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from matplotlib.figure import Figure

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.interface.runs import Run

from .conftest import StubRun

PLOTS = (hl.plot_scores, hl.plot_score_cost, hl.plot_debate_transitions, hl.plot_calibration, hl.plot_latency)


def texts(figure: Figure) -> str:
    """Every text of a figure: labels, ticks, notes, legends."""
    from matplotlib.text import Text

    figure.canvas.draw()
    return "\n".join(text.get_text().replace("\n", " ") for text in figure.findobj(Text) if text.get_text())


def points(figure: Figure, axes: int = 0) -> list[tuple[float, float]]:
    """The centres of the error bars of one panel."""
    return [tuple(float(line.get_data()[i][0]) for i in (0, 1)) for line, _, _ in figure.axes[axes].containers]


def test_scores_have_intervals_and_counts(run: Run):
    """Each cell is a point at its score, between the ends of the interval of the summary, with its n."""
    figure = hl.plot_scores(run)
    assert [x for x, _ in points(figure)] == [11 / 12, 1.0]
    (bar,) = figure.axes[0].containers[0][2]
    assert bar.get_segments()[0][:, 0].tolist() == pytest.approx(run.cells[0]["ci95"])
    shown = texts(figure)
    assert shown.count("n = 12") == 2
    assert "score, with 95 % interval all: sums · scripted:replies.json" in shown
    assert {"single", "debate"} <= set(shown.splitlines())


def test_runs_differ_in_colour_and_marker(run: Run):
    """Two runs have two colours, two markers and the names of the mapping."""
    figure = hl.plot_scores({"before": run, "after": run}, strategy="single")
    lines = [line for line, _, _ in figure.axes[0].containers]
    assert len({line.get_color() for line in lines}) == len({line.get_marker() for line in lines}) == 2
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["before", "after"]


def test_repeated_answers_are_not_taken_for_samples(run: Run):
    """A cell of 12 samples in three epochs has n = 12; the answers are counted next to it."""
    cells = [{**run.cells[0], "n": 36, "n_samples": 12}]
    assert "n = 12, 36 answers" in texts(hl.plot_scores(StubRun(cells=cells)))


def test_a_cell_without_score_or_interval_says_so(run: Run):
    """A missing score is no point at 0; a missing interval is a hollow point and a note."""
    first, second = run.cells
    bare = {**first, "score": None, "ci95": None, "n": 0, "n_samples": 0}, {**second, "ci95": None}
    figure = hl.plot_scores(StubRun(cells=list(bare)))
    assert len(points(figure)) == 1
    assert figure.axes[0].containers[0][0].get_markerfacecolor() == "white"
    shown = texts(figure)
    assert "no score, nothing was scored: sums single" in shown
    assert "no interval (hollow), too little data: sums debate" in shown


def test_free_models_are_compared_by_tokens(run: Run):
    """If every cost is 0 dollars the axis is in tokens, and the figure says why."""
    figure = hl.plot_score_cost(run)
    shown = texts(figure)
    assert "mean cost of an answer, tokens, input and output" in shown
    assert "all calls cost 0 US dollars" in shown
    (single, debate) = points(figure)
    assert single[0] < debate[0]
    assert (single[1], debate[1]) == (11 / 12, 1.0)


def test_known_prices_are_drawn_in_dollars(run: Run):
    """If every cost is known and not all are 0, the axis is in US dollars per answer."""
    records = [
        replace(record, transcript=[{**call, "cost_usd": 0.25} for call in record.transcript])
        for record in run.records
    ]
    figure = hl.plot_score_cost(StubRun(records=records, cells=list(run.cells)))
    assert [x for x, _ in points(figure)] == [0.25, 7 * 0.25]
    assert "mean cost of an answer, US dollars" in texts(figure)


def test_unknown_costs_are_named(run: Run):
    """An unknown price is not 0: the figure names who has none, and falls back to tokens."""
    records = [
        replace(record, transcript=[{**call, "cost_usd": None} for call in record.transcript])
        if record.label == "debate"
        else record
        for record in run.records
    ]
    shown = texts(hl.plot_score_cost(StubRun(records=records, cells=list(run.cells))))
    assert "mean cost of an answer, tokens" in shown
    assert "cost in US dollars unknown: debate scripted:replies.json" in shown


def test_what_is_dominated_is_hollow(run: Run):
    """A strategy that costs more and is not better is hollow, and the legend says so."""
    records = [replace(record, scores={"exact": {"value": 1.0}}, outcome="correct") for record in run.records]
    figure = hl.plot_score_cost(StubRun(records=records, cells=list(run.cells)))
    assert [line.get_markerfacecolor() == "white" for line, _, _ in figure.axes[0].containers] == [False, True]
    assert "2  debate (dominated)" in texts(figure)


def test_transitions_count_what_a_round_changes(run: Run):
    """Three samples of three agents go from wrong to right, a quarter of the answers; none goes back."""
    figure = hl.plot_debate_transitions(run)
    heights = [bar.get_height() for bar in figure.axes[0].patches[:4]]
    assert heights == [25.0, 0.0, 25.0, 0.0]
    shown = texts(figure).splitlines()
    assert "agents round 0 → 1 n = 36" in shown
    assert {"9", "3", "0"} <= set(shown)


def test_a_debate_that_changes_nothing_has_an_axis(run: Run):
    """The bars have no height, and the axis still shows what height would mean."""
    records = [record for record in run.records if record.sample_id not in ("s0", "s1", "s2")]
    figure = hl.plot_debate_transitions(StubRun(records=records, cells=list(run.cells)))
    assert [bar.get_height() for bar in figure.axes[0].patches[:6]] == [0.0] * 6
    low, high = figure.axes[0].get_ylim()
    assert low < -10 < 10 < high


def test_a_run_without_debate_says_so(run: Run):
    """There is a figure, which says that nothing changed by round because there were no rounds."""
    assert "no changes by round" in texts(hl.plot_debate_transitions(run, strategy="single"))


def test_calibration_has_counts_and_says_what_it_measures(run: Run):
    """One point per filled bin, with its number of answers; the axis names the kind of confidence."""
    figure = hl.plot_calibration(run, strategy="single")
    (point,) = points(figure)
    assert point == pytest.approx((0.904837, 11 / 12), abs=1e-5)
    shown = texts(figure)
    assert "mean confidence: token probability n = 12, Brier score" in shown
    assert "12" in shown.splitlines()


def test_without_confidence_the_panel_says_so(run: Run):
    """A cell without calibration is an empty panel with the reason."""
    cells = [{**cell, "calibration": None} for cell in run.cells]
    assert texts(hl.plot_calibration(StubRun(cells=cells))).count("no calibration: fewer than 10") == 2


def test_cached_answers_have_no_latency(run: Run):
    """An answer of a cache was not measured: it is counted, not drawn."""
    drawn = texts(hl.plot_latency(run))
    assert drawn.count("n = 12") == 2
    assert "not measured" not in drawn
    cached = StubRun.of(run, cached=True)
    cached.records[0] = replace(cached.records[0], cached=False)
    shown = texts(hl.plot_latency(cached))
    assert "n = 1 of 12" in shown
    assert "not measured: 23 answers from a cache" in shown


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_figures_are_saved_and_shown(plot: Any, run: Run):
    """A figure is SVG by `savefig`, and one PNG in a notebook; pyplot does not know it."""
    figure, file = plot(run), BytesIO()
    figure.savefig(file, format="svg")
    assert file.getvalue().startswith(b"<?xml")
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()


def test_figures_are_saved_as_pdf(run: Run):
    """`savefig` writes PDF for a paper."""
    file = BytesIO()
    hl.plot_scores(run).savefig(file, format="pdf")
    assert file.getvalue().startswith(b"%PDF")


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_figures_are_drawn_on_given_axes(plot: Any, run: Run):
    """`ax` receives the panel, and its figure comes back."""
    figure = Figure()
    ax = figure.subplots()
    assert plot(run, ax=ax, task="sums", **({} if plot is hl.plot_score_cost else {"strategy": "debate"})) is figure
    assert ax.has_data()


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_an_empty_run_is_a_figure_that_says_so(plot: Any):
    """An experiment without records has nothing to draw, and is no traceback."""
    assert "no " in texts(plot(StubRun()))


def test_one_axes_does_not_hold_two_panels(run: Run):
    """The error names the panels and the arguments that select one."""
    with pytest.raises(hl.UsageError, match="2 panels, one per cell: single, debate; select one with `task` and"):
        hl.plot_calibration(run, ax=Figure().subplots())


def test_wrong_names_and_values_are_usage_errors(run: Run):
    """A name that the run does not have is answered with those it has."""
    with pytest.raises(hl.UsageError, match=r"task 'sum': run .* has sums, did you mean 'sums'\?"):
        hl.plot_scores(run, task="sum")
    with pytest.raises(hl.UsageError, match=r"strategy 'vote': run .* has debate, single"):
        hl.plot_latency(run, strategy="vote")
    with pytest.raises(hl.UsageError, match=r"a run is needed, found str; pass what load_run"):
        hl.plot_calibration("last")
    for runs, found in (("last", "str"), ([1], "int"), ({"a": None}, "NoneType")):
        with pytest.raises(hl.UsageError, match=f"a run is needed, found {found}"):
            hl.plot_scores(runs)
    with pytest.raises(hl.UsageError, match="no run was given"):
        hl.plot_scores([])


def test_a_summary_of_another_version_is_a_usage_error(run: Run):
    """The message names the run, what its cell lacks and what to do."""
    with pytest.raises(hl.UsageError, match=r"run run-1: a cell of its summary has no slug; .* remove summary\.json"):
        hl.plot_scores(StubRun(cells=[{**run.cells[0], "slug": None}]))


def test_a_dollar_sign_is_no_formula(run: Run):
    """Names are shown as they are written."""
    cells = [{**cell, "slug": "a$b$c"} for cell in run.cells]
    assert r"a\$b\$c" in texts(hl.plot_scores(StubRun(cells=cells)))


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
def test_without_matplotlib_the_error_names_the_extra(plot: Any, run: Run, monkeypatch: pytest.MonkeyPatch):
    """One sentence says what to install."""
    monkeypatch.delitem(sys.modules, "pytest_hiddenlayer.plots.notebook_figure", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(hl.UsageError, match=r"pip install 'pytest-hiddenlayer\[plots\]'"):
        plot(run)
