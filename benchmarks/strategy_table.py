"""Writes the tables of docs/strategies.md: every built-in strategy and preset, with cost and score on local models.

    python benchmarks/strategy_table.py             measures on the bundled model, and on SmolLM2 if it was fetched
    python benchmarks/strategy_table.py nano-2      measures on one model, and keeps the figures of the other
    python benchmarks/strategy_table.py --names     writes names, papers and parameters, and keeps all figures

The fixed sets are in `strategy_tasks/`. Strategies run with their defaults; `cascade` and `router` name both models.
"""

from __future__ import annotations

import inspect
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.analysis.strategy_bench.strategy_row import StrategyRow, strategy_row
from pytest_hiddenlayer.analysis.strategy_bench.tables import interval, number
from pytest_hiddenlayer.errors import HiddenLayerError
from pytest_hiddenlayer.interface.bench.result import full_records
from pytest_hiddenlayer.interface.bench.run import prepare_bench
from pytest_hiddenlayer.interface.bench.written import bound_strategy
from pytest_hiddenlayer.presets import Preset, all_presets
from pytest_hiddenlayer.registry import strategies
from pytest_hiddenlayer.types import Record

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "strategies.md"
TASKS = ROOT / "benchmarks" / "strategy_tasks"
START, END = "<!-- strategies: start -->", "<!-- strategies: end -->"
MODELS = {"nano-2": TASKS / "nano_2.yaml", "smollm2": TASKS / "smollm2.yaml"}
"""Model → its fixed set: one of which it gets some right."""
LIMITS = {"smollm2": 4}
"""Model → how many samples of its set are measured, if not all: it is slow."""
NOT_MEASURED_PRESETS = {"nano-2": ("deepconf",), "smollm2": tuple(one.name for one in all_presets())}
"""Presets that take too many calls for a table."""
BOTH_MODELS = "models=mlx+mlx:smollm2"
WITH_MODELS = {"cascade": BOTH_MODELS, "router": BOTH_MODELS}
"""Strategies that need several models → the parameters that name them."""
NOT_MEASURED = "not measured"
_FAMILIES = ("debate", "sampling", "refinement", "orchestration", "introspection")
_NO_FAMILY = {"single": "one call", "recorded": "recorded answers"}
_PAPER = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
_AUTHORS = re.compile(r"((?:[A-Z][\w’'-]+(?:, | and | & )?){1,3}(?: et al\.)? (?:19|20)\d\d)\W")


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltIn:
    """One built-in strategy, as its code describes it."""

    name: str
    family: str  # the package, or what it is without one
    paper: str  # a link; empty without a paper
    summary: str
    parameters: str


def built_ins() -> list[BuiltIn]:
    """Returns the project's own strategies, `single` first, then by family and name."""
    own = [e for e in entry_points(group="hiddenlayer.strategies") if e.value.startswith("pytest_hiddenlayer.")]
    found = [_built_in(entry.name, entry.value) for entry in own]
    order = {family: number for number, family in enumerate(("one call", *_FAMILIES, "recorded answers"))}
    return sorted(found, key=lambda one: (order[one.family], one.name))


def _built_in(name: str, value: str) -> BuiltIn:
    function = strategies.get(name)
    module = " ".join((inspect.getdoc(inspect.getmodule(function)) or "").split())
    family = value.split(":")[0].split(".")[2]
    keywords = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    return BuiltIn(
        name=name,
        family=family if family in _FAMILIES else _NO_FAMILY[name],
        paper=_paper(module),
        summary=" ".join((inspect.getdoc(function) or "").split("\n\n")[0].split("\n")).strip(),
        parameters=", ".join(f"{one.name}={_default(one.default)}" for one in keywords),
    )


def _paper(text: str) -> str:
    """The first paper of a docstring as a link."""
    paper = _PAPER.search(text)
    if paper is None:
        return ""
    authors = _AUTHORS.findall(text[: paper.start()])
    return f"[{authors[0] if authors else f'arXiv:{paper[1]}'}](https://arxiv.org/abs/{paper[1]})"


def _default(value: object) -> str:
    if value is inspect.Parameter.empty:
        return "…"
    return str(value) if value != "" else '""'


def names_table() -> list[str]:
    """Returns the lines of the table of names, families, papers and parameters."""
    rows = ["| strategy | family | paper | what it returns | parameters |", "| --- | --- | --- | --- | --- |"]
    for one in built_ins():
        parameters = f"`{one.parameters}`" if one.parameters else "–"
        cells = (f"`{one.name}`", one.family, one.paper or "–", _cell(one.summary), parameters)
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def presets_table() -> list[str]:
    """Returns the lines of the table of built-in presets."""
    rows = ["| preset | paper | strategy | what it is |", "| --- | --- | --- | --- |"]
    for one in all_presets():
        cells = (f"`{one.name}`", _paper_link(one), f"`{_written(one)}`", _cell(one.description))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _paper_link(preset: Preset) -> str:
    number = preset.paper.removeprefix("arXiv:")
    return f"[{preset.paper}](https://arxiv.org/abs/{number})" if number else "–"


