"""The lines of a gate's message: the score, the comparison with the baseline, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from ...stats.estimate.mean_interval import Estimate
from ..metrics.cells import CellMetrics
from .cell_comparison import CellComparison
from .pairing import Match, SampleMatching


def score_lines(metrics: CellMetrics) -> list[str]:
    """The cell's score, and its flaky samples."""
    partial = f", partial {metrics.n_selected} of {metrics.n_total}" if metrics.partial else ""
    samples = f" answers, {metrics.estimate.n} of {metrics.n_samples} samples" if metrics.config.epochs > 1 else ""
    counts = f"n={metrics.n_scored} scored of {metrics.n_selected}{samples}{partial}"
    lines = [f"score {score(metrics.estimate)} ({counts}{_interval(metrics.estimate)})"]
    if metrics.other_scorers:
        lines[0] += f"; {metrics.headline} is judged, the first scorer"
    for name, scorer in metrics.other_scorers.items():
        counts = f"n={scorer.n_scored} scored of {metrics.n_selected}{_interval(scorer.estimate)}"
        lines.append(f"{name}, not judged: {score(scorer.estimate)} ({counts})")
    if metrics.lost:
        by_sample = [f"{name} {n} of {n + len(metrics.samples[name].epochs)}" for name, n in metrics.lost.items()]
        lines.append(f"epochs without a score, left out of their sample's score: {list_names(by_sample)}")
    if metrics.flaky:
        n_repeated = sum(len(sample.epochs) > 1 for sample in metrics.samples.values())
        share = f"{len(metrics.flaky)} of {n_repeated} repeated samples"
        lines.append(f"flaky: {share} were right in some epochs and wrong in others: {list_names(metrics.flaky)}")
    return lines


def comparison_lines(comparison: CellComparison, match: Match) -> list[str]:
    """The comparison: both scores, the difference with its test, the verdict, and the samples that changed."""
    paired = comparison.paired
    lines = [
        f"baseline {comparison.baseline}: {_side(comparison.old)}, "
        f"now {_side(comparison.new)} over the same {_samples(comparison)}",
        f"difference {paired.difference:+.3f}{_difference_interval(paired.ci95)}, {paired.method}: "
        f"p = {paired.p_worse:.3g} for worse{_margin(comparison)}, "
        f"{paired.p_better:.3g} for better{_holm(comparison)}",
        f"verdict: {comparison.verdict}{_look(comparison)}{explain_verdict(comparison)}",
    ]
    if lost := lost_answers_text(comparison):
        lines.append(lost)
    if comparison.newly_wrong:
        lines.append(f"newly wrong: {list_names(comparison.newly_wrong)}")
    if comparison.newly_right:
        lines.append(f"newly right: {list_names(comparison.newly_right)}")
    if missing := unpaired_text(comparison.pairing):
        lines.append(f"left out: {missing}")
    if match == "id":
        lines.append("matched by id: samples may have another prompt or target than in the baseline")
    return lines


def score(estimate: Estimate) -> str:
    """`0.812 ± 0.043`, the mean and its standard error if `shows_error`; `unknown` if nothing was scored."""
    error = f" ± {estimate.stderr:.3f}" if shows_error(estimate) else ""
    return "unknown" if estimate.mean is None else f"{estimate.mean:.3f}{error}"


def shows_error(estimate: Estimate) -> bool:
    """Whether the standard error says something: that of equal scores is 0, and their interval is shown instead."""
    return bool(estimate.stderr)


def unpaired_text(pairing: SampleMatching) -> str:
    """The numbers of samples left out, such as `2 changed since`; empty if every sample was compared."""
    reasons = (
        (pairing.changed, "changed since"),
        (pairing.lost, "scored before and not now"),
        (pairing.gained, "scored now and not before"),
        (pairing.unscored, "scored on neither side"),
        (pairing.added, "not in the baseline"),
        (pairing.absent, "in the baseline and not in this run"),
    )
    return ", ".join(f"{len(names)} {words}" for names, words in reasons if names)


