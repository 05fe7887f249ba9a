"""Short texts that differ by a few characters: the cosine of their character n-grams, weighted by rarity.

What is common to many of the texts says little: "the capital of Mali" and "the capital of Malta" share a
form, not a question. A text with numbers is only compared with texts that have the same numbers in the same
order, and the same arithmetic signs: "12 weeks" and "13 weeks" are different questions.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

N = 3  # characters
WITH_NUMBERS, WITHOUT_NUMBERS = 0.6, 0.85
"""The lowest similarity of a pair, of texts with numbers and of texts without."""
_SIGNS = frozenset("+-*/=<>%^")
_Vector = Mapping[str, float]


def similar_pairs(
    texts: Sequence[tuple[str, ...]], others: Sequence[tuple[str, ...]], *, below: int
) -> Iterator[tuple[int, int, float]]:
    """Yield (index of a text, index of another one, similarity) of similar texts.

    Texts are given as words. Only pairs in which the other text has fewer than `below` words, and the first
    fewer than twice as many, are compared.
    """
    short = {i: _grams(text) for i, text in enumerate(texts) if len(text) < 2 * below}
    short_others = {i: _grams(text) for i, text in enumerate(others) if 0 < len(text) < below}
    rarity = _rarity([*short.values(), *short_others.values()])
    vectors = {i: _vector(grams, rarity) for i, grams in short.items()}
    index: dict[tuple[tuple[str, ...], str], list[int]] = defaultdict(list)
    other_vectors = {i: _vector(grams, rarity) for i, grams in short_others.items()}
    for i, vector in other_vectors.items():
        for gram in vector:
            index[_signature(others[i]), gram].append(i)
    for i, vector in vectors.items():
        signature, lowest = _signature(texts[i]), _threshold(texts[i])
        candidates = {j for gram in _needed(vector, lowest) for j in index.get((signature, gram), ())}
        for j in sorted(candidates):
            if (similarity := _cosine(vector, other_vectors[j])) >= lowest:
                yield i, j, similarity


def _signature(text: tuple[str, ...]) -> tuple[str, ...]:
    """The numbers of a text, and the signs if there are numbers."""
    numbers = any(token[0].isdigit() for token in text)
    return tuple(token for token in text if token[0].isdigit() or token in _SIGNS) if numbers else ()


def _threshold(text: tuple[str, ...]) -> float:
    return WITH_NUMBERS if _signature(text) else WITHOUT_NUMBERS


def _grams(text: tuple[str, ...]) -> Counter[str]:
    joined = f" {' '.join(text)} "
    return Counter(joined[start : start + N] for start in range(len(joined) - N + 1))


def _rarity(texts: Sequence[Counter[str]]) -> dict[str, float]:
    """N-gram → its weight: 1 plus the logarithm of the share of texts that lack it (smoothed inverse frequency)."""
    counts = Counter(gram for grams in texts for gram in grams)
    return {gram: 1 + math.log((1 + len(texts)) / (1 + n)) for gram, n in counts.items()}


def _vector(grams: Mapping[str, int], rarity: Mapping[str, float]) -> _Vector:
    weights = {gram: n * rarity[gram] for gram, n in grams.items()}
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return dict(sorted(((g, w / length) for g, w in weights.items()), key=lambda item: (-item[1], item[0])))


def _needed(vector: _Vector, lowest: float) -> Iterator[str]:
    """The heaviest n-grams, without which no similarity reaches `lowest`: the rest is shorter than that."""
    rest = 1.0
    for gram, weight in vector.items():
        if rest < lowest * lowest - 1e-9:
            return
        yield gram
        rest -= weight * weight


def _cosine(one: _Vector, other: _Vector) -> float:
    small, large = sorted((one, other), key=len)
    return sum(weight * large.get(gram, 0.0) for gram, weight in small.items())
