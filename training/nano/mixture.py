"""The families of the training text and the weight of each."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from .families import Chat, Family, asking, judging, listing, scorers, together, wording
from .sampling import Draw

FAMILIES: dict[str, Family] = {
    "sums_at_once": asking.sums_at_once,
    "sums_bare": asking.sums_bare,
    "sums_written": asking.sums_written,
    "chains_bare": asking.chains_bare,
    "chains_written": asking.chains_written,
    "stories_at_once": asking.stories_at_once,
    "stories_bare": asking.stories_bare,
    "stories_written": asking.stories_written,
    "facts": asking.facts,
    "tables": listing.tables,
    "compare": listing.compare,
    "sort": listing.sort,
    "votes": listing.votes,
    "rewrite": wording.rewrite,
    "repeat": wording.repeat,
    "bullets": wording.bullets,
    "json_answers": wording.json_answers,
    "judge_pair": judging.judge_pair,
    "judge_pair_written": judging.judge_pair_written,
    "judge_pair_at_once": judging.judge_pair_at_once,
    "judge_answer": judging.judge_answer,
    "judge_answer_written": judging.judge_answer_written,
    "judge_answer_at_once": judging.judge_answer_at_once,
    "llm_judge": scorers.llm_judge,
    "win_rate": scorers.win_rate,
    "coherence": scorers.coherence,
    "reconsider": together.reconsider,
    "plan": together.plan,
    "work": together.work,
    "merge": together.merge,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Mixture:
    """Weights of the families, starting at one chunk of the training text."""

    from_chunk: int
    weights: Mapping[str, float]


_FIRST = {
    "sums_at_once": 14,
    "sums_bare": 7,
    "sums_written": 8,
    "chains_bare": 3,
    "chains_written": 3,
    "stories_at_once": 3,
    "stories_bare": 5,
    "stories_written": 6,
    "facts": 4,
    "tables": 2,
    "compare": 8,
    "sort": 5,
    "votes": 4,
    "rewrite": 7,
    "repeat": 1,
    "bullets": 2,
    "json_answers": 3,
    "judge_pair": 7,
    "judge_pair_written": 5,
    "judge_pair_at_once": 1,
    "judge_answer": 4,
    "judge_answer_written": 4,
    "judge_answer_at_once": 1,
    "llm_judge": 1.2,
    "win_rate": 1.0,
    "coherence": 0.5,
    "reconsider": 5,
    "plan": 3,
    "work": 3,
    "merge": 3,
}
# More of the short families that were still weak after sixteen million tokens.
_LATER = _FIRST | {
    "compare": 12,
    "rewrite": 12,
    "repeat": 2,
    "bullets": 3,
    "tables": 3,
    "json_answers": 4,
    "judge_pair": 8,
}
# After forty-five million tokens: less of the long families that are learnt. Comparisons are short
# and each answer is a single bit, so a small share of them teaches nothing.
_LAST = _LATER | {
    "sums_written": 5,
    "chains_written": 2,
    "stories_written": 4,
    "facts": 2,
    "compare": 60,
    "sort": 8,
    "tables": 8,
    "rewrite": 14,
    "votes": 3,
    "judge_pair_written": 4,
    "judge_answer_written": 3,
    "llm_judge": 0.9,
    "win_rate": 0.7,
    "reconsider": 4,
    "plan": 2,
    "work": 2,
    "merge": 2,
}
# At fifty-five million tokens comparisons are learnt; finding a table row by its name still fails.
_FOUND = _LAST | {"compare": 35, "tables": 40}
# While the learning rate decays, no family should be rare.
_CLOSING = _FOUND | {"compare": 45, "tables": 30, "coherence": 3, "judge_answer": 6, "reconsider": 6, "votes": 5}
# After eighty million tokens: more of the families that fail in unread wordings, in many more forms.
_WORDED = _CLOSING | {
    "compare": 28,
    "tables": 28,
    "sums_written": 8,
    "chains_written": 3,
    "stories_bare": 14,
    "stories_written": 9,
    "rewrite": 36,
    "bullets": 8,
    "json_answers": 8,
    "judge_pair": 10,
    "judge_pair_written": 7,
    "judge_answer": 8,
    "judge_answer_written": 7,
    "reconsider": 12,
    "plan": 9,
}
SCHEDULE = (
    Mixture(from_chunk=0, weights=_FIRST),
    Mixture(from_chunk=40, weights=_LATER),
    Mixture(from_chunk=90, weights=_LAST),
    Mixture(from_chunk=108, weights=_FOUND),
    Mixture(from_chunk=158, weights=_CLOSING),
    Mixture(from_chunk=161, weights=_WORDED),
)
SYSTEMS = (
    "You are a helpful assistant.",
    "Answer the question.",
    "You are a careful assistant.",
    "You are a fair judge.",
    "Be brief.",
    "You are good at arithmetic.",
)
SYSTEM_SHARE = 0.04
CHUNK = 8192  # chats that are generated, sorted by length and shuffled together


def weights_of(number: int) -> Mapping[str, float]:
    """Return the weights of a chunk."""
    return max((m for m in SCHEDULE if m.from_chunk <= number), key=lambda m: m.from_chunk).weights


def chunk(seed: int, number: int) -> list[tuple[str, Chat]]:
    """Return the chats of one chunk, each with its family; equal for equal seed and number."""
    rng = random.Random(f"nano-2 {seed} {number}")
    weights = weights_of(number)
    families = rng.choices([*weights], [*weights.values()], k=CHUNK)
    draw = Draw(rng)
    return [(family, FAMILIES[family](draw)) for family in families]


def system_of(seed: int, number: int, index: int) -> str:
    """Return the system message of a chat of a chunk; mostly empty."""
    rng = random.Random(f"nano-2 system {seed} {number} {index}")
    return rng.choice(SYSTEMS) if rng.random() < SYSTEM_SHARE else ""
