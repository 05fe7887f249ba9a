"""Judging one or two answers in short prompts: the correct answer first, then each candidate compared with it."""

from __future__ import annotations

from itertools import zip_longest

from ..forms import often, spelt
from ..questions import Question, question
from ..sampling import Draw
from . import Chat
from .asking import NEW_WRITTEN, WRITTEN, joined

SAID = ("{a}", "{a}", "{a}", "{a}", "The answer is {a}.", "Answer: {a}", "It is {a}.", "I think {a}.")
PAIRS = often(
    (
        "Question: {q}\nA: {a}\nB: {b}\nWhich answer is better, A or B?",
        "Question: {q}\nA: {a}\nB: {b}\nWhich answer is better, A or B?",
        "Question: {q}\nAnswer A: {a}\nAnswer B: {b}\nWhich answer is right, A or B?",
        "{q}\nA) {a}\nB) {b}\nChoose A or B.",
        "{q}\nA. {a}\nB. {b}\nWhich one is correct?",
        "Two answers were given to this question: {q}\nA: {a}\nB: {b}\nWhich is the better one?",
        "Judge these answers.\nQuestion: {q}\nA: {a}\nB: {b}\nSay A or B.",
        "Question: {q}\nFirst answer (A): {a}\nSecond answer (B): {b}\nWhich is correct, A or B?",
        "Which answer to the question is better?\nQuestion: {q}\nA: {a}\nB: {b}",
    ),
    spelt(
        ("<head>{q}\n<given>\n<which>", "<head>{q}\n<given>\n<which>", "<which>\n<head>{q}\n<given>"),
        {
            "head": (
                "Question: /Task: /Exercise: /It was asked: /Somebody asks: /Two people answer this: "
                "/Here are two answers. Question: /Compare the answers. Question: //"
            ),
            "given": (
                "A: {a}\nB: {b}/A) {a}\nB) {b}/(A) {a}\n(B) {b}/A. {a}\nB. {b}/Answer A: {a}\nAnswer B: {b}"
                "/A says: {a}\nB says: {b}/Choice A: {a}\nChoice B: {b}/A answers {a}\nB answers {b}"
                "/Reply A: {a}\nReply B: {b}"
            ),
            "which": (
                "Which answer is better, A or B?/Which answer is right?/Which one is correct?/Choose A or B."
                "/Who is right, A or B?/Which is the better one?/Pick the right answer./Which of the two is correct?"
                "/Which do you choose?/Tell me the better answer./Say which one is right./Is A or B right?"
            ),
        },
    ),
)
NEW_PAIRS = (
    "Here is a question with two answers. {q}\nAnswer A says: {a}\nAnswer B says: {b}\nTell which of them is right.",
    "Problem: {q}\nOption A: {a}\nOption B: {b}\nWhich option do you prefer?",
)
SINGLES = often(
    (
        "Question: {q}\nGiven answer: {a}\nIs the given answer correct?",
        "Question: {q}\nGiven answer: {a}\nIs the given answer correct?",
        "Question: {q}\nAnswer: {a}\nIs this answer correct?",
        "{q}\nSomebody answered: {a}\nIs that right? Answer yes or no.",
        "Check this answer.\nQuestion: {q}\nAnswer: {a}",
        "{q} A student says: {a}. Is the student right?",
        "Question: {q}\nProposed answer: {a}\nTrue or not? Say yes or no.",
        "Is {a} the right answer to this question? {q}",
    ),
    spelt(
        (
            "<head>{q}\n<given>{a}\n<whether>",
            "<head>{q}< /\n><given>{a}< /\n><whether>",
            "<whether>\n<head>{q}\n<given>{a}",
        ),
        {
            "head": (
                "Question: /Task: /Exercise: /It was asked: /Somebody asks: /Check this. Question: /Judge: "
                "/Mark this. Task: /Problem. //"
            ),
            "given": (
                "Answer: /Given answer: /The answer given was: /Reply: /Somebody says: /A student wrote: /Result: "
                "/Your answer: /My answer: /One answer: /The model said: /Their solution: /Our result: /Found: "
            ),
            "whether": (
                "Is it correct?/Is this right?/Is that the right answer?/Is the answer correct, yes or no?/Yes or no?"
                "/Is this true?/Was it answered rightly?/Say yes if it is right, else no./Is the result correct?"
                "/Right or not? Answer yes or no./Can this be right?/Do you agree?/Did they solve it?/Was I right?"
                "/Have we solved it?/Did she get that right?/Is it solved?/Were they right, yes or no?"
            ),
        },
    ),
)
NEW_SINGLES = (
    "Problem: {q}\nOur solution: {a}\nDid we get it right?",
    "Grade this. Question: {q} Reply: {a} Is the reply correct, yes or no?",
)
LETTER_ONLY = ("Reply with the letter only.", "Answer only A or B.", "Only the letter.", "One letter, nothing else.")
YES_NO_ONLY = ("Answer only yes or no.", "Only yes or no, nothing else.", "One word: yes or no.")


