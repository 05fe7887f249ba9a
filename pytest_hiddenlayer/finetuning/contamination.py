"""Training examples that are too similar to a sample that will judge the model, by text.

A pair is reported with the strongest of these matches:

    exact      both questions have the same words
    contained  the whole question of the sample, of at least 3 words, is a part of the example, or it is one
               of its lines or sentences, of at least 2 words
    13-gram    13 consecutive words in common
    8-gram     8 consecutive words in common
    similar    short texts, the same numbers, and nearly the same characters (`similar_texts`)

Case, punctuation, spacing, list marks and bold type do not count (`normalization`). A sample of fewer than 16
words with a number that the example lacks is another question of the same form: n-grams do not match it. Nor
does an 8-gram match a longer sample of several numbers, if the example has none of them. Consecutive words that
many samples of an eval have, such as its instructions, identify no sample and are left out of n-grams.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from typing import Any

from ..taskfile import prompt_text, render_prompt
from ..types import Task
from .examples import Example
from .normalization import parts, words
from .similar_texts import similar_pairs

KINDS = ("exact", "contained", "13-gram", "8-gram", "similar")
SHORT = 8
"""Texts of fewer words have no 8-gram; they are compared by whole text and by characters."""
LEAST_CONTAINED = 3  # words of a sample's question that is found inside an example
LEAST_PART = 2  # words of a sample's question that is a line or a sentence of an example
COMMON_GROUPS, COMMON_SHARE = 3, 0.05
"""N-grams in at least this many groups of samples, and this share of an eval's groups, belong to its form."""
FORM = 4
"""Words of a sequence around samples' questions; an n-gram of which at least half is such a sequence is no match."""
_OPERATORS = frozenset("+-*/%^")
SHOWN = 160  # characters of each text in a pair


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedText:
    """A sample that will judge the model, as text."""

    task: str
    sample: str
    text: str  # the question as written, without the task's prompt around it
    prompt: str = ""  # the question with it; empty: the same
    group: str = ""  # samples of a group share a text; empty: the sample is alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """An example and a sample that are too similar."""

    kind: str  # one of KINDS
    example: int  # index of the example
    source: str  # of the example
    task: str
    sample: str
    example_text: str  # shortened
    sample_text: str  # shortened
    match: str  # the words in common; for `similar`, the similarity from 0 to 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Contamination:
    """The result of a check."""

    pairs: tuple[Pair, ...]  # the strongest per example and sample
    n_examples: int
    n_judged: int
    counts: Mapping[str, int] = field(default_factory=dict)  # kind → pairs
    common: int = 0  # n-grams that were left out, because many samples have them

    @property
    def examples(self) -> frozenset[int]:
        """Return the indexes of the examples that are too similar to a sample."""
        return frozenset(pair.example for pair in self.pairs)

    def to_json(self) -> dict[str, Any]:
        """Return all values by name."""
        return {**asdict(self), "pairs": [asdict(pair) for pair in self.pairs]}

    def shortened(self, most: int = 3) -> str:
        """Return the line that counts the pairs, and the first `most` pairs."""
        more = len(self.pairs) - most
        return self._text(self.pairs[:most]) + (f"\n  and {more:,} more pairs" if more > 0 else "")

    def __str__(self) -> str:
        """Return one line per pair, after a line that counts them."""
        return self._text(self.pairs)

    def _text(self, pairs: Sequence[Pair]) -> str:
        lines = [
            f"{len(self.examples):,} of {self.n_examples:,} examples are too similar to one of "
            f"{self.n_judged:,} evaluation samples"
        ]
        for pair in pairs:
            lines.append(f"  {pair.kind}: {pair.source}: {pair.example_text!r}")
            lines.append(f"    {pair.task} {pair.sample}: {pair.sample_text!r} ({pair.match})")
        return "\n".join(lines)


def judged_texts(task: Task) -> tuple[JudgedText, ...]:
    """Return the samples of a task as texts."""
    found = []
    for sample in task.samples:
        rendered = prompt_text(render_prompt(task, sample))
        text = sample.input if isinstance(sample.input, str) else prompt_text(sample.input)
        found.append(
            JudgedText(task=task.name, sample=sample.id, text=text, prompt=rendered, group=sample.group or "")
        )
    return tuple(found)


def check_contamination(examples: Sequence[Example], judged: Sequence[JudgedText]) -> Contamination:
    """Return the pairs of examples and samples that are too similar; no model is called.

    The check compares words, so it finds no paraphrases and no translations. The time grows with the number of
    texts, not with the number of pairs.
    """
    texts = [words(example.question) for example in examples]
    answers = [words(example.answer) for example in examples]
    best: dict[tuple[int, int], tuple[str, str]] = {}
    whole = _whole_texts(judged)
    grams = {n: _Grams(judged, n) for n in (13, 8)}
    for index, question in enumerate(texts):
        for found in (
            _exact(question, whole),
            _contained(question, answers[index], whole),
            _as_part(examples[index], whole),
            *(grams[n].matches(question, answers[index]) for n in (13, 8)),
        ):
            for sample, kind, match in found:
                best.setdefault((index, sample), (kind, match))
    for index, sample, similarity in similar_pairs(texts, [words(text.text) for text in judged], below=SHORT):
        best.setdefault((index, sample), ("similar", f"{similarity:.2f}"))
    pairs = tuple(
        _pair(index, examples[index], judged[sample], *best[index, sample]) for index, sample in sorted(best)
    )
    return Contamination(
        pairs=pairs,
        n_examples=len(examples),
        n_judged=len(judged),
        counts=dict(Counter(pair.kind for pair in pairs)),
        common=sum(len(index.common) for index in grams.values()),
    )


