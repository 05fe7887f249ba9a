"""Writes the tables of docs/strategies.md: every built-in strategy and preset, with cost and score on local models.

    python benchmarks/strategy_table.py             measures on the bundled model, and on SmolLM2 if it was fetched
    python benchmarks/strategy_table.py nano-2      measures on one model, and keeps the figures of the other
    python benchmarks/strategy_table.py --names     writes all but the figures, which are kept

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
from typing import Literal, get_args, get_origin, get_type_hints

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
DESCRIPTIONS = "## Descriptions"
"""The last heading of the page; what follows it is the docstrings."""
_FAMILIES = ("debate", "sampling", "refinement", "orchestration", "introspection")
_NO_FAMILY = {"single": "one call", "recorded": "recorded answers"}
_MAX_VALUES = 6
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
    description: str  # Markdown: the method, what differs from the paper, parameters, metadata


def built_ins() -> list[BuiltIn]:
    """Returns the project's own strategies, `single` first, then by family and name."""
    own = [e for e in entry_points(group="hiddenlayer.strategies") if e.value.startswith("pytest_hiddenlayer.")]
    found = [_built_in(entry.name, entry.value) for entry in own]
    order = {family: number for number, family in enumerate(("one call", *_FAMILIES, "recorded answers"))}
    return sorted(found, key=lambda one: (order[one.family], one.name))


def _built_in(name: str, value: str) -> BuiltIn:
    function = strategies.get(name)
    module = inspect.getdoc(inspect.getmodule(function)) or ""
    documented = inspect.getdoc(function) or ""
    family = value.split(":")[0].split(".")[2]
    hints = get_type_hints(function)
    keywords = [p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]
    return BuiltIn(
        name=name,
        family=family if family in _FAMILIES else _NO_FAMILY[name],
        paper=_paper(" ".join(module.split())),
        summary=" ".join(documented.split("\n\n")[0].split()),
        parameters=", ".join(_parameter(one, hints[one.name]) for one in keywords),
        description=_markdown(f"{module}\n\n{documented}"),
    )


def _markdown(text: str) -> str:
    """Docstrings with a paragraph, or an entry of a list, on one line."""
    lines = (" ".join(part.split()) for part in re.split(r"\n\s*\n|\n(?=- )", text))
    entries = [_cell(line) for line in lines if line]
    return "".join(
        entry + ("\n" if entry.startswith("- ") and after.startswith("- ") else "\n\n")
        for entry, after in zip(entries, [*entries[1:], ""], strict=True)
    ).rstrip()


def _paper(text: str) -> str:
    """The first paper of a docstring as a link."""
    paper = _PAPER.search(text)
    if paper is None:
        return ""
    authors = _AUTHORS.findall(text[: paper.start()])
    return f"[{authors[0] if authors else f'arXiv:{paper[1]}'}](https://arxiv.org/abs/{paper[1]})"


def _parameter(parameter: inspect.Parameter, hint: object) -> str:
    """`NAME=DEFAULT`, with the other values if there are few: `aggregation=judge or majority`."""
    if parameter.default is None:
        return parameter.name
    values = get_args(hint) if get_origin(hint) is Literal else ()
    others = [str(value) for value in values if value != parameter.default] if len(values) <= _MAX_VALUES else []
    return f"{parameter.name}={' or '.join([_default(parameter.default), *others])}"


def _default(value: object) -> str:
    if value is inspect.Parameter.empty:
        return "…"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value != "" else '""'


def names_table() -> list[str]:
    """Returns the lines of the table of names, families, papers and parameters."""
    rows = ["| strategy | family | paper | what it returns | parameters |", "| --- | --- | --- | --- | --- |"]
    for one in built_ins():
        parameters = f"`{one.parameters}`" if one.parameters else "–"
        cells = (f"[`{one.name}`](#{one.name})", one.family, one.paper or "–", _cell(one.summary), parameters)
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
    return f"{preset.strategy}:{','.join(f'{key}={_default(value)}' for key, value in preset.parameters.items())}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def descriptions() -> list[str]:
    """Returns the lines that describe the strategies: methods, parameters and metadata."""
    introduction = (
        "The docstrings of the strategies. A default `temperature` applies unless the task file or the command line "
        "sets one ([task files](task-files.md#strategies)). Roles and rounds are those of calls in the transcript, "
        "and metadata is `answer_metadata` in the record. The judge is that of the run ([judges.md](judges.md))."
    )
    return [introduction, "", *_described()]


def _described() -> list[str]:
    """The lines of each strategy."""
    return [line for one in built_ins() for line in (f"### {one.name}", "", one.description, "")]


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
    """Returns the page with new tables and descriptions."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    tables = (*names_table(), "", "## Presets", "", *presets_table(), "", "## Figures", "", *figures_table(measured))
    block = [START, "", *tables, "", END]
    after, _, _ = after.partition(f"\n{DESCRIPTIONS}\n")
    return before + "\n".join(block) + "\n".join([after, DESCRIPTIONS, "", *descriptions()])


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
