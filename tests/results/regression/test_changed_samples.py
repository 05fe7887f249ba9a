"""Which samples of a cell changed, and what is known of noise, against cases computed by hand."""

from __future__ import annotations

from dataclasses import replace

from support.records import CONFIG, record

from pytest_hiddenlayer.results.metrics.cells import compute_metrics
from pytest_hiddenlayer.results.regression.baseline import Baseline
from pytest_hiddenlayer.results.regression.cell_comparison import assign_verdicts, compare_cell
from pytest_hiddenlayer.results.regression.changed_samples import changed_samples
from pytest_hiddenlayer.results.regression.compare_runs import CellPair
from pytest_hiddenlayer.results.regression.measured_cell import measured_cell
from pytest_hiddenlayer.results.regression.noise import cell_noise, sample_noise
from pytest_hiddenlayer.results.regression.pairing import match_samples

Scores = dict[str, list[float | None]]


def side(name: str, samples: Scores, **changes: object) -> Baseline:
    """One side: sample → the scores of its epochs."""
    epochs = max(map(len, samples.values()))
    records = [
        record(sample, score, epoch=at + 1, **changes)
        for sample, scores in samples.items()
        for at, score in enumerate(scores)
    ]
    config = replace(CONFIG, total=len(samples), selected=tuple(samples), epochs=epochs)
    return measured_cell(name, compute_metrics(config, records), records)


def pair(old: Scores, new: Scores, **changes: object) -> CellPair:
    """Both sides, compared."""
    before, now = side("old", old), side("new", new, **changes)
    comparison = compare_cell("old", match_samples(before.samples, now.samples, "id"), margin=0, min_effect=0.05)
    return CellPair(old=before, new=now, comparison=assign_verdicts([comparison])[0] if comparison else None)


def noise_of(old: list[float | None], new: list[float | None], **changes: object) -> str | None:
    """The sentences on the only sample."""
    (sample,) = changed_samples(pair({"a": old}, {"a": new}, **changes))
    return sample_noise(sample, 1.0)


def test_kinds_of_changes() -> None:
    """Every sample whose score differs is named with its kind, newly wrong first; equal ones are left out."""
    old: Scores = {
        "same": [1],
        "wrong": [1],
        "right": [0],
        "less": [0.7],
        "more": [0.2],
        "lost": [1],
        "gained": [None],
    }
    new: Scores = {
        "same": [1],
        "wrong": [0],
        "right": [1],
        "less": [0.4],
        "more": [0.3],
        "lost": [None],
        "gained": [1],
    }
    found = [(sample.id, sample.change) for sample in changed_samples(pair(old, new))]
    assert found == [
        ("wrong", "newly_wrong"),
        ("lost", "lost"),
        ("right", "newly_right"),
        ("gained", "gained"),
        ("less", "lower"),
        ("more", "higher"),
    ]


def test_a_cell_that_lost_every_answer() -> None:
    """If no answer is scored now, nothing can be compared, and every sample is lost."""
    cell = pair({"a": [1], "b": [0]}, {"a": [None], "b": [None]})
    assert cell.comparison is None
    assert [(sample.id, sample.change) for sample in changed_samples(cell)] == [("a", "lost"), ("b", "lost")]
    other = replace(cell, new=replace(cell.new, scorer="exact/2"))
    assert changed_samples(other) == []


def test_scores_rounded_by_a_snapshot_are_equal() -> None:
    """A score that a snapshot rounded to six digits is no change."""
    assert changed_samples(pair({"a": [0.333333]}, {"a": [1 / 3]})) == []


def test_epochs_of_a_flip() -> None:
    """Right epochs of both sides, whether they disagree, and Fisher's p: 2 of 20 tables."""
    assert noise_of([1, 1, 1], [0, 0, 0]) == (
        "3 of 3 epochs right before, 0 of 3 now; its epochs agree on each side. If nothing changed, a difference "
        "this large or larger comes about by chance in 10 % of cases (Fisher's exact test)."
    )


def test_epochs_that_disagree_on_both_sides() -> None:
    """2 of 5 epochs and then 1 of 5: no table is more probable, so chance explains it in 100 % of cases."""
    assert noise_of([1, 1, 0, 0, 0], [1, 0, 0, 0, 0]) == (
        "2 of 5 epochs right before, 1 of 5 now; its epochs disagree on both sides. If nothing changed, a difference "
        "this large or larger comes about by chance in 100 % of cases (Fisher's exact test)."
    )


