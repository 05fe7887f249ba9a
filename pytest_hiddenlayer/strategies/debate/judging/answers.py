"""Finds the two answers that are debated, and their order."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ....completions.finish_reasons import ended_normally
from ....concurrency import gather_or_cancel
from ....errors import ParameterError
from ....identifiers import derive_seed
from ....protocols import Context
from ....types import Answer, Completion, GenerationConfig
from ...voting import plurality

METADATA_KEY = "debate_answers"
"""Key of a sample's metadata: the list of the two answers to debate."""
_FORMS = ("{}", "Answer: {}", "The answer is {}.", "#### {}", r"\boxed{{{}}}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One of the two answers."""

    answer: str  # as the headline scorer reads it
    shown: str  # what debaters and the judge read
    output: str  # what is scored if the judge chooses this answer


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerPair:
    """The two answers in the order in which the judge reads them first, which is random."""

    candidates: tuple[Candidate, Candidate]
    source: str  # parameter, metadata, choices or samples
    votes: dict[str, int] = field(default_factory=dict)  # of the candidate's own answers, if they are the source

    @property
    def answers(self) -> list[str]:
        """The two answers as the headline scorer reads them, in order."""
        return [candidate.answer for candidate in self.candidates]

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values for a record's `answer_metadata`."""
        return {"pair": self.answers, "source": self.source} | ({"votes": self.votes} if self.votes else {})


def check_answers(params: Mapping[str, Any], given: object) -> None:
    """Raises ParameterError if the parameter `answers` names other than two different answers."""
    parts = _parts(params["answers"])
    if params["answers"] and (len(parts) != 2 or parts[0] == parts[1]):
        raise ParameterError(
            f"answers must be two different answers joined by +, got {params['answers']!r}", parameter="answers"
        )


async def find_pair(context: Context, strategy: str, answers: str, n_samples: int) -> AnswerPair | Answer:
    """Returns the two answers to debate, or the Answer of a sample for which there are no two.

    They are those of the parameter `answers` (`FIRST+SECOND`); else of the sample's metadata; else
    the choices, if there are two; else the two most frequent answers of `n_samples` samples of the
    candidate (roles `sample-1`, …). Samples that all agree leave nothing to debate: their answer is
    returned. Raises ProviderError.
    """
    if answers:
        return _named(context, strategy, _parts(answers), "parameter")
    if METADATA_KEY in context.sample.metadata:
        return _named(context, strategy, context.sample.metadata[METADATA_KEY], "metadata")
    if len(context.sample.choices) == 2:
        return _named(context, strategy, context.sample.choices, "choices")
    return await _sampled(context, strategy, n_samples)


def first_of(context: Context, part: str, n: int) -> int:
    """Returns a random number below `n` that depends on the run's seed and on the sample."""
    return random.Random(derive_seed(context.seed, part)).randrange(n)


def _parts(answers: str) -> list[str]:
    return [part.strip() for part in answers.split("+") if part.strip()]


def _named(context: Context, strategy: str, texts: Any, source: str) -> AnswerPair | Answer:
    written = [str(text) for text in texts] if isinstance(texts, Sequence) and not isinstance(texts, str) else []
    found = [candidate for text in written if (candidate := _candidate(context, text)) is not None]
    if len(written) == 2 and len(found) == 2 and found[0].answer != found[1].answer:
        return _shuffled(context, found, source)
    shown = (
        f"{texts!r:.200}" if len(written) != 2 else f"{written!r:.200}, read as {[c.answer for c in found]!r:.200}"
    )
    return Answer(
        output="",
        outcome="unscored",
        error=(
            f"{strategy} was asked to compare two answers ({source}), but found {shown}; name two different "
            f"answers that the task's first scorer can read, as answers=FIRST+SECOND or in the metadata "
            f"{METADATA_KEY!r}"
        ),
        metadata={"source": source},
    )


def _candidate(context: Context, text: str) -> Candidate | None:
    """The written answer in the first form in which the headline scorer reads an answer; None if in none."""
    for form in _FORMS:
        output = form.format(text)
        if (answer := context.parse(output)) is not None:
            return Candidate(answer=answer, shown=_shown(context, answer, text), output=output)
    return None


def _shown(context: Context, answer: str, text: str) -> str:
    """The text, with the choice that a letter means."""
    choices = context.sample.choices
    index = ord(answer) - ord("A") if len(answer) == 1 else -1
    return choices[index] if 0 <= index < len(choices) and text.strip() in (answer, f"({answer})") else text


async def _sampled(context: Context, strategy: str, n_samples: int) -> AnswerPair | Answer:
    completions = await gather_or_cancel(
        context.ask(context.messages, role=f"sample-{i + 1}", defaults=GenerationConfig(temperature=0.7))
        for i in range(n_samples)
    )
    read = [context.parse(c.text) if ended_normally(c.finish_reason) else None for c in completions]
    vote = plurality(read)
    if len(vote.votes) > 1:
        found = [_of_sample(context, answer, completions[read.index(answer)]) for answer in list(vote.votes)[:2]]
        return _shuffled(context, found, "samples", vote.votes)
    if vote.winner is None:
        return _nothing_read(strategy, completions)
    only = completions[read.index(vote.winner)]
    metadata = {"pair": [vote.winner], "source": "samples", "votes": vote.votes, "winner": vote.winner}
    return Answer(output=only.text, finish_reason=only.finish_reason, metadata=metadata)


def _of_sample(context: Context, answer: str, completion: Completion) -> Candidate:
    return Candidate(answer=answer, shown=_shown(context, answer, answer), output=completion.text)


def _nothing_read(strategy: str, completions: Sequence[Completion]) -> Answer:
    return Answer(
        output="",
        outcome="unscored",
        error=(
            f"{strategy} asked for {len(completions)} answers to compare, but none can be read, the first is "
            f"{completions[0].text[:200]!r}; name two answers with answers=FIRST+SECOND, or raise max_tokens"
        ),
        metadata={"source": "samples"},
    )


def _shuffled(
    context: Context, found: Sequence[Candidate], source: str, votes: dict[str, int] | None = None
) -> AnswerPair:
    first = first_of(context, "answers", 2)
    return AnswerPair(candidates=(found[first], found[1 - first]), source=source, votes=votes or {})
