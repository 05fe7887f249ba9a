"""The analysis of debates, per cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import UsageError, did_you_mean
from ...results.metrics.cells import by_cell
from ...results.regression.baseline import CellKey
from ...stats.estimate.mean_interval import Estimate
from ...types import Record
from .accuracy import RoundAccuracy, accuracy_by_round
from .agents import AgentFigures, agents_of
from .conformity import Conformity, conformity_of
from .drift import Drift, drift
from .gain import DRAWS, Gain, gain_of
from .persuasion import Persuasion, persuasion_of
from .question_means import question_estimate
from .recorded.bounds import RoundBounds, accuracy_bounds
from .recorded.verdicts import RuleOnVerdicts, check_verdicts
from .transitions import Transition, transitions_of
from .traps import RuleAccuracy, rule_accuracies
from .turns import Debate, debates_of

SCHEMA = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CellDebates:
    """The debates of one cell: task, strategy label, provider and model slug."""

    key: CellKey
    debates: int
    questions: int
    failed: int  # debates left out, because they ended by an error or by the budget
    others: int  # records left out, because nobody debates in them
    scored: bool  # whether it is known of any answer if it is right
    sequential: int  # debates in which the agents of a round speak in turn
    from_texts: int  # debates whose answers are whole texts, because the record has no scores by round
    answer: Estimate  # share of right answers of the strategy, over questions; one without a score is not right
    unscored: int  # debates whose answer has no score
    rounds: tuple[RoundAccuracy, ...]
    drift: tuple[Drift, ...]  # of the agents' mean and of their majority; empty if nothing is scored
    transitions: tuple[Transition, ...]
    persuasion: Persuasion
    conformity: tuple[Conformity, ...]
    agents: tuple[AgentFigures, ...]
    gain: Gain
    rules: tuple[RuleAccuracy, ...]  # what scoring rules report; empty if nothing is scored
    verdicts: tuple[RuleOnVerdicts, ...]  # empty without recorded verdicts
    bounds: tuple[RoundBounds, ...]  # what they leave open; empty if the right answers are known

    @property
    def is_one_agent(self) -> bool:
        """Whether one agent tries again and again, as in a log of reflexion: there is nothing to vote on."""
        return len(self.agents) == 1

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values; an unknown value is null."""
        task, label, provider, slug = self.key
        values = _plain(asdict(self))
        del values["key"]
        return {"schema": SCHEMA, "task": task, "label": label, "provider": provider, "slug": slug, **values}


def analyse_debates(records: Iterable[Record], *, draws: int = DRAWS, seed: int = 0) -> list[CellDebates]:
    """Returns every cell with debates, ordered by key; empty if nobody debates in any record.

    `draws` are those of the bootstrap interval of the share that voting explains, by `seed`.
    """
    read = {key: debates_of(cell) for key, cell in sorted(by_cell(records).items())}
    return [
        _analyse(key, found.debates, found.failed, found.others, draws, seed)
        for key, found in read.items()
        if found.debates
    ]


def debates_of_run(
    records: Iterable[Record],
    *,
    task: str | None = None,
    strategy: str | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[CellDebates]:
    """Returns the cells with debates of a task and of a strategy's label, or of all. Raises UsageError if none."""
    cells = by_cell(records)
    tasks, labels = {key[0] for key in cells}, {key[1] for key in cells}
    for option, value, known in (("task", task, tasks), ("strategy", strategy, labels)):
        if value is not None and value not in known:
            have = ", ".join(sorted(known)) or "none"
            raise UsageError(f"{option} {value!r}: not in this run{did_you_mean(value, known)}; it has: {have}")
    chosen = [
        record
        for key, cell in cells.items()
        if task in (None, key[0]) and strategy in (None, key[1])
        for record in cell
    ]
    if found := analyse_debates(chosen, draws=draws, seed=seed):
        return found
    if failed := sum(debates_of(cell).failed for cell in by_cell(chosen).values()):
        raise UsageError(
            f"debates that ended are analysed, and the run has none: {failed} stopped by an error or by the budget; "
            "answer them with --resume RUN"
        )
    raise UsageError(
        f"debates are analysed where agents answer in several rounds; none of the {len(chosen)} "
        "records of this run has that; run with --strategy debate, or name the roles that debate in the answer's "
        "metadata as `agents`"
    )


def _analyse(
    key: CellKey, debates: tuple[Debate, ...], failed: int, others: int, draws: int, seed: int
) -> CellDebates:
    drifts = (drift(debates, "agents"), drift(debates, "majority"))
    return CellDebates(
        key=key,
        debates=len(debates),
        questions=len({debate.sample_id for debate in debates}),
        failed=failed,
        others=others,
        scored=any(turn.right is not None for debate in debates for turns in debate.rounds for turn in turns),
        sequential=sum(debate.sequential for debate in debates),
        from_texts=sum(debate.from_texts for debate in debates),
        answer=question_estimate(debates, lambda debate: None if debate.right is None else float(debate.right)),
        unscored=sum(not debate.scored for debate in debates),
        rounds=tuple(accuracy_by_round(debates)),
        drift=tuple(trend for trend in drifts if trend is not None),
        transitions=tuple(transitions_of(debates)),
        persuasion=persuasion_of(debates),
        conformity=tuple(conformity_of(debates)),
        agents=tuple(agents_of(debates)),
        gain=gain_of(debates, draws=draws, seed=seed),
        rules=tuple(rule_accuracies(debates)),
        verdicts=tuple(check_verdicts(debates)),
        bounds=tuple(accuracy_bounds(debates)),
    )


def _plain(value: Any) -> Any:
    """Tuples as lists and mappings as dicts."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value
