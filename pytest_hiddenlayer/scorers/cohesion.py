"""How the sentences of a text hang together, by its words alone.

Barzilay & Lapata 2008, "Modeling Local Coherence: An Entity-Based Approach", Computational
Linguistics 34(1), section 3: a text is a grid of sentences × entities, and coherent texts
carry entities from one sentence to the next. Ours is simplified: an entity is the stem of a
content word, found without a parser (there: noun phrases, with coreference); it is present or
not (there: subject, object or other); and the share of linked neighbours is the figure
itself (there: the frequencies of transitions are features of a learned ranking).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .sentences import content, sentences, words

WEAK = 0.5
"""A link by a pronoun or connective alone: what it refers to is not looked up."""
_PRONOUNS = (
    "he him his himself she her hers herself they them their theirs themselves it its itself this that these those "
    "such former latter one ones both neither either"
)
_CONNECTIVES = (
    "also although and because besides but consequently finally furthermore hence however indeed instead likewise "
    "meanwhile moreover nevertheless next nor otherwise rather similarly so still then thereafter therefore thus "
    "yet for"
)
PRONOUNS, CONNECTIVES = frozenset(_PRONOUNS.split()), frozenset(_CONNECTIVES.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Cohesion:
    """The figures of one text."""

    sentences: int
    links: tuple[float, ...]  # of each sentence with the one before: 1 a shared content word, WEAK, or 0
    repetition: float  # share of word pairs that stood in an earlier sentence, mean over all but the first

    @property
    def value(self) -> float:
        """Mean link × (1 − repetition), in [0, 1]."""
        return sum(self.links) / len(self.links) * (1.0 - self.repetition)


def cohesion(text: str) -> Cohesion | None:
    """The figures; None for fewer than two sentences."""
    found = sentences(text)
    if len(found) < 2:
        return None
    links = tuple(_link(before, after) for before, after in pairwise(found))
    return Cohesion(sentences=len(found), links=links, repetition=_repetition(found))


def _link(before: str, after: str) -> float:
    if content(before) & content(after):
        return 1.0
    said = words(after)
    refers = CONNECTIVES & set(said[:1]) or PRONOUNS & set(said)
    return WEAK if refers and content(before) else 0.0


def _repetition(found: Sequence[str]) -> float:
    seen: set[tuple[str, str]] = set()
    shares = []
    for sentence in found:
        said = ["", *words(sentence), ""]  # the ends make pairs too, so that a sentence of one word has some
        pairs = set(pairwise(said))
        shares.append(len(pairs & seen) / len(pairs))
        seen |= pairs
    return sum(shares[1:]) / (len(found) - 1)
