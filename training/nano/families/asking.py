"""Questions without instructions, with a request for the answer only, or with a request for the working."""

from __future__ import annotations

from ..forms import often
from ..questions import Question, chain_question, fact_question, story_question, sum_question
from ..sampling import Draw
from . import Chat

AT_ONCE = often(
    (
        "Answer only.",
        "Give only the answer.",
        "Reply with the number only.",
        "Just the number.",
        "Only the number, please.",
        "Answer with a number.",
        "Answer at once.",
        "No explanation, only the answer.",
    ),
    (
        "<Say/Give/Write/Tell me/Reply with/Answer with> <only/just/nothing except> the <answer/number/result>.",
        "<Without/No/Leave out the> <explanation/working/work/steps/reasons><, please./, only the answer./.>",
        "Do not <explain/explain it/show your work/show the steps/think long>, <just/only> <answer/say the answer>.",
        "<Answer/Reply/Say it> <at once/directly/quickly/straight away/in one go><./, without steps./, please.>",
        "<The answer/The number/The result> <alone/only/and no more/is enough>.",
    ),
)
NEW_AT_ONCE = ("Say nothing but the number.", "Answer right away, without your work.")
WRITTEN = often(
    (
        "Think step by step.",
        "Show your work.",
        "Reason first, then answer.",
        "Work it out step by step.",
        "Write down every step.",
        "Explain how, then answer.",
        "Let us think step by step.",
        "Think before you answer.",
    ),
    (
        "<Think/Reason/Work/Proceed/Calculate/Solve it/Do it/Take it> step by step<./, please./, then answer./!>",
        "<Show/Write/Give/Write down/Tell> <your work/your working/the working/each step/all steps/all the steps>.",
        "<Show/Explain/Tell/Say> <how you get there/how you find it/what you do/your reasoning><./, please.>",
        "<Think/Reason/Think it over/Work it out/Show your steps> first<, then answer./ and answer then./.>",
        "<Let us/We/You should> <go on/think/reason/work/walk through it> <step by step/in steps/slowly>.",
        "Take your time and <think/reason/work it out/show the steps>.",
        "<With/In> <all steps/every step/small steps/full working><, please./.>",
        "Do not answer <at once/right away> but <think/show the steps/work it out> first.",
        "Answer <after thinking/with your working/with all steps/step by step>.",
        "<Show/Write/Give> <me the/us the/the> steps <on the way/to the result/of your work/you take/you go>.",
        "<Walk/Work/Talk> <me /us />through <the steps/your work/your steps><, then answer./.>",
        "The steps <that lead you there/on the way/you take> <count too/must be shown/should stand there>.",
    ),
)
NEW_WRITTEN = ("Go through it step by step.", "Show the steps that lead to the answer.")


def at_once(draw: Draw, question: Question) -> Chat:
    """Return a chat whose answer is the answer only."""
    prompt = joined(draw, question.text, draw.wording(AT_ONCE, NEW_AT_ONCE))
    return Chat(prompt=prompt, answer=question.answer, kind=question.kind)


def written(draw: Draw, question: Question) -> Chat:
    """Return a chat whose answer is worked out digit by digit."""
    prompt = joined(draw, question.text, draw.wording(WRITTEN, NEW_WRITTEN))
    return Chat(prompt=prompt, answer=reasoned(question), kind=question.kind)


def bare(question: Question) -> Chat:
    """Return a chat without instructions: sums and facts are answered directly, several steps are stated."""
    return Chat(prompt=question.text, answer=plain_answer(question), kind=question.kind)


def plain_answer(question: Question) -> str:
    """Return the answer to a question without instructions."""
    if question.stated:
        return f"{question.stated}. Answer: {question.answer}"
    return f"The answer is {question.answer}." if question.worked else question.answer


def reasoned(question: Question) -> str:
    """Return the working and the answer."""
    return f"{question.worked}. Answer: {question.answer}" if question.worked else f"Answer: {question.answer}"


def joined(draw: Draw, text: str, wish: str) -> str:
    """Return the question and the instruction: mostly after it, sometimes before it or on its own line."""
    if draw.chance(0.85):
        return f"{text} {wish}"
    return f"{wish} {text}" if draw.chance(0.5) else f"{text}\n{wish}"


def sums_at_once(draw: Draw) -> Chat:
    return at_once(draw, sum_question(draw))


def sums_bare(draw: Draw) -> Chat:
    return bare(sum_question(draw))


def sums_written(draw: Draw) -> Chat:
    return written(draw, sum_question(draw))


def chains_bare(draw: Draw) -> Chat:
    return bare(chain_question(draw))


def chains_written(draw: Draw) -> Chat:
    return written(draw, chain_question(draw))


def stories_at_once(draw: Draw) -> Chat:
    return at_once(draw, story_question(draw))


def stories_bare(draw: Draw) -> Chat:
    return bare(story_question(draw))


def stories_written(draw: Draw) -> Chat:
    return written(draw, story_question(draw))


def facts(draw: Draw) -> Chat:
    """Return a fact chat: without instructions, answer only, or with a reason before the marked answer."""
    question = fact_question(draw)
    if draw.chance(0.15):
        return written(draw, question)
    suffix = draw.rng.choice(("", "", "", " Answer only.", " One word.", " Give only the answer."))
    return Chat(prompt=question.text + suffix, answer=question.answer, kind=question.kind)
