"""Records of strategies with control samples, for the tests of compute-matched comparisons."""

from __future__ import annotations

from pytest_hiddenlayer.types import Record
from support.records import record


def made(name: str, value: float | None, *, calls: int = 1, tokens: int | None = 6, **changes: object) -> Record:
    """A record of `calls` calls of `tokens` tokens and $0.25 each; its answer is its output."""
    usage = {"input_tokens": tokens, "output_tokens": 0}
    transcript = [{"role": "control", "usage": usage, "cost_usd": 0.25}] * calls
    return record(name, value, **{"transcript": transcript, **changes})


def debated(name: str, value: float | None, **changes: object) -> Record:
    """A debate's record: 3 calls, 30 tokens."""
    return made(name, value, **{"calls": 3, "tokens": 10, "strategy": "debate", "label": "debate", **changes})


def draws(name: str, *said: tuple[str | None, float | None], **changes: object) -> list[Record]:
    """The control samples of a sample, (answer, score) each, in order."""
    return [
        made(name, score, answer=answer, output=answer, epoch=i, label="single.control=debate", **changes)
        for i, (answer, score) in enumerate(said, 1)
    ]


A, B, C, LOST = ("a", 1.0), ("b", 0.0), ("c", 0.0), (None, None)


HAND = [
    debated("s1", 1.0),  # single 1/3; votes: b of 3, a of 5; pass@3: 1 - C(2,3)/C(5,3) = 1
    *draws("s1", A, B, B, A, A),
    debated("s2", 0.0),  # single 1; votes a, a; pass@3 = 1
    *draws("s2", A, A, A, B, C),
    debated("s3", 1.0),  # single 0; b of 3, b of 5; pass@3: 1 - C(4,3)/C(5,3) = 0.6
    *draws("s3", B, C, B, A, B),
    debated("s4", 1.0),  # the failed draw counts for nothing: single 1/2; a; a; pass@3: 1 - C(1,3)/C(4,3) = 1
    *draws("s4", LOST, A, B, A, A),
]


def rounds(*agents: str, answers: tuple[str, ...] | None = None) -> dict[str, object]:
    """Metadata of agents, one letter per round: r right, w wrong, - unscored; answers default to the letters."""
    said = answers or agents
    return {
        "round_scores": {
            f"agent-{i}": {
                str(at): {
                    "score": None,
                    "right": {"r": True, "w": False, "-": None}[c],
                    "answer": None if c == "-" else say,
                }
                for at, (c, say) in enumerate(zip(agent, words, strict=True))
            }
            for i, (agent, words) in enumerate(zip(agents, said, strict=True), 1)
        }
    }


def way(label: str, score: float, tokens: int | None = 1, cost: float | None = 0.0, calls: int = 1) -> Record:
    """A record of a strategy with this score and this cost per call."""
    call = {"role": "x", "usage": {"input_tokens": tokens, "output_tokens": 0}, "cost_usd": cost}
    return record("s", score, label=label, strategy=label, transcript=[call] * calls)
