"""How the sentences of an English text hang together, by its words alone.

Barzilay & Lapata 2008, "Modeling Local Coherence: An Entity-Based Approach", Computational
Linguistics 34(1), section 3: a text is a grid of sentences × entities, and coherent texts
carry entities from one sentence to the next. Ours is simplified: an entity is the stem of a
content word, found without a parser (there: noun phrases, with coreference); it is present or
not (there: subject, object or other); and the share of linked neighbours is the figure
itself (there: the frequencies of transitions are features of a learned ranking). Pronouns and
connectives, which the grid leaves to coreference, are weak links here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .sentences import content, sentences, words

WEAK = 0.5
"""A link by a pronoun or connective alone: what it refers to is not looked up."""
_CONNECTIVES = (
    "also and besides but consequently finally furthermore hence however indeed instead likewise meanwhile "
    "moreover nevertheless nor otherwise similarly so still then thereafter therefore thus"
)
CONNECTIVES = frozenset(_CONNECTIVES.split())
"""At the head of a sentence they join it to the one before."""
_POINTERS = "it its itself this that these those such former latter both neither either"
POINTERS = frozenset(_POINTERS.split())
"""Among the first OPENING words they point back."""
PERSONS = (
    frozenset(["he", "him", "his", "himself"]),
    frozenset(["she", "her", "hers", "herself"]),
    frozenset(["they", "them", "their", "theirs", "themselves"]),
)
"""Someone named before, or spoken of by the same pronoun."""
DANGLING = CONNECTIVES | PERSONS[0] | PERSONS[1] | PERSONS[2] | {"these", "those"}
"""A text that opens with one of these refers to something that is not there."""
OPENING = 4
_NAME = re.compile(r"(?<=\s)[^\w\s]*[A-Z]\w")


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
    return Cohesion(sentences=len(found), links=tuple(_links(found)), repetition=_repetition(found))


def _links(found: Sequence[str]) -> Iterator[float]:
    """One a pair of neighbours, after a 0 where the first sentence hangs on nothing."""
    if words(found[0])[0] in DANGLING:
        yield 0.0
    for before, after in pairwise(found):
        yield 1.0 if content(before) & content(after) else WEAK if _refers(after, before) else 0.0


def _refers(sentence: str, before: str) -> bool:
    said, earlier = words(sentence), set(words(before))
    if said[0] in CONNECTIVES or POINTERS & set(said[:OPENING]):
        return True
    spoken = [persons for persons in PERSONS if persons & set(said)]
    if any(persons & earlier for persons in spoken) or PERSONS[2] in spoken:  # they: any things before
        return True
    return bool(spoken) and _NAME.search(before) is not None


def _repetition(found: Sequence[str]) -> float:
    seen: set[tuple[str, str]] = set()
    shares = []
    for sentence in found:
        said = ["", *words(sentence), ""]  # the ends make pairs too, so that a sentence of one word has some
        pairs = set(pairwise(said))
        shares.append(len(pairs & seen) / len(pairs))
        seen |= pairs
    return sum(shares[1:]) / (len(found) - 1)
