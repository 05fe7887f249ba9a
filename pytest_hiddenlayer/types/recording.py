"""Answers that were recorded elsewhere: independent samples, or the rounds of agents, with verdicts if known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

RECORDED = "recorded"
"""The strategy that repeats recorded answers, and the provider that holds them."""
RECORDED_VERDICT = "recorded_verdict"
"""Key of `Record.answer_metadata`: the verdict that was recorded for the final answer; None: none was."""
RECORDED_CALLS = "recorded_calls"
"""Key of `Record.answer_metadata`: the number of calls that the recorded answer took; None: not recorded."""
RECORDED_COUNTS = "recorded_counts"
"""Key of `Record.answer_metadata`: {correct, of}, if only the number of right samples was recorded."""
NO_TEXT = "[no text was recorded]"
"""The completion of a recorded answer without a text: only its verdict is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedAnswer:
    """One recorded answer. None is unknown, except that an `unreadable` answer is known to have none."""

    text: str | None = None
    answer: str | None = None  # as whoever recorded it found it in the text
    unreadable: bool = False  # whoever recorded it found no answer in the text
    verdict: bool | None = None  # whether it is right
    confidence: float | None = None  # in [0, 1]
    finish_reason: str = "stop"
    calls: int | None = None  # model calls that it took
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    model: str = ""  # empty: unknown

    @property
    def completion(self) -> str:
        """The text of its entry in the transcript."""
        known = self.answer if self.text is None else self.text
        return NO_TEXT if known is None else known


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What was recorded for one sample: `samples`, `rounds` or `counts`."""

    samples: tuple[RecordedAnswer, ...] = ()  # independent of each other
    rounds: tuple[tuple[RecordedAnswer | None, ...], ...] = ()  # rounds × agents; None: the agent did not speak
    counts: tuple[int, int] | None = None  # (right, all) samples, without the samples
    final: RecordedAnswer | None = None  # None: the vote of the samples, or of the last round
    calls: int | None = None  # of the whole sample, with those that are no answers, such as rankings
    roles: tuple[str, ...] = ()  # of the agents: affirmative, critic, ...
    models: tuple[str, ...] = ()  # of the agents or samples; empty: unknown
    reads: tuple[tuple[int, ...], ...] = ()  # per agent, the numbers from 1 of those that it read; empty: all others

    def answers(self) -> Iterator[tuple[str, int, RecordedAnswer]]:
        """Yields (role, round, answer) of every answer, in the order in which it was given."""
        for index, answer in enumerate(self.samples):
            yield f"sample-{index + 1}", 0, answer
        for number, agents in enumerate(self.rounds):
            for index, spoken in enumerate(agents):
                if spoken is not None:
                    yield f"agent-{index + 1}", number, spoken

    @property
    def total_calls(self) -> int | None:
        """The calls as recorded, or the sum of the answers' own; None if unknown."""
        if self.calls is not None:
            return self.calls
        counts = [answer.calls for _, _, answer in self.answers()]
        return None if None in counts or not counts else sum(count for count in counts if count is not None)

    def find(self, role: str, round: int) -> RecordedAnswer | None:
        """Returns what `agent-2` answered in a round, or the answer `sample-3`; None if there is none."""
        kind, _, number = role.rpartition("-")
        if not (number.isdecimal() and len(number) < 10):
            return None
        index = int(number) - 1
        row = self.samples if kind == "sample" and round == 0 else ()
        if kind == "agent" and 0 <= round < len(self.rounds):
            return self.rounds[round][index] if 0 <= index < len(self.rounds[round]) else None
        return row[index] if 0 <= index < len(row) else None

    def without_verdicts(self) -> Recording:
        """Returns the recording as strategies see it: they must not know which answers are right."""
        return replace(
            self,
            samples=tuple(replace(answer, verdict=None) for answer in self.samples),
            rounds=tuple(
                tuple(None if answer is None else replace(answer, verdict=None) for answer in agents)
                for agents in self.rounds
            ),
            counts=None if self.counts is None else (0, self.counts[1]),
            final=None if self.final is None else replace(self.final, verdict=None),
        )
