"""The paragraph on methods: what was run, with which versions and seeds, and how it was analysed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..cell_texts import cost_text
from ..exported_run import ExportedRun, checked_cells, section, without_controls
from ..latex.escape import escape
from ..latex.table import model_of


def methods_text(run: ExportedRun) -> str:
    """The paragraph, from the run's manifest and summary. It states what is unknown as unknown."""
    cells = without_controls(checked_cells(run))
    sentences = [_what(cells), _scores(cells), _software(run), _provenance(run), _effort(cells), _STATISTICS]
    return (
        "\n".join(
            [f"% Written from run {escape(run.run_id)}; copy it into the paper before you edit it.", *sentences]
        )
        + "\n"
    )


_STATISTICS = (
    r"Two results were compared sample by sample: right and wrong answers with the exact test of McNemar, all other "
    r"scores with a sign-flip permutation test over clusters of samples; $p$ values have Holm's correction over all "
    r"comparisons of a table, with $\alpha = 0.05$."
)


def _what(cells: Sequence[Mapping[str, Any]]) -> str:
    tasks = {str(cell["task"]): cell.get("n_samples_selected") or cell.get("n_selected") for cell in cells}
    strategies = _names(str(cell["label"]) for cell in cells)
    models = _names(model_of(cell) for cell in cells)
    epochs = sorted({int(cell.get("epochs") or 1) for cell in cells})
    named = ", ".join(f"{escape(task)} ({'?' if n is None else n} samples)" for task, n in tasks.items())
    repeated = "once" if epochs == [1] else f"{' or '.join(map(str, epochs))} times"
    return (
        f"We evaluated {_count(len(strategies), 'strategy', 'strategies')} ({_texttt(strategies)}) with "
        f"{_count(len(models), 'model', 'models')} ({_texttt(models)}) on {_count(len(tasks), 'task', 'tasks')}: "
        f"{named}. Each sample was answered {repeated} per strategy and model that its task was run with."
    )


def _scores(cells: Sequence[Mapping[str, Any]]) -> str:
    scorers = _names(str(cell["scorer"]) for cell in cells if cell.get("scorer"))
    intervals = _names(str(cell["method"]) for cell in cells if cell.get("method") and cell.get("ci95"))
    scored, selected = (_sum(cell.get(name) for cell in cells) for name in ("n", "n_selected"))
    by = f" by the scorers {_texttt(scorers)}" if scorers else ""
    how = f" Intervals have 95\\,\\% confidence (method: {escape('; '.join(intervals))})." if intervals else ""
    return (
        f"A score is the mean over samples, in $[0, 1]${by}; {_thousands(scored)} of {_thousands(selected)} answers "
        f"were scored, and the others enter no mean.{how}"
    )


def _software(run: ExportedRun) -> str:
    versions = section(run, "versions")
    named = ", ".join(f"{escape(str(name))} {escape(str(value))}" for name, value in versions.items())
    host = section(run, "host")
    system = " ".join(str(host[name]) for name in ("system", "machine") if host.get(name))
    return f"Software: {named or 'unknown versions'}{f', on {escape(system)}' if system else ''}."


def _provenance(run: ExportedRun) -> str:
    git, manifest = section(run, "git"), run.manifest
    dirty = " with uncommitted changes" if git.get("dirty") else ""
    commit = rf"\texttt{{{escape(str(git['commit'])[:12])}}}{dirty}" if git.get("commit") else "unknown"
    seed = escape(str(manifest.get("seed", "unknown")))
    date = escape(str(manifest.get("started_at") or "an unknown date")[:10])
    return f"Run \\texttt{{{escape(run.run_id)}}} of {date}, seed {seed}, commit {commit}."


def _effort(cells: Sequence[Mapping[str, Any]]) -> str:
    usages = [cell.get("usage") or {} for cell in cells]
    calls, tokens_in, tokens_out = (
        _sum(usage.get(name) for usage in usages) for name in ("calls", "input_tokens", "output_tokens")
    )
    cost = _sum(cell.get("cost_usd") for cell in cells)
    price = "an unknown amount" if cost is None else f"{cost_text(cost).lstrip('$')} US dollars"
    return (
        f"It made {_thousands(calls)} model calls with {_thousands(tokens_in)} input and {_thousands(tokens_out)} "
        f"output tokens, and cost {price}."
    )


def _names(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _texttt(names: Sequence[str]) -> str:
    return ", ".join(rf"\texttt{{{escape(name)}}}" for name in names)


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _sum(values: Iterable[Any]) -> Any:
    """The sum; None if one of them is unknown."""
    known = list(values)
    return None if None in known else sum(known)


def _thousands(n: int | None) -> str:
    return "an unknown number of" if n is None else f"{n:,}".replace(",", "{,}")
