"""The requests of strategies: later rounds of a debate, plans, one step of a plan, and merges."""

from __future__ import annotations

import json

from pytest_hiddenlayer.strategies.orchestration.manager_worker import deal

from ..forms import often, spelt
from ..problems import Sum
from ..questions import Question, chain_question, question, story_question, sum_question
from ..requests import MERGE, PLAN, RECONSIDER, WORK
from ..sampling import Draw
from . import Chat
from .asking import AT_ONCE, WRITTEN, reasoned
from .wording import JSON_ASKS

WISHES = ("", "", "", "", "", "written", "at once", "json")
RECONSIDERED = often(
    (RECONSIDER,),
    spelt(
        (
            "{task}\n<others>{answers}.\n<again>",
            "{task}\n<others>{answers}<. /\n><again>",
            "<others>{answers}.\nTask: {task}\n<again>",
        ),
        {
            "others": (
                "Other agents said: /Others answered: /The others said: /Your colleagues think: /Answers of others: "
                "/These answers were given: /Some say /The others think it is /Other answers are /The others have "
            ),
            "again": (
                "Reconsider and give your answer./Think again and answer./What is your answer now?"
                "/Check it and answer./Give your own answer./Look at it again. What do you say?"
                "/Now answer yourself./And you?/Reconsider your answer./Do you still think the same?"
            ),
        },
    ),
    share=0.65,
)
NEW_RECONSIDER = ("{task}\nThe others' answers were {answers}.\nThink again and say what you answer now.",)
PLANS = often(
    (
        PLAN,
        PLAN,
        PLAN,
        "Split this into steps: {task}",
        "Make a plan of numbered steps: {task}",
        "Which steps lead to the answer? {task}",
        "{task}\nOnly write the steps, do not solve it.",
    ),
    spelt(
        ("<plan>: {task}", "<plan>: {task}", "{task}\n<unsolved>", "<unsolved>\n{task}"),
        {
            "plan": (
                "Split this into steps/Break this into small steps/Divide this problem into steps"
                "/Make a plan for this/Write a plan for this problem/Draw up a numbered plan/Give the steps for this"
                "/Give a short plan for this task/Write me a plan/We need a numbered plan for this one"
                "/Make a small plan for that/Numbered plan/Show a plan for the following/How is this done in steps"
                "/Plan this/Number the steps of this task/Write a numbered list of steps for this/Steps only, please"
                "/List what has to be done/Give a plan/How would you plan this"
            ),
            "unsolved": (
                "Only write the steps, do not solve it./Do not solve it, only plan it./Which steps are needed?"
                "/Write a plan, not the answer./Plan first: only the steps./List the steps without working them out."
                "/Only the plan, please./Number the steps, but do not solve them./What is your plan?"
            ),
        },
    ),
)
NEW_PLANS = ("Give a numbered plan for this problem: {task}",)
COMMANDS = {"+": "Add {n}", "-": "Subtract {n}", "*": "Multiply by {n}"}


def reconsider(draw: Draw) -> Chat:
    """Answer again after the other agents, who may all be wrong; a debate's judge gets the same request."""
    asked, wish = question(draw), draw.rng.choice(WISHES)
    voices = draw.rng.choice((1, 2, 2, 2, 3, 3, 4))
    replies = [_voice(draw, asked, asked.answer if draw.chance(0.55) else "") for _ in range(voices)]
    if draw.chance(0.3):
        wrong = asked.wrong(draw.rng)
        replies = [_voice(draw, asked, wrong) for _ in range(voices)]
    texts = ", ".join(text for _, text in replies)
    form = draw.wording(RECONSIDERED, NEW_RECONSIDER)
    task, answer = _wished(draw, asked, wish)
    kind = "some right" if any(given == asked.answer for given, _ in replies) else "none right"
    return Chat(prompt=form.format(task=task, answers=texts), answer=answer, kind=kind)


def _voice(draw: Draw, asked: Question, answer: str) -> tuple[str, str]:
    """Return an agent's answer, by default a wrong one, and its text."""
    answer = answer or asked.wrong(draw.rng)
    if draw.chance(0.85) or not asked.worked:
        return answer, answer
    return answer, f"{asked.worked}. Answer: {answer}" if draw.chance(0.5) else f"The answer is {answer}."


def _wished(draw: Draw, asked: Question, wish: str) -> tuple[str, str]:
    """Return the task with an instruction, and the answer that follows it."""
    if wish == "at once":
        return f"{asked.text} {draw.wording(AT_ONCE)}", asked.answer
    if wish == "json":
        task = draw.wording(JSON_ASKS).format(q=asked.text, k="answer")
        return task, json.dumps({"answer": asked.answer})
    return (f"{asked.text} {draw.wording(WRITTEN)}" if wish else asked.text), reasoned(asked)


def planned(draw: Draw) -> Question:
    """Return a question with steps."""
    return draw.rng.choice((story_question, story_question, story_question, chain_question, sum_question))(draw)


def steps_of(asked: Question) -> list[str]:
    """Return the steps of a manager's plan: `Compute 22+86`, `Subtract 40`."""
    assert asked.chain is not None
    (sign, number), *rest = asked.chain.rest
    return [f"Compute {asked.chain.first}{sign}{number}", *(COMMANDS[s].format(n=n) for s, n in rest)]


def plan(draw: Draw) -> Chat:
    """Write the numbered steps without solving them."""
    asked = planned(draw)
    written = "\n".join(f"{place}. {step}" for place, step in enumerate(steps_of(asked), 1))
    return Chat(
        prompt=draw.wording(PLANS, NEW_PLANS).format(task=_task(draw, asked)), answer=written, kind=asked.kind
    )


def work(draw: Draw) -> Chat:
    """Solve a worker's steps; the worker also works out the earlier steps, whose results it does not get."""
    asked = planned(draw)
    steps, sums = steps_of(asked), asked.chain.sums if asked.chain else ()
    hands = deal(steps, draw.rng.choice((1, 2, 3, 3, 3)))
    hand = draw.rng.choice(hands)
    last = max(place for place, step in enumerate(steps) if step in hand.split("; "))
    done: tuple[Sum, ...] = sums[: last + 1]
    answer = f"{'. '.join(step.worked for step in done)}. Answer: {done[-1].value}"
    return Chat(prompt=WORK.format(task=_task(draw, asked), step=hand), answer=answer, kind=f"step {last + 1}")


def merge(draw: Draw) -> Chat:
    """Give the final answer from the workers' results; the last step is worked out again."""
    asked = planned(draw)
    steps, sums = steps_of(asked), asked.chain.sums if asked.chain else ()
    values = [step.value for step in sums]
    if len(sums) > 1 and draw.chance(0.25):
        values[-1] = int(asked.wrong(draw.rng))
    hands = _hands(draw, len(steps))
    results = ", ".join(f"{'; '.join(steps[i] for i in hand)}={values[hand[-1]]}" for hand in hands)
    known = len(sums) == 1 or len(sums) - 2 in [hand[-1] for hand in hands]
    answer = f"{sums[-1].worked if known else asked.worked}. Answer: {asked.answer}"
    return Chat(prompt=MERGE.format(task=_task(draw, asked), results=results), answer=answer, kind=asked.kind)


def _hands(draw: Draw, count: int) -> list[list[int]]:
    workers = draw.rng.choice((1, 2, 3, 3, 3))
    return [[*range(count)][i::workers] for i in range(min(workers, count))]


def _task(draw: Draw, asked: Question) -> str:
    return f"{asked.text} {draw.wording(WRITTEN)}" if draw.chance(0.1) else asked.text
