"""Records whose pane has something to show: debates, votes, plans, scorers' calls, errors, long and hostile texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_hiddenlayer.types import Record

from .records import record

PROMPT = [{"role": "system", "content": "You are careful."}, {"role": "user", "content": "What is 11525+42278?"}]
USAGE = {"input_tokens": 14, "output_tokens": 25, "calls": 1}
LONG = "".join(f"line {i} of a long text\n" for i in range(9000)) + "Answer: 53803"
HOSTILE = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"


def call(role: str, completion: str, round: int = 0, sent: Any = "prompt", **changes: Any) -> dict[str, Any]:
    """One call of a transcript; `sent` is the text of its user message."""
    messages = sent if sent == "prompt" else [PROMPT[0], {"role": "user", "content": sent}]
    made = {"role": role, "round": round, "messages": messages, "completion": completion, "finish_reason": "stop"}
    made |= {"usage": USAGE, "latency_s": 0.5, "model": "m", "seed": 7, "cost_usd": 0.002, "mean_logprob": -0.1}
    return made | changes


def asked(*answers: str) -> str:
    """What a debate sends in a later round."""
    return f"What is 11525+42278?\nOther agents said: {', '.join(answers)}.\nReconsider and give your answer."


def debate() -> Record:
    """Three agents, two rounds, a judge: one wrong agent becomes right, and a right one wrong."""
    rounds = [["15754", "53803", "9"], ["53803", "53803", None]]
    right = [[False, True, False], [True, True, None]]
    scores = {
        f"agent-{i + 1}": {str(r): {"score": None, "right": right[r][i], "answer": rounds[r][i]} for r in range(2)}
        for i in range(3)
    }
    transcript = [call(f"agent-{i + 1}", f"It is {answer}.") for i, answer in enumerate(rounds[0])]
    transcript += [
        call("agent-1", "Answer: 53803", 1, asked("53803", "9")),
        call("agent-2", "Answer: 53803", 1, asked("15754", "9")),
        call("agent-3", "I cannot", 1, asked("15754", "53803"), finish_reason="length"),
        call("judge", "The agents are right. Answer: 53803", 2, asked("53803", "53803", "I cannot")),
    ]
    return made("sum", 1.0, "debate", transcript, answers=rounds, round_scores=scores)


def made(name: str, value: float | None, label: str, transcript: list[Any], **metadata: Any) -> Record:
    """A record of strategy `label` with this transcript, whose output is its last completion."""
    output = transcript[-1]["completion"] if transcript else None
    changes = {"prompt": PROMPT, "input": "11525+42278", "target": "53803", "answer": "53803", "output": output}
    return record(
        name, value, strategy=label, label=label, transcript=transcript, answer_metadata=metadata, **changes
    )


def self_consistency() -> Record:
    """Four samples, three of which vote."""
    texts = ["12 no, 53803", "It is 53803", "It is 12"]
    transcript = [call(f"sample-{i + 1}", text) for i, text in enumerate(texts)]
    transcript.append(call("sample-4", "", finish_reason="length"))
    vote = {"answer": "53803", "votes": {"53803": 2, "12": 1}, "tie": False}
    return made("sum", 1.0, "self_consistency", transcript, vote=vote)


def manager_worker() -> Record:
    """A plan of two sub-tasks and their combination."""
    transcript = [
        call("manager", "1. Add\n2. Carry", sent="Split into steps: What is 11525+42278?"),
        call("worker-1", "It is 53793", 1, "What is 11525+42278?\nDo only this step: Add."),
        call("worker-2", "It is 10", 1, "What is 11525+42278?\nDo only this step: Carry."),
        call("manager", "Answer: 53803", 2, "What is 11525+42278?\nWorker result: Add=53793, Carry=10"),
    ]
    return made("sum", 1.0, "manager_worker", transcript, plan=["Add", "Carry"], results=["53793", "10"])


def scored_by_a_judge() -> Record:
    """One answer with tokens, reasoning, and a scorer that called a model."""
    tokens = [["It is ", -0.01], ["538", -3.0], ["03", None]]
    answer = call(
        "answer", "It is 53803", token_logprobs=tokens, attempts=3, warnings=["no seed"], reasoning="12+4 …"
    )
    judge = call("llm_judge", "It is correct. [[yes]]", sent="Judge an answer")
    scores = {
        "numeric": {"value": 1.0, "answer": "53803", "explanation": "got 53803, as expected"},
        "llm_judge": {"value": None, "answer": None, "explanation": "no verdict", "details": {"scale": "no-yes"}},
    }
    answered = made("sum", 1.0, "single", [answer, judge], scoring_calls=1)
    return replace(answered, output="It is 53803", reasoning="12+4 …", scores=scores, group="sums", must_pass=True)


def others() -> list[Record]:
    """Records with an error, choices, a long output and hostile texts."""
    error = {
        "error": "ZeroDivisionError: division\nby zero",
        "traceback": "Traceback …\n  File 'x.py'",
        "answer": None,
    }
    choices = {"choices": ["694", "684"], "target": "A", "answer": "B", "output": "I pick B."}
    hidden = "safe\u202eevil\x1b[31m\u200b" + HOSTILE
    hostile = {
        "output": hidden,
        "metadata": {HOSTILE: HOSTILE, "nested": {"a": [1]}},
        "answer": HOSTILE,
        "prompt": None,
    }
    return [
        replace(made("failed", None, "single", []), **error),
        replace(made("cut", 0.0, "single", [call("answer", "It is")]), outcome="truncated", answer=None, scores={}),
        replace(made("choice", 0.0, "single", [call("answer", "I pick B.")]), **choices),
        made("long", 1.0, "single", [call("answer", LONG)]),
        replace(made("hostile", 0.0, HOSTILE, [call(HOSTILE, hidden, sent=HOSTILE, model=HOSTILE)]), **hostile),
    ]


def in_other_notation() -> list[Record]:
    """Records whose outputs have the answer in another notation; `part` only has it inside of other words."""
    texts = {
        "thousands": ("1234", "It is 1,234 in all"),
        "emphasis": ("paris", "It is **Pa**r**is**"),
        "quotes": ("'a b'", "It is ‘a  b’."),
        "part": ("38", "It is 138, 38.5 or x38"),
    }
    records = {name: made(name, 1.0, "single", [call("answer", output)]) for name, (_, output) in texts.items()}
    return [replace(records[name], answer=answer) for name, (answer, _) in texts.items()]


def hard_to_write() -> Record:
    """A sample whose texts YAML reads as something else if they are not quoted."""
    metadata = {"yes: no": "# 1.10", "list": ["- a", None, 1.5], "a\u2028b\x85\ufeff": "\x1b[0m\u202e\U0001f600"}
    lines = "first: line\n\n  indented 'quotes' \"and\" \\ more\n# no comment\n--- é 漢字"
    return replace(made("copied", 1.0, "single", [call("answer", "no")]), input=lines, target="no", metadata=metadata)


KEPT = {
    "outcome",
    "started_at",
    "run_id",
    "key",
    "schema",
    "finish_reason",
    "usage",
}  # are checked by the reader
ROLES = ("agent-", "sample-", "worker-", "manager", "judge")  # make a debate, a vote or a plan of a transcript


def with_hostile_texts(one: Record) -> Record:
    """The record with markup in every text and in the names of metadata and scorers; roles are kept."""
    changes = {name: _hostile(value) for name, value in one.to_json().items() if name not in KEPT}
    named = {name: {HOSTILE + key: value for key, value in changes[name].items()} for name in ("metadata", "scores")}
    return replace(one, **{**changes, **named})


def _hostile(value: Any) -> Any:
    """The value with markup before every text."""
    if isinstance(value, str):
        return value if value == "prompt" or value.startswith(ROLES) else HOSTILE + value
    if isinstance(value, list | tuple):
        return [_hostile(each) for each in value]
    if isinstance(value, dict):
        return {key: each if key in KEPT else _hostile(each) for key, each in value.items()}
    return value


def all_records() -> list[Record]:
    """One record of each kind."""
    by_strategy = [debate(), self_consistency(), manager_worker(), scored_by_a_judge()]
    return [*by_strategy, *others(), *in_other_notation(), hard_to_write()]
