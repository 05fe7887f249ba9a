"""The audit of a judge on the answers of a run: biases, agreement with people and scores, master-key attacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ...engine.judge_session import JudgeSession
from ...errors import UsageError
from ...io.atomic import write_json
from ...io.json_text import decode_json
from ...io.regular_files import read_text
from ...model_names import full_name
from ...options import RunOptions
from ...types import GenerationConfig, ModelName, Usage
from ..annotation.labels import Label
from ..answers import read_answers
from .master_keys import MasterKeyResult, judge_keys, key_samples, key_texts
from .metrics import Metric, agreement, key_metrics, length_bias, position_bias, self_preference
from .pairs import JudgedPair, audit_pairs, judge_pairs, select_pairs
from .prompts import DEFAULT_PROMPTS, AuditPrompts

FILE = "judge_audit.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditOptions:
    """How much is judged, and how."""

    n: int = 50  # pairs, each judged in both orders
    keys: int = 10  # samples that are attacked with every master key
    tasks: tuple[str, ...] = ()  # empty: all
    reference: bool = False  # show the target with a pair
    max_tokens: int | None = None  # of a judge's reply; None: the scorers' default
    seed: int = 0
    calls: RunOptions = RunOptions(concurrency=20)  # of the judge

    def to_json(self) -> dict[str, Any]:
        """All options except `calls`, which do not change what is measured."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "calls"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """All verdicts of one judge on one run, and the metrics over them."""

    run: str
    judge: str  # PROVIDER[:MODEL]
    model: str  # full name
    prompts: str  # the source of the prompts
    options: AuditOptions
    available: int  # pairs of complete answers that differ
    equal: int  # pairs of equal answers, left out
    judged: Sequence[JudgedPair]
    keys: Sequence[MasterKeyResult]
    usage: Usage
    cost_usd: float | None  # None: unknown

    @property
    def sections(self) -> dict[str, list[Metric]]:
        """Heading → its metrics."""
        return {
            "position": list(position_bias(self.judged)),
            "length": list(length_bias(self.judged)),
            "self-preference": list(self_preference(self.judged, self.model)),
            "agreement": list(agreement(self.judged)),
            "master-key attacks": list(key_metrics(self.keys)),
        }

    @property
    def unreadable(self) -> list[str]:
        """For each pair without a verdict, the reason."""
        return [pair.why for pair in self.judged if pair.votes is None]

    @property
    def measured(self) -> bool:
        """Whether any of the judge's replies could be read."""
        return any(pair.votes for pair in self.judged) or any(key.accepted is not None for key in self.keys)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "run": self.run,
            "judge": self.judge,
            "model": self.model,
            "terms": self.prompts,
            "available": self.available,
            "equal": self.equal,
            "cost_usd": self.cost_usd,
            "options": self.options.to_json(),
            "pairs": len(self.judged),
            "unread": len(self.unreadable),
            "usage": asdict(self.usage),
            "figures": {head: [asdict(metric) for metric in metrics] for head, metrics in self.sections.items()},
            "verdicts": [_verdict_json(pair) for pair in self.judged],
            "keys": [asdict(key) for key in self.keys],
        }


def audit_judge(
    folder: Path,
    judge: ModelName,
    options: AuditOptions,
    *,
    prompts: AuditPrompts = DEFAULT_PROMPTS,
    labels: Sequence[Label] = (),
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> Audit:
    """Audit a judge on the answers in a run's folder, and save the audit there; other judges' audits are kept.

    `on_done` is called with (judgements made, judgements to make). Raises UsageError for a run without
    answers, and what opening the judge raises.
    """
    saved = _saved_audits(folder)  # raises for a malformed file before any call is paid
    answers = read_answers(folder, options.tasks)
    if not answers:
        raise UsageError(f"{folder.name} holds no complete answer to judge")
    pairs, equal = audit_pairs(answers, labels)
    selected = select_pairs(pairs, options.n, full_name(judge), seed=options.seed)
    samples = key_samples(answers, options.keys, seed=options.seed)
    n_attacks = sum(len(prompts.formats) * len(list(key_texts(attacked.sample))) for attacked in samples)
    count = _counter(on_done, len(selected) + n_attacks)
    with JudgeSession(
        model=judge,
        options=options.calls,
        seed=options.seed,
        overrides=GenerationConfig(max_tokens=options.max_tokens),
    ) as judge_session:
        judged = judge_pairs(judge_session, selected, prompts, reference=options.reference, on_done=count)
        keys = judge_keys(judge_session, samples, prompts.formats, on_done=count)
    audit = Audit(
        run=folder.name,
        judge=str(judge),
        model=full_name(judge),
        prompts=prompts.source,
        options=options,
        available=len(pairs),
        equal=equal,
        judged=judged,
        keys=keys,
        usage=judge_session.usage,
        cost_usd=judge_session.cost_usd,
    )
    write_json(folder / FILE, {"schema": 1, "judges": {**saved, audit.judge: audit.to_json()}})
    return audit


def _counter(on_done: Callable[[int, int], None], total: int) -> Callable[[], None]:
    """A function that reports one more judgement of `total` each time it is called."""
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        on_done(done, total)

    return count


def _saved_audits(folder: Path) -> dict[str, Any]:
    """The audits saved in the run, by judge. Raises UsageError if the file holds anything else."""
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        judges = decode_json(read_text(path))["judges"]
        return dict(judges)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not an audit of judges ({error}); move it aside") from error


def _verdict_json(judged: JudgedPair) -> dict[str, Any]:
    pair = judged.pair
    return {
        "task": pair.a.record.task,
        "sample_id": pair.a.record.sample_id,
        "a": pair.a.player,
        "b": pair.b.player,
        "key_a": pair.a.record.key,
        "key_b": pair.b.record.key,
        "winner": judged.winner,
        "a_first": judged.first,
        "b_first": judged.second,
        "people": pair.people,
        "scores": pair.scores,
        "why": judged.why,
    }
