"""docs/strategies.md has every built-in strategy and preset with paper and parameters, as the code has them."""

from __future__ import annotations

from support.control_records import made

from benchmarks.strategy_table import (
    DESCRIPTIONS,
    END,
    PAGE,
    START,
    BuiltIn,
    built_ins,
    figures,
    figures_table,
    kept_figures,
    with_block,
)
from pytest_hiddenlayer.presets import all_presets

WITHOUT_PAPER = {"single", "manager_worker", "recorded"}
RENEW = "run: python benchmarks/strategy_table.py --names"


def test_tables_and_descriptions_equal_the_code():
    """Tables and descriptions are what the code gives; only the figures come from a measurement."""
    page = PAGE.read_text(encoding="utf-8")
    assert page.count(START) == page.count(END) == 1
    assert with_block(page, kept_figures(page)) == page, RENEW


def test_every_strategy_has_a_family_and_a_paper():
    """A method of the literature names its paper; what is no method says what it is."""
    found = built_ins()
    assert {"single", "debate", "self_consistency", "manager_worker"} <= {one.name for one in found}
    assert not [one.name for one in found if not one.family or not one.summary]
    assert not [one.name for one in found if not one.paper and one.name not in WITHOUT_PAPER]
    assert all(one.paper.startswith("[") and "https://arxiv.org/abs/" in one.paper for one in found if one.paper)


def test_the_papers_of_known_methods():
    """The link is that of the paper whose method it is."""
    papers = {one.name: one.paper for one in built_ins()}
    assert papers["debate"] == "[Du et al. 2023](https://arxiv.org/abs/2305.14325)"
    assert papers["self_consistency"] == "[Wang et al. 2022](https://arxiv.org/abs/2203.11171)"


def test_figures_are_kept_when_names_are_written_again():
    """What was measured stays; a strategy without a measurement says so."""
    measured = {"nano-2": {"debate": ["0.50 [0.10 to 0.90]", "7.0", "400", "1.5"]}, "smollm2": {}}
    page = with_block(f"a\n{START}\n{END}\nb\n", measured)
    kept = kept_figures(page)
    assert kept["nano-2"]["debate"] == measured["nano-2"]["debate"]
    assert kept["smollm2"]["debate"] == ["not measured", "", "", ""]
    assert with_block(page, kept) == page
    assert page.startswith("a\n")
    before, _, described = page.partition(f"\nb\n\n{DESCRIPTIONS}\n")
    assert before.endswith(END)
    assert [line for line in described.splitlines() if line.startswith("### ")] == [
        f"### {one.name}" for one in built_ins()
    ]


def test_the_values_of_a_parameter_are_named():
    """A parameter with few values names them, the default first, as they are written on the command line."""
    (debate,) = [one for one in built_ins() if one.name == "debate"]
    assert "aggregation=judge or majority, early_stop=true" in debate.parameters
    assert "whom an agent reads: `all` others, its two neighbours in a `ring`" in debate.description


def test_a_row_of_figures_has_every_model():
    """A strategy is a row of the table of figures, also without a figure."""
    kept = {"nano-2": {}, "smollm2": {}}
    assert isinstance(built_ins()[0], BuiltIn)
    assert len(figures_table(kept)) == 2 + len(built_ins()) + len(list(all_presets()))


def test_figures_of_a_preset_are_under_its_name():
    """Two presets of one label have the same figures; a strategy's own defaults stay under its name."""
    label = "mixture_of_agents.n_layers=2"
    records = [made("s", 1.0, strategy="mixture_of_agents", label=label, calls=7), made("s", 0.0)]
    assert figures(records) == {
        "preset:moa_lite": ["1.00 [0.03 to 1.00]", "7.0", "42", "1.0"],
        "preset:self_moa": ["1.00 [0.03 to 1.00]", "7.0", "42", "1.0"],
        "single": ["0.00 [0.00 to 0.97]", "1.0", "6", "1.0"],
    }