_Whole = Mapping[tuple[str, ...], list[int]]
_Found = Iterator[tuple[int, str, str]]  # index of the sample, kind, match


def _whole_texts(judged: Sequence[JudgedText]) -> _Whole:
    whole: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, text in enumerate(judged):
        for written in {words(text.text), words(text.prompt or text.text)}:
            whole[written].append(index)
    return whole


def _exact(question: tuple[str, ...], whole: _Whole) -> _Found:
    for sample in whole.get(question, ()):
        yield sample, "exact", " ".join(question)


def _contained(question: tuple[str, ...], answer: tuple[str, ...], whole: _Whole) -> _Found:
    """Short samples inside the question or the answer. Long ones share an n-gram with it."""
    for text in (question, answer):
        for length in range(LEAST_CONTAINED, SHORT):
            for start, gram in enumerate(_ngrams(text, length)):
                if (samples := whole.get(gram)) and not _goes_on(text, start, start + length):
                    for sample in samples:
                        yield sample, "contained", " ".join(gram)


def _as_part(example: Example, whole: _Whole) -> _Found:
    """Short samples that are a line or a sentence of the example."""
    for part in (*parts(example.question), *parts(example.answer)):
        if LEAST_PART <= len(part) < SHORT:
            for sample in whole.get(part, ()):
                yield sample, "contained", " ".join(part)


def _goes_on(text: Sequence[str], start: int, end: int) -> bool:
    """Whether what is next to these words makes another problem of them: "2 + 2" in "2 + 2 * 5", "1, 2" in "1, 2, 3".

    A sign goes on with a calculation or a number, and a number with numbers. "2 + 2 = ?" is "2 + 2".
    """
    inside = text[start:end]
    if all(token.isalpha() for token in inside):
        return False
    neighbours = (*text[max(0, start - 1) : start], *text[end : end + 1])
    calculation = any(token in _OPERATORS for token in inside)
    return any(token in _OPERATORS or (token[0].isdigit() and not calculation) for token in neighbours)


class _Grams:
    """The n-grams of the samples, without those that belong to the form of an eval."""

    def __init__(self, judged: Sequence[JudgedText], n: int) -> None:
        self._n = n
        owners: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for index, text in enumerate(judged):
            for gram in {*_ngrams(words(text.text), n), *_ngrams(words(text.prompt), n)}:
                owners[gram].append(index)
        n_groups = Counter(task for task, _ in {(t.task, t.group or f"sample {t.sample}") for t in judged})
        self.common = {gram for gram, samples in owners.items() if _is_common(samples, judged, n_groups)}
        self.common |= _mostly_form(owners, judged, n_groups)
        self._numbers = [_Numbers(words(text.text), n) for text in judged]
        self._owners = {gram: samples for gram, samples in owners.items() if gram not in self.common}

    def matches(self, question: tuple[str, ...], answer: tuple[str, ...]) -> _Found:
        """Yield the samples that share an n-gram with the question or the answer."""
        for text in (question, answer):
            in_text = Counter(token for token in text if token[0].isdigit())
            for gram in _ngrams(text, self._n):
                for sample in self._owners.get(gram, ()):
                    if self._numbers[sample].allow(in_text):
                        yield sample, f"{self._n}-gram", " ".join(gram)


def _mostly_form(
    grams: Iterable[tuple[str, ...]], judged: Sequence[JudgedText], n_groups: Mapping[str, int]
) -> set[tuple[str, ...]]:
    """The n-grams of which at least half of the words are instructions: `week. Which team answers it: …`."""
    owners: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, text in enumerate(judged):
        for gram in set(_ngrams(words(text.prompt), FORM)):
            owners[gram].append(index)
    form = {gram for gram, samples in owners.items() if _is_common(samples, judged, n_groups)}
    return {gram for gram in grams if 2 * _covered(gram, form) >= len(gram)}


def _covered(gram: tuple[str, ...], form: Set[tuple[str, ...]]) -> int:
    """How many words of an n-gram are in one of the form's."""
    starts = [start for start, part in enumerate(_ngrams(gram, FORM)) if part in form]
    return len({position for start in starts for position in range(start, start + FORM)})


class _Numbers:
    """The numbers of a sample, which distinguish questions of one form."""

    def __init__(self, text: tuple[str, ...], n: int) -> None:
        self._numbers = Counter(token for token in text if token[0].isdigit())
        self._short = len(text) < 2 * SHORT
        self._one_needed = n == SHORT and len(self._numbers) > 1

    def allow(self, others: Counter[str]) -> bool:
        """Whether a text with these numbers may be the same question."""
        if self._short:
            return self._numbers <= others
        return not self._one_needed or bool(self._numbers & others)


def _is_common(samples: Sequence[int], judged: Sequence[JudgedText], n_groups: Mapping[str, int]) -> bool:
    if len(samples) < COMMON_GROUPS:
        return False
    groups = {(judged[i].task, judged[i].group or f"sample {judged[i].sample}") for i in samples}
    by_task = Counter(task for task, _ in groups)
    return any(n >= COMMON_GROUPS and n >= COMMON_SHARE * n_groups[task] for task, n in by_task.items())


def _ngrams(text: Sequence[str], n: int) -> Iterable[tuple[str, ...]]:
    return zip(*(text[start:] for start in range(n)), strict=False)


def _pair(index: int, example: Example, judged: JudgedText, kind: str, match: str) -> Pair:
    return Pair(
        kind=kind,
        example=index,
        source=example.source,
        task=judged.task,
        sample=judged.sample,
        example_text=_shortened(example.question),
        sample_text=_shortened(judged.text),
        match=match,
    )


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