def lost_answers_text(comparison: CellComparison) -> str:
    """How many answers lost their score, and the verdict if they count as wrong; empty if none did."""
    n = comparison.pairing.lost_answers
    answers = "1 answer has" if n == 1 else f"{n} answers have"
    return f"{answers} no score now; counted as wrong, the verdict is {comparison.verdict_with_lost}" if n else ""


def list_names(names: Sequence[str], limit: int = 12) -> str:
    """The first `limit` names, and the number of those left out."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def _samples(comparison: CellComparison) -> str:
    n, groups = comparison.paired.n, comparison.paired.n_groups
    samples = "1 sample" if n == 1 else f"{n} samples"
    return samples if groups == n else f"{samples} in {groups} groups"


def _side(estimate: Estimate) -> str:
    interval = "" if estimate.ci95 is None else " [{:.3f}, {:.3f}]".format(*estimate.ci95)
    return ("unknown" if estimate.mean is None else f"{estimate.mean:.3f}") + interval


def _difference_interval(ci95: tuple[float, float] | None) -> str:
    return "" if ci95 is None else f" (95 % interval {ci95[0]:+.3f} to {ci95[1]:+.3f})"


def _interval(estimate: Estimate) -> str:
    return "" if estimate.ci95 is None else ", 95 % interval {:.3f} to {:.3f}".format(*estimate.ci95)


def _margin(comparison: CellComparison) -> str:
    return f" by more than the margin {comparison.margin:g}" if comparison.margin else ""


def _holm(comparison: CellComparison) -> str:
    if comparison.family < 2:
        return ""
    return f"; {comparison.p_worse:.3g} and {comparison.p_better:.3g} after Holm over {comparison.family} cells"


def _look(comparison: CellComparison) -> str:
    if comparison.looks is None:
        return ""
    look, planned = comparison.looks
    return f" (sequential test, alpha spent over {planned} looks, decided after epoch {look})"


def explain_verdict(comparison: CellComparison) -> str:
    """What `same` or `underpowered` means for this cell; empty for other verdicts."""
    if comparison.untested is not None:
        return f": {comparison.untested}"
    if comparison.verdict == "same":
        return f": a difference of {comparison.min_effect:g} or more is ruled out{_equivalence_p(comparison)}"
    if comparison.verdict != "underpowered":
        return ""
    return f": {'; '.join(_what_is_detectable(comparison))}"


def _what_is_detectable(comparison: CellComparison) -> list[str]:
    """What these samples could show, how many it takes to show more, and what that assumes."""
    mde, samples, effect = comparison.smallest_effect, _samples(comparison), comparison.min_effect
    beyond = f" beyond the margin {comparison.margin:g}" if comparison.margin else ""
    known = [
        f"{samples} {'is' if comparison.paired.n == 1 else 'are'} too few to detect any change{beyond}"
        if mde is None
        else f"the minimum detectable effect (MDE) of {samples} is {mde:.3f}{_at(comparison)}"
    ]
    if comparison.pairs_needed is not None:
        known.append(f"detecting {effect:g} takes about {comparison.pairs_needed} samples")
    from ...stats.paired.equivalence import fewest_clusters  # with numpy

    fewest = fewest_clusters(effect)
    if comparison.paired.n_groups < fewest:
        unit = "samples" if comparison.paired.n_groups == comparison.paired.n else "groups"
        known.append(f"`same` takes at least {fewest} {unit} for ±{effect:g}")
    return known


def _equivalence_p(comparison: CellComparison) -> str:
    p = comparison.paired.p_different
    return "" if p is None else f" (p = {p:.3g})"


def _at(comparison: CellComparison) -> str:
    """The assumptions of a minimum detectable effect."""
    cells = f" in one of {comparison.family} cells" if comparison.family > 1 else ""
    groups = ", if a change hits whole groups" if comparison.paired.n_groups < comparison.paired.n else ""
    return f" (power 0.8{cells}{groups})"
