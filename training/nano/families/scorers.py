"""The requests of the package's judges `llm_judge`, `win_rate` and `coherence`, with their own prompts."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_hiddenlayer.scorers.judge import coherence as coherence_scorer
from pytest_hiddenlayer.scorers.judge import llm_judge as judge_scorer
from pytest_hiddenlayer.scorers.judge import pairwise
from pytest_hiddenlayer.scorers.judge.prompt import JudgePrompt
from pytest_hiddenlayer.scorers.judge.scale import YES_NO, Scale
from pytest_hiddenlayer.scorers.judge.verdict_parser import VerdictFormat

from ..questions import Question, question
from ..sampling import Draw
from ..words import NAMES, PLACES, THINGS, WORDS
from . import Chat
from .judging import mark, phrased, reasoning

CRITERIA = (
    "The answer is correct.",
    "Is the answer correct?",
    "The answer is right.",
    "Correctness.",
    "Correctness: best where the answer is right, worst where it is wrong.",
    "Is the answer right? Only the result counts.",
    "The final answer must be right.",
    "How correct is the answer?",
    "Accuracy of the answer",
    "The answer gives the right result.",
    "Does the answer solve the question correctly?",
    "The number is right.",
)
NEW_CRITERIA = ("Best: the result is the right one. Worst: it is not.", "Whether the question was solved rightly.")
BREVITY = (
    "The answer is short: nothing but the result.",
    "Is the answer nothing but the result?",
    "Brevity. Best: only the result. Worst: more than that.",
)
SCALES = (
    Scale.from_param([1, 5]),
    Scale.from_param([1, 5]),
    YES_NO,
    YES_NO,
    Scale.from_param([0, 10]),
    Scale.from_param([1, 10]),
    Scale.from_param([1, 3]),
    Scale.from_param([0, 1]),
)
ROUNDS = (0, 0, 0, 1, 2)


def llm_judge(draw: Draw) -> Chat:
    """Rate one answer on a scale, with or without the reference."""
    asked, scale = question(draw), draw.rng.choice(SCALES)
    if draw.chance(0.12) and not draw.paraphrase:
        return _brevity(draw, asked, scale)
    right = draw.chance(0.5)
    given = asked.answer if right else asked.wrong(draw.rng)
    reference = draw.chance(0.35)
    texts = {"question": asked.text, "answer": phrased(draw, asked, given)}
    texts |= {"reference": asked.answer} if reference else {}
    criteria = draw.wording(CRITERIA, NEW_CRITERIA)
    verdict = scale.labels[-1 if right else 0]
    look = _reference(asked) if reference else reasoning(asked, "worked")
    prompt = _judge_prompt(draw, judge_scorer.TEMPLATE, scale, texts, {"criteria": criteria, "reference": ""})
    compared = mark("The answer", given, asked.answer)
    kind = f"{'right' if right else 'wrong'}, {'reference' if reference else 'none'}"
    return Chat(prompt=prompt, answer=f"{look} {compared} [[{verdict}]]", kind=kind)


def _brevity(draw: Draw, asked: Question, scale: Scale) -> Chat:
    short = draw.chance(0.5)
    longer = f"{asked.worked}. Answer: {asked.answer}" if asked.worked else f"The answer is {asked.answer}."
    texts = {"question": asked.text, "answer": asked.answer if short else longer}
    words = {"criteria": draw.rng.choice(BREVITY), "reference": ""}
    prompt = _judge_prompt(draw, judge_scorer.TEMPLATE, scale, texts, words)
    why = "It is nothing but the result." if short else "It says more than the result."
    verdict = scale.labels[-1 if short else 0]
    return Chat(prompt=prompt, answer=f"{why} [[{verdict}]]", kind="brevity")


def win_rate(draw: Draw, better: str = "") -> Chat:
    """Judge which of two answers is better, or a tie."""
    asked = question(draw)
    drawn = draw.rng.choice("AABBC")
    drawn = "A" if better and drawn == "C" else drawn
    wrong, other = asked.wrong(draw.rng), asked.wrong(draw.rng)
    both = draw.rng.choice(((asked.answer, asked.answer), (wrong, other)))
    first, second = {"A": (asked.answer, wrong), "B": (wrong, asked.answer), "C": both}[drawn]
    texts = {"question": asked.text}
    reference = draw.chance(0.25)
    texts |= {"reference": asked.answer} if reference else {}
    a, b = phrased(draw, asked, first), phrased(draw, asked, second)
    verdict = better or drawn
    if verdict != drawn:
        a, b, first, second = b, a, second, first
    texts |= {"answer_a": a, "answer_b": b}
    words = {"criteria": pairwise.CRITERIA if draw.chance(0.7) else draw.wording(CRITERIA), "reference": ""}
    prompt = _filled(draw, pairwise.TEMPLATE, pairwise.DEFAULT.verdict_format, texts, words)
    look = _reference(asked) if reference else reasoning(asked, "worked")
    marks = f"{mark('A', first, asked.answer)} {mark('B', second, asked.answer)}"
    return Chat(prompt=prompt, answer=f"{look} {marks} [[{verdict}]]", kind=verdict)


def coherence(draw: Draw) -> Chat:
    """Rate the coherence of a text: sentences in order, out of order, repeated or unrelated."""
    scale = Scale.from_param([1, 5]) if draw.chance(0.7) else draw.rng.choice(SCALES)
    kind = draw.rng.choice(("whole", "whole", "apart", "repeated", "disorder"))
    text, why = _TEXTS[kind](draw)
    place = {"whole": len(scale.labels) - 1, "disorder": len(scale.labels) // 2}.get(kind, 0)
    verdict = scale.labels[place if len(scale.labels) > 2 or kind == "whole" else 0]
    criteria = coherence_scorer.CRITERIA if draw.chance(0.8) else "Coherence: do the sentences belong together?"
    prompt = _judge_prompt(draw, coherence_scorer.TEMPLATE, scale, {"text": text}, {"criteria": criteria})
    return Chat(prompt=prompt, answer=f"{why} [[{verdict}]]", kind=kind)


def _reference(asked: Question) -> str:
    return f"The reference is {asked.answer}."


def _judge_prompt(draw: Draw, template: str, scale: Scale, texts: Mapping[str, str], words: Mapping[str, str]) -> str:
    return _filled(
        draw, template, VerdictFormat.from_param(scale, None), texts, {**words, "verdict": scale.description}
    )


def _filled(
    draw: Draw, template: str, verdict_format: VerdictFormat, texts: Mapping[str, str], words: Mapping[str, str]
) -> str:
    prompt = JudgePrompt(template=template, verdict_format=verdict_format)
    salt = (draw.rng.random(), draw.rng.choice(ROUNDS))
    return prompt.messages(texts, words, salt)[0].content


# Consecutive sentences about one person; {t} and {p} are the same throughout a text.
TALES = (
    (
        "{n} went to {p}.",
        "There {n} saw {t}.",
        "{n} bought some of the {t}.",
        "Then {n} took the {t} home.",
        "At home {n} put the {t} on the table.",
    ),
    (
        "{n} wanted to buy {t}.",
        "So {n} walked to {p}.",
        "But {p} had no {t} left.",
        "{n} went home without any {t}.",
        "The next day {n} tried again.",
    ),
    (
        "{n} lost the {t}.",
        "First {n} looked under the bed.",
        "Then {n} looked at {p}.",
        "There the {t} were, behind a door.",
        "{n} was happy to have the {t} again.",
    ),
    (
        "In the morning {n} packed the {t}.",
        "At noon {n} came to {p}.",
        "There {n} gave the {t} to a friend.",
        "The friend thanked {n} for the {t}.",
        "In the evening {n} came back.",
    ),
)


def _tale(draw: Draw) -> list[str]:
    sentences = draw.rng.choice(TALES)
    names = {"n": draw.rng.choice(NAMES), "t": draw.rng.choice(THINGS), "p": draw.rng.choice(PLACES)}
    tale = [sentence.format(**names) for sentence in sentences]
    return tale[: draw.rng.randint(3, len(tale))]


def _whole(draw: Draw) -> tuple[str, str]:
    return " ".join(_tale(draw)), "Each sentence follows from the one before."


def _disorder(draw: Draw) -> tuple[str, str]:
    tale = _tale(draw)
    moved = tale[::-1] if draw.chance(0.5) else tale[1:] + tale[:1]
    return " ".join(moved), "The topic is kept, but the order is hard to follow."


def _repeated(draw: Draw) -> tuple[str, str]:
    tale = _tale(draw)[:2]
    return " ".join([tale[0], *[tale[-1]] * draw.rng.randint(2, 4)]), "The text repeats itself."


def _apart(draw: Draw) -> tuple[str, str]:
    tale = [draw.rng.choice(_tale(draw)) for _ in range(draw.rng.randint(2, 3))]
    tale.append(f"The {draw.rng.choice(WORDS)} is {draw.rng.choice(('green', 'old', 'small', 'cold', 'loud'))}.")
    draw.rng.shuffle(tale)
    return " ".join(tale), "The sentences have nothing to do with each other."


_TEXTS = {"whole": _whole, "disorder": _disorder, "repeated": _repeated, "apart": _apart}