def _written(preset: Preset) -> str:
    """The strategy as `--strategy` takes it."""
    return f"{preset.strategy}:{','.join(f'{key}={value}' for key, value in preset.parameters.items())}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def figures_table(measured: dict[str, dict[str, list[str]]]) -> list[str]:
    """Returns the lines of the table of figures; `measured` is model → strategy → its cells."""
    columns = [
        f"{model}: {what}" for model in MODELS for what in ("score, 95 % interval", "calls", "tokens", "seconds")
    ]
    rows = [f"| strategy | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    unknown = [NOT_MEASURED, "", "", ""]
    for name in (*(one.name for one in built_ins()), *(f"preset:{one.name}" for one in all_presets())):
        cells = [cell for model in MODELS for cell in measured.get(model, {}).get(name, unknown)]
        rows.append(f"| `{name}` | {' | '.join(cells)} |")
    return rows


def measure(model: str) -> dict[str, list[str]]:
    """Returns the figures of all strategies and presets on a model's fixed set. Raises HiddenLayerError."""
    task = MODELS[model]
    variants = [f"{name}:{parameters}" for name, parameters in WITH_MODELS.items()]
    presets = [f"preset:{one.name}" for one in all_presets() if one.name not in NOT_MEASURED_PRESETS[model]]
    prepared = prepare_bench([task], {"model": model}, strategies=["all", *variants, *presets])
    with tempfile.TemporaryDirectory() as reports:
        run = hl.evaluate(
            task,
            model=model,
            strategy=prepared.plan.strategies,
            limit=LIMITS.get(model),
            gate="off",
            reports=reports,
        )
        return figures(full_records(run.folder))


def figures(records: Iterable[Record]) -> dict[str, list[str]]:
    """Returns name → cells of the table; the names of a label that presets have are theirs, else its strategy's."""
    by_label: dict[str, list[Record]] = {}
    for record in records:
        by_label.setdefault(record.label, []).append(record)
    samples = max((len({one.sample_id for one in cell}) for cell in by_label.values()), default=0)
    rows = [strategy_row(cell, samples=samples) for cell in by_label.values()]
    presets = [(one.name, bound_strategy(f"preset:{one.name}", None).label) for one in all_presets()]
    measured: dict[str, list[str]] = {}
    for row in rows:
        same = [f"preset:{name}" for name, label in presets if label == row.label]
        measured |= dict.fromkeys(same or [row.strategy], _figures(row))
    return measured


def _figures(row: StrategyRow) -> list[str]:
    score = f"{number(row.score.mean, '.2f')} [{interval(row.score.ci95)}]" if row.scored else "no score"
    unscored = "" if row.scored == row.answers else f", {row.scored} of {row.answers} scored"
    return [score + unscored, number(row.spent.calls), number(row.spent.tokens, ",.0f"), number(row.seconds)]


def kept_figures(page: str) -> dict[str, dict[str, list[str]]]:
    """Returns the figures that the page has."""
    measured: dict[str, dict[str, list[str]]] = {model: {} for model in MODELS}
    width = 4
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 1 + width * len(MODELS):
            for at, model in enumerate(MODELS):
                measured[model][cells[0].strip("`")] = cells[1 + at * width : 1 + (at + 1) * width]
    return measured


def with_block(page: str, measured: dict[str, dict[str, list[str]]]) -> str:
    """Returns the page with both tables written anew between its markers."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    tables = (*names_table(), "", "## Presets", "", *presets_table(), "", "## Figures", "", *figures_table(measured))
    block = [START, "", *tables, "", END]
    return before + "\n".join(block) + after


def main() -> None:
    """Measure, and write the page after each model."""
    page = PAGE.read_text(encoding="utf-8")
    measured = kept_figures(page)
    PAGE.write_text(with_block(page, measured), encoding="utf-8")
    words = sys.argv[1:]
    if wrong := [word for word in words if word not in ("--names", *MODELS)]:
        sys.exit(f"{wrong[0]}: name one of {', '.join(MODELS)}, or --names")
    for model in [] if "--names" in words else words or MODELS:
        print(f"{model}: {MODELS[model].name}", file=sys.stderr)
        try:
            measured[model] |= measure(model)
        except HiddenLayerError as error:
            print(f"{model}: not measured: {error}", file=sys.stderr)
        PAGE.write_text(with_block(page, measured), encoding="utf-8")


if __name__ == "__main__":
    main()
