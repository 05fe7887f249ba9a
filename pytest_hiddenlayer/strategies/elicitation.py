"""Asks a model how sure it is of an answer: P(True), and confidence in words.

- `ask_p_true`: Kadavath et al. 2022, "Language Models (Mostly) Know What They Know",
  arXiv:2207.05221, section 3: the model reads the question and a possible answer, and its probability
  of the label (A) True is its confidence. The paper shows 20 examples first. Here there are none, and
  the request is worded for chat models. The probability is renormalized over both labels.
- `ask_verbalized`: Tian et al. 2023, "Just Ask for Calibration", arXiv:2305.14975, "Verb. 2S": in a
  second turn the model states a number from 0 to 100. `binary=True` asks for yes or no, as the
  "verbal binary" of Taubenfeld et al. 2025, arXiv:2502.06233.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..completions.finish_reasons import ended_normally
from ..protocols import Ask, Render
from ..types import Completion, GenerationConfig, Message
from .messages import continued
from .verbal_confidence import read_confidence, read_yes_or_no, repeats_a_number

TOP_LOGPROBS = 20
"""Alternatives to request for every token of a reply to `p_true`."""
MIN_MASS = 0.5
"""Minimum probability of both labels together: with less, the model did not answer with a label."""
_MAX_TOKENS = 16  # of a reply; longer ones are no plain answers
_LABELS = {"a": True, "true": True, "b": False, "false": False}
_SENTENCE = re.compile(r"[\W_]*[ab][ \t]+(?!(?:true|false|is|because|since)\b)[^\W_]", re.IGNORECASE)
"""A reply whose first word is the article `a`, not the label A: `A week has 7 days.`"""
_AROUND = " \t\n()[]{}<>\"'`*:.,▁Ġ"


@dataclass(frozen=True, kw_only=True, slots=True)
class ElicitedConfidence:
    """How sure a model says it is of one answer."""

    value: float | None  # in [0, 1]; None: unknown, and `why` says why
    reply: str
    mass: float | None = None  # of P(True): the probability of both labels before it is renormalized; else None
    why: str = ""

    def to_json(self) -> dict[str, object]:
        """Returns plain JSON values; `mass` and `why` only if they are known."""
        values: dict[str, object] = {"value": self.value, "reply": self.reply}
        if self.mass is not None:
            values["mass"] = self.mass
        return values | ({"why": self.why} if self.why else {})


async def ask_p_true(
    ask: Ask,
    render: Render,
    prompt: str,
    answer: str,
    *,
    role: str = "confidence",
    round: int = 0,
    judge: bool | str = False,
) -> ElicitedConfidence:
    """Returns the probability that the model gives to "the possible answer is true".

    `render` is `Context.render`. `prompt` is the question as rendered, without system message; `answer` the
    whole completion. The value is P(A) / (P(A) + P(B)) at the token of the reply's label, from the provider's
    top log-probabilities. It is unknown without these, for a reply without label or one that begins a sentence
    with the article "A", and if both labels together have a probability below MIN_MASS.
    Raises ProviderError if the call fails.
    """
    completion = await ask(
        render("confidence_elicitation/p_true", judge=judge, task=prompt, answer=answer.strip()),
        role=role,
        round=round,
        judge=judge,
        defaults=GenerationConfig(temperature=0.0, max_tokens=_MAX_TOKENS),
        top_logprobs=TOP_LOGPROBS,
    )
    return p_true(completion)


async def ask_verbalized(
    ask: Ask,
    render: Render,
    messages: Sequence[Message],
    answer: str,
    *,
    binary: bool = False,
    role: str = "confidence",
    round: int = 0,
    judge: bool | str = False,
) -> ElicitedConfidence:
    """Returns the confidence that the model states about its own answer, in a second turn of the chat.

    `messages` are those that were answered, `answer` the whole completion. With `binary` the model says
    yes (1.0) or no (0.0). A reply that cannot be read, or repeats a number of the answer in a sentence, is
    unknown. Raises ProviderError if the call fails.
    """
    question = render(f"confidence_elicitation/{'verbalized_binary' if binary else 'verbalized'}", judge=judge)
    completion = await ask(
        continued(messages, answer, question),
        role=role,
        round=round,
        judge=judge,
        defaults=GenerationConfig(temperature=0.0, max_tokens=_MAX_TOKENS),
    )
    value = read_yes_or_no(completion.text) if binary else read_confidence(completion.text)
    if not ended_normally(completion.finish_reason):
        value = None  # `9` may be the beginning of 95
    if not binary and repeats_a_number(completion.text, answer):
        value = None  # a small model repeats its answer: `A week has 7 days.` is no confidence of 7 %
    expected = "yes or no" if binary else "one number from 0 to 100"
    why = "" if value is not None else f"the reply is not {expected}: {completion.text[:80]!r}"
    return ElicitedConfidence(value=value, reply=completion.text, why=why)


def p_true(completion: Completion) -> ElicitedConfidence:
    """Returns P(True) of a reply to the prompt `p_true`, read at its first token beyond brackets and spaces."""
    if not completion.top_logprobs:
        return _unknown(completion, "the provider returned no top log-probabilities")
    if completion.reasoning:
        return _unknown(completion, "the model reasoned before its reply, so the label's token is unknown")
    if _SENTENCE.match(completion.text):
        return _unknown(completion, f"the reply is a sentence, not a label: {completion.text[:80]!r}")
    for alternatives in completion.top_logprobs:
        likeliest = max(alternatives, key=lambda token: alternatives[token], default="")
        if likeliest.strip(_AROUND):
            return _weighed(completion, alternatives)
    return _unknown(completion, "the reply has no label")


def _weighed(completion: Completion, alternatives: Mapping[str, float]) -> ElicitedConfidence:
    shares = {True: 0.0, False: 0.0}
    for text, logprob in alternatives.items():
        label = _LABELS.get(text.strip(_AROUND).casefold())
        if label is not None:
            shares[label] += math.exp(logprob)
    both = shares[True] + shares[False]
    mass = min(1.0, both)  # rounded log-probabilities may add up to more
    if mass < MIN_MASS:
        why = f"the labels A and B have a probability of {mass:.3g} together, and at least {MIN_MASS} is needed"
        return _unknown(completion, why, mass)
    return ElicitedConfidence(value=shares[True] / both, reply=completion.text, mass=mass)


def _unknown(completion: Completion, why: str, mass: float | None = None) -> ElicitedConfidence:
    return ElicitedConfidence(value=None, reply=completion.text, mass=mass, why=why)