def judge_pair(draw: Draw, better: str = "") -> Chat:
    """Judge the better of two answers briefly: state the correct answer, then compare A with it."""
    return _pair(draw, question(draw), "stated", better)


def judge_pair_written(draw: Draw, better: str = "") -> Chat:
    """Judge the better of two answers after working out the question digit by digit."""
    return _pair(draw, question(draw), "worked", better)


def judge_pair_at_once(draw: Draw) -> Chat:
    """Judge the better of two answers with the letter only."""
    return _pair(draw, question(draw), "at once")


def judge_answer(draw: Draw) -> Chat:
    """Judge briefly whether one answer is correct."""
    return _single(draw, question(draw), "stated")


def judge_answer_written(draw: Draw) -> Chat:
    """Judge whether one answer is correct after working out the question."""
    return _single(draw, question(draw), "worked")


def judge_answer_at_once(draw: Draw) -> Chat:
    """Judge whether one answer is correct with yes or no only."""
    return _single(draw, question(draw), "at once")


def phrased(draw: Draw, asked: Question, answer: str, working: bool = True) -> str:
    """Return an answer as written by a candidate: the value, a sentence, or (if correct) with its working."""
    if working and draw.chance(0.1) and asked.worked and answer == asked.answer:
        return f"{asked.worked}. Answer: {answer}"
    return draw.rng.choice(SAID).format(a=answer)


def reasoning(asked: Question, how: str) -> str:
    """Return the reasoning before the verdict, up to the correct answer."""
    working = {"worked": asked.worked, "stated": asked.stated}[how]
    return f"{working}. The right answer is {asked.answer}." if working else f"The right answer is {asked.answer}."


def mark(name: str, answer: str, right: str) -> str:
    """Return the comparison of a candidate with the correct answer, part by part up to the first difference.

    A small network does not learn to judge whole numbers in one word.
    """
    return f"{name} says {answer} ({beside(answer, right)}): {'right' if answer == right else 'wrong'}."


def beside(answer: str, right: str) -> str:
    """Return `2/2, 5/4` for 250 and 249; words are compared as a whole."""
    if not (answer.isdigit() and right.isdigit()):
        return f"{answer}/{right}"
    pairs = []
    for a, b in zip_longest(answer, right, fillvalue="-"):
        pairs.append(f"{a}/{b}")
        if a != b:
            break
    return ", ".join(pairs)


def _pair(draw: Draw, asked: Question, how: str, better: str = "") -> Chat:
    drawn = draw.rng.choice("AB")
    wrong = asked.wrong(draw.rng)
    first, second = (asked.answer, wrong) if drawn == "A" else (wrong, asked.answer)
    form = draw.wording(PAIRS, NEW_PAIRS)
    a, b = phrased(draw, asked, first), phrased(draw, asked, second)
    better = better or drawn
    if better != drawn:
        a, b, first, second = b, a, second, first
    prompt = form.format(q=asked.text, a=a, b=b)
    marks = f"{mark('A', first, asked.answer)} {mark('B', second, asked.answer)}"
    kind = f"{better}, {asked.kind}"
    if how == "at once":
        return Chat(prompt=f"{prompt} {draw.rng.choice(LETTER_ONLY)}", answer=better, kind=kind)
    if how == "stated":
        look = f"{reasoning(asked, how)} {mark('A', first, asked.answer)}"
        return Chat(prompt=prompt, answer=f"{look} Answer: {better}", kind=kind)
    prompt = joined(draw, prompt, draw.wording(WRITTEN, NEW_WRITTEN))
    return Chat(prompt=prompt, answer=f"{reasoning(asked, how)} {marks} Answer: {better}", kind=kind)


def _single(draw: Draw, asked: Question, how: str) -> Chat:
    right = draw.chance(0.5)
    given = asked.answer if right else asked.wrong(draw.rng)
    verdict = "yes" if right else "no"
    form = draw.wording(SINGLES, NEW_SINGLES)
    shown = given if "{a}." in form or "Is {a}" in form else phrased(draw, asked, given)
    prompt = form.format(q=asked.text, a=shown)
    kind = f"{verdict}, {asked.kind}"
    if how == "at once":
        return Chat(prompt=f"{prompt} {draw.rng.choice(YES_NO_ONLY)}", answer=verdict, kind=kind)
    if how == "worked":
        prompt = joined(draw, prompt, draw.wording(WRITTEN, NEW_WRITTEN))
    look = f"{reasoning(asked, how)} {mark('The answer', given, asked.answer)}"
    return Chat(prompt=prompt, answer=f"{look} Answer: {verdict}", kind=kind)
