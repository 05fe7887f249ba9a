"""The figure of a comparison of strategies: points, the votes' line, and what is left out."""

from __future__ import annotations

import pytest
from support.control_records import HAND, debated, made

from pytest_hiddenlayer.analysis.strategy_bench.leaderboard import leaderboards
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.plots.strategy_bench import plot_strategy_bench

RUN = [*HAND, *(made(f"s{i}", float(i != 3)) for i in (1, 2, 3, 4))]


def legend(figure):
    """The texts of the legend of the only panel."""
    (axes,) = figure.axes
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_strategies_are_points_and_votes_a_line():
    """Every strategy is in the legend, cheapest first, and the votes of plain samples are one line."""
    figure = plot_strategy_bench(leaderboards(RUN))
    assert sorted(legend(figure)) == sorted(["1  single", "2  debate", "vote of 1, 2, 4, … samples"])
    assert "model calls" in figure.axes[0].get_xlabel()
    (votes,) = [line for line in figure.axes[0].lines if line.get_linestyle() == "--"]
    assert list(votes.get_xdata()) == [1.0, 2.0, 4.0]


def test_the_budget_is_that_of_the_comparison():
    """Matched tokens are tokens on the axis."""
    assert "tokens" in plot_strategy_bench(leaderboards(RUN, unit="tokens")).axes[0].get_xlabel()


def test_a_strategy_with_few_scores_is_named_below():
    """It is no point, and the label says so."""
    lost = [debated(f"s{i}", None, outcome="unscored", strategy="lucky", label="lucky") for i in (1, 2)]
    figure = plot_strategy_bench(leaderboards([*RUN, *lost]))
    assert not any("lucky" in text for text in legend(figure))
    assert "left out, too few scores or unknown cost: lucky" in figure.axes[0].get_xlabel().replace("\n", " ")


def test_nothing_to_show():
    """An empty comparison is a panel that says why; an unknown task is a message."""
    assert "nothing was asked" in plot_strategy_bench([]).axes[0].texts[0].get_text()
    with pytest.raises(UsageError, match="task 'x': compared were t"):
        plot_strategy_bench(leaderboards(RUN), task="x")


def test_many_strategies_with_long_names_leave_room_for_the_points():
    """The figure grows with the columns of its legend, and a long name keeps its start and its end."""
    name = "debate.aggregation=majority,early_stop=False,share=fu-b5a18f"
    few = plot_strategy_bench(leaderboards(RUN))
    many = [made(f"s{i}", 1.0, strategy=f"x{j}", label=name + str(j)) for i in (1, 2, 3, 4) for j in range(20)]
    figure = plot_strategy_bench(leaderboards([*RUN, *many]))
    assert figure.get_size_inches()[0] > few.get_size_inches()[0]
    assert any(text.endswith("debate.aggregation=ma…u-b5a18f19") for text in legend(figure))
