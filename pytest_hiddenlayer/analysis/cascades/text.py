"""A learnt threshold as text for a terminal, and as the file of a preset."""

from __future__ import annotations

from .thresholds import Difference, LearntThreshold

_UNITS = {"usd": "cost in dollars", "tokens": "tokens", "calls": "calls"}


def threshold_text(learnt: LearntThreshold) -> str:
    """Returns what was learnt, and what it is worth on the samples that it was not learnt on."""
    first, last = learnt.models
    lines = [f"{learnt.task} · {learnt.strategy} by {learnt.signal} · {first}, then {last}"]
    if learnt.left_out:
        lines.append(f"{learnt.left_out} questions are left out: they have no score")
    if learnt.threshold is None:
        lines.append(
            f"no threshold of {learnt.signal} is cheaper than {last} alone at its accuracy of "
            f"{learnt.train_last:.3f} (less {learnt.max_loss:g}), or more accurate, on the {learnt.n_train} training "
            "samples; try another --signal, or a larger --max-loss"
        )
        return "\n".join(lines) + "\n"
    lines += [
        f"threshold {learnt.threshold}, learnt on {learnt.n_train} samples (accuracy there "
        f"{_number(learnt.train_accuracy)})",
        f"on the other {learnt.n_test} samples:",
        f"  accuracy {_number(learnt.accuracy)} · {first} alone {_number(learnt.accuracy_first)} · "
        f"{last} alone {_number(learnt.accuracy_last)}",
        f"  against {last} alone: {_difference(learnt.against_last)}",
        f"  against {first} alone: {_difference(learnt.against_first)}",
        f"  against asking {last} as often at random: {_difference(learnt.against_random)}",
        f"  {last} answers {_percent(learnt.asked_last)} of the questions",
        f"  {_UNITS[learnt.unit]} saved: {_percent(learnt.saved)}{_interval(learnt.saved_ci95, '+.0%')}",
        f"use: --strategy {strategy_option(learnt)}",
    ]
    return "\n".join(lines) + "\n"


def strategy_option(learnt: LearntThreshold) -> str:
    """Returns the strategy as it is written behind `--strategy`."""
    return f"{learnt.strategy}:" + ",".join(f"{name}={value}" for name, value in learnt.params().items())


def preset_yaml(learnt: LearntThreshold, run: str) -> str:
    """Returns the strategy as the file of a preset, whose description says where the threshold comes from."""
    import yaml

    description = (
        f"Learnt on {learnt.n_train} samples of task {learnt.task}, run {run}. On the other {learnt.n_test}: "
        f"accuracy {_number(learnt.accuracy)}, {learnt.models[1]} alone {_number(learnt.accuracy_last)}; "
        f"{_UNITS[learnt.unit]} saved {_percent(learnt.saved)}{_interval(learnt.saved_ci95, '+.0%')}."
    )
    preset = {"description": description, "strategy": learnt.strategy, "parameters": learnt.params()}
    return yaml.safe_dump(preset, sort_keys=False, width=1000)


def _difference(value: Difference | None) -> str:
    return "unknown" if value is None else f"{value.difference:+.3f}{_interval(value.ci95, '+.3f')}"


def _interval(ci95: tuple[float, float] | None, form: str) -> str:
    return " (no interval)" if ci95 is None else f" (95 % interval {ci95[0]:{form}} to {ci95[1]:{form}})"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0%}"
