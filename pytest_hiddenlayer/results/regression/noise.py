"""What is known of noise in the changes of a cell: the epochs of a sample, and the changes in both directions.

Each function returns sentences that hold without any assumption on the model, or name theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...stats.exact_tests import fisher_exact, sign_test
from .changed_samples import ChangedSample
from .compare_runs import CellPair

UNLIKELY = 0.05


def pass_score_of(cell: CellPair) -> float:
    """From which score on an epoch counts as right: that of the new side, else of the old one, else 1."""
    known = [side.pass_score for side in (cell.new, cell.old) if side.pass_score is not None]
    return known[0] if known else 1.0


def epochs_p(sample: ChangedSample, pass_score: float) -> float | None:
    """Fisher's p of the shares of right epochs; None if they are unknown, or if neither side repeats the sample."""
    old, new = sample.old.epoch_scores, sample.new.epoch_scores
    if not old or not new or max(len(old), len(new)) < 2:
        return None
    return fisher_exact(_right(old, pass_score), len(old), _right(new, pass_score), len(new))


def sample_noise(sample: ChangedSample, pass_score: float) -> str | None:
    """What the epochs and the confidence of one changed sample say; None if nothing is known."""
    parts = [
        "The prompt or the target changed too: this is no repetition." if sample.prompt_changed else "",
        _epochs(sample, pass_score),
        _confidence(sample.old.confidence, sample.new.confidence),
    ]
    return " ".join(part for part in parts if part) or None


def cell_noise(cell: CellPair, changed: Sequence[ChangedSample]) -> str | None:
    """What the changes of a cell, taken together, say about noise; None if it was not compared."""
    if cell.comparison is None:
        return None
    return " ".join(
        [*_directions(cell), *_equal_answers(cell), *_unlikely(changed, pass_score_of(cell)), *_seeds(cell)]
    )


def percent(p: float) -> str:
    """`6.2 %`; `100 %`; `less than 0.1 %`."""
    if p < 0.001:
        return "less than 0.1 %"
    return "100 %" if p >= 0.995 else f"{100 * p:.2g} %"


def _epochs(sample: ChangedSample, pass_score: float) -> str:
    old, new = sample.old.epoch_scores, sample.new.epoch_scores
    p = epochs_p(sample, pass_score)
    if not old or not new or p is None:
        return ""
    if sample.change in ("lower", "higher") and not {*old, *new} <= {0.0, 1.0}:
        return _graded_epochs(old, new)
    right_old, right_new = _right(old, pass_score), _right(new, pass_score)
    return (
        f"{right_old} of {len(old)} {_plural(len(old))} right before, {right_new} of {len(new)} now; "
        f"{_agreement(0 < right_old < len(old), 0 < right_new < len(new))}. If nothing changed, a difference this "
        f"large or larger comes about by chance in {percent(p)} of cases (Fisher's exact test)."
    )


def _graded_epochs(old: Sequence[float], new: Sequence[float]) -> str:
    apart = max(old) < min(new) or max(new) < min(old)
    return (
        f"Scores of the epochs: {_range(old)} before, {_range(new)} now; "
        f"the ranges {'do not overlap' if apart else 'overlap'}."
    )


def _range(scores: Sequence[float]) -> str:
    low, high = min(scores), max(scores)
    return f"{low:.3g} in {len(scores)}" if low == high else f"{low:.3g} to {high:.3g} in {len(scores)}"


def _agreement(old_differ: bool, new_differ: bool) -> str:
    if old_differ and new_differ:
        return "its epochs disagree on both sides"
    if not (old_differ or new_differ):
        return "its epochs agree on each side"
    return "its epochs disagreed before" if old_differ else "its epochs disagree now (flaky)"


def _confidence(old: float | None, new: float | None) -> str:
    if old is None and new is None:
        return ""
    before, now = ("unknown" if value is None else f"{value:.2f}" for value in (old, new))
    return f"Confidence of the answer: {before} before, {now} now."


def _directions(cell: CellPair) -> Iterator[str]:
    """How many samples turned wrong and right, and how uneven that is."""
    assert cell.comparison is not None
    worse, better = len(cell.comparison.newly_wrong), len(cell.comparison.newly_right)
    if not worse and not better:
        return
    counts = f"{_samples(worse) if worse else 'No sample'} turned wrong and {better or 'none'} turned right"
    if worse + better == 1:
        yield f"{counts}."
        return
    p = sign_test(worse, better)
    balanced = worse and better and p > UNLIKELY
    both = "flips in both directions are what sampling noise looks like; " if balanced else ""
    even = f"if both directions were equally likely, a split at least as uneven comes about in {percent(p)} of cases"
    yield f"{counts}: {both}{even} (sign test). The verdict decides, not the count of changes."


def _equal_answers(cell: CellPair) -> Iterator[str]:
    """In how many pairs both sides gave the same answer: near all of them if the model repeats itself."""
    assert cell.comparison is not None
    pairs = [(cell.old.samples[pair.id], cell.new.samples[pair.id]) for pair in cell.comparison.pairing.pairs]
    known = [(old.answer, new.answer) for old, new in pairs if old.answer is not None and new.answer is not None]
    if known:
        equal = sum(old == new for old, new in known)
        yield f"In {equal:,} of {len(known):,} pairs, both sides have the same answer."


def _unlikely(changed: Sequence[ChangedSample], pass_score: float) -> Iterator[str]:
    known = [p for sample in changed if (p := epochs_p(sample, pass_score)) is not None]
    if known:
        few = sum(p <= UNLIKELY for p in known)
        yield (
            f"Of {len(known):,} changed {'sample' if len(known) == 1 else 'samples'} with epochs, {few or 'none'} "
            f"{'has' if few == 1 else 'have'} a p of at most {UNLIKELY:g}. Changed samples are looked at because "
            "they changed, so some small p are expected."
        )


def _seeds(cell: CellPair) -> Iterator[str]:
    old, new = cell.old.seed, cell.new.seed
    if old is None or new is None:
        return
    if old != new:
        yield f"The seeds differ ({old} before, {new} now)."
    else:
        yield f"Both sides used seed {new}; whether the model repeats an answer for the same seed is not recorded."


def _right(scores: Sequence[float], pass_score: float) -> int:
    return sum(score >= pass_score for score in scores)


def _plural(n: int) -> str:
    return "epoch" if n == 1 else "epochs"


def _samples(n: int) -> str:
    return f"{n:,} sample" if n == 1 else f"{n:,} samples"