def test_graded_epochs() -> None:
    """Partial scores are no counts: their ranges are given, and whether these overlap."""
    assert noise_of([0.5, 0.9], [0.2, 0.6]) == (
        "Scores of the epochs: 0.5 to 0.9 in 2 before, 0.2 to 0.6 in 2 now; the ranges overlap."
    )
    assert "0.2 in 2 now; the ranges do not overlap" in str(noise_of([0.5, 0.9], [0.2, 0.2]))


def test_a_flaky_flip() -> None:
    """5 of 5 epochs before and 1 of 5 now: 10 of 210 tables are as improbable, and the sample is flaky now."""
    assert noise_of([1] * 5, [1, 0, 0, 0, 0]) == (
        "5 of 5 epochs right before, 1 of 5 now; its epochs disagree now (flaky). If nothing changed, a difference "
        "this large or larger comes about by chance in 4.8 % of cases (Fisher's exact test)."
    )


def test_nothing_is_known_of_one_epoch() -> None:
    """With one epoch on either side, nothing is said of a single flip."""
    assert noise_of([1], [0]) is None


def test_confidence_before_and_now() -> None:
    """The confidence of the answer is stated on both sides; an unknown one is unknown, not 0."""
    assert noise_of([1], [0], answer_metadata={"confidence": 0.514}) == (
        "Confidence of the answer: unknown before, 0.51 now."
    )


def test_another_prompt_is_no_repetition() -> None:
    """If samples are paired by id and the prompt differs, that is said first."""
    text = noise_of([1], [0], sample_hash="other")
    assert text == "The prompt or the target changed too: this is no repetition."


def flips(worse: int, better: int, same: int = 3) -> CellPair:
    """A cell with so many newly wrong, newly right and unchanged samples."""
    names = [f"s{i}" for i in range(worse + better + same)]
    old: Scores = {name: [0.0 if worse <= i < worse + better else 1.0] for i, name in enumerate(names)}
    new: Scores = {name: [0.0 if i < worse else 1.0] for i, name in enumerate(names)}
    return pair(old, new)


def cell_text(cell: CellPair) -> str:
    """The sentences on a cell."""
    text = cell_noise(cell, changed_samples(cell))
    assert text is not None
    return text


def test_flips_in_both_directions_look_like_noise() -> None:
    """5 newly wrong and 4 newly right: any split of 9 is at least as uneven, 100 %."""
    assert cell_text(flips(5, 4)).startswith(
        "5 samples turned wrong and 4 turned right: flips in both directions are what sampling noise looks like; if "
        "both directions were equally likely, a split at least as uneven comes about in 100 % of cases (sign test)."
    )


def test_flips_in_one_direction() -> None:
    """5 newly wrong and none newly right: 2 of 32 splits, 6.2 %; nothing is said of flips in both directions."""
    text = cell_text(flips(5, 0))
    assert text.startswith("5 samples turned wrong and none turned right: if both directions were equally likely")
    assert "in 6.2 % of cases" in text
    assert "sampling noise" not in text


def test_an_uneven_split_is_not_called_noise() -> None:
    """9 newly wrong and 1 newly right: 22 of 1024 splits, 2.1 %."""
    text = cell_text(flips(9, 1))
    assert "in 2.1 % of cases" in text
    assert "sampling noise" not in text


def test_equal_answers_and_seeds_are_counted() -> None:
    """How many pairs have the same answer, and whether the seeds are equal, are facts; determinism is not claimed."""
    text = cell_text(flips(1, 0, same=4))
    assert text.startswith("1 sample turned wrong and none turned right. In 5")
    assert "In 5 of 5 pairs, both sides have the same answer." in text  # all records of the test answer `o`
    assert "Both sides used seed 0; whether the model repeats an answer for the same seed is not recorded." in text


def test_small_p_of_flips_are_expected_among_many() -> None:
    """The samples with a small p are counted, and the selection is named."""
    old: Scores = {"a": [1] * 5, "b": [1] * 5}
    new: Scores = {"a": [0] * 5, "b": [1, 1, 1, 1, 0]}
    assert "Of 2 changed samples with epochs, 1 has a p of at most 0.05." in cell_text(pair(old, new))
