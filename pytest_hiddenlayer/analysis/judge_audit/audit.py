"""What a judge can be trusted with, on the answers of a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...engine.judge_session import JudgeSession
from ...errors import UsageError
from ...io.atomic import write_json
from ...model_names import full_name
from ...types import GenerationConfig, ModelName, Usage
from ..annotation.labels import Label
from ..annotation.questions import read_sides
from .master_keys import MasterKeyResult, judge_keys, key_samples, texts
from .metrics import Figure, agreement, key_figures, length_bias, position, self_preference
from .pairs import JudgedPair, audit_pairs, choose, judge_pairs
from .prompts import DEFAULT_PROMPTS, AuditPrompts

FILE = "judge_audit.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditOptions:
    """How much is asked, and how."""

    n: int = 50  # pairs, each judged in both orders
    keys: int = 10  # samples to which every text without an answer is put
    tasks: tuple[str, ...] = ()  # empty: all
    reference: bool = False  # show the target beside a pair
    max_tokens: int | None = None  # of a judge's reply; None: the scorers' own
    seed: int = 0
    concurrency: int = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """Everything that was asked of one judge on one run, and the figures of it."""

    run: str
    judge: str  # PROVIDER[:MODEL]
    model: str  # full name
    terms: str  # whose prompts
    options: AuditOptions
    available: int  # pairs of whole answers that differ
    equal: int  # pairs of equal answers, left out
    judged: Sequence[JudgedPair]
    keys: Sequence[MasterKeyResult]
    usage: Usage
    cost_usd: float | None  # None: unknown

    @property
    def sections(self) -> dict[str, list[Figure]]:
        """Heading → its figures."""
        return {
            "position": list(position(self.judged)),
            "length": list(length_bias(self.judged)),
            "self-preference": list(self_preference(self.judged, self.model)),
            "agreement": list(agreement(self.judged)),
            "texts without an answer": list(key_figures(self.keys)),
        }

    @property
    def unread(self) -> list[str]:
        """Why a pair has no verdict, one sentence for each that has none."""
        return [said.why for said in self.judged if said.votes is None]

    @property
    def measured(self) -> bool:
        """Whether the judge said anything that could be read."""
        return any(said.votes for said in self.judged) or any(said.accepted is not None for said in self.keys)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            **{
                name: getattr(self, name)
                for name in ("run", "judge", "model", "terms", "available", "equal", "cost_usd")
            },
            "options": asdict(self.options),
            "pairs": len(self.judged),
            "unread": len(self.unread),
            "usage": asdict(self.usage),
            "figures": {head: [asdict(figure) for figure in found] for head, found in self.sections.items()},
            "verdicts": [_verdict_json(said) for said in self.judged],
            "keys": [asdict(said) for said in self.keys],
        }


def audit_judge(
    folder: Path,
    judge: ModelName,
    options: AuditOptions,
    *,
    terms: AuditPrompts = DEFAULT_PROMPTS,
    labels: Sequence[Label] = (),
    on_done: Callable[[int, int], None] = lambda done, total: None,
) -> Audit:
    """The audit of a judge on the answers in a run's folder, also saved there beside those of other judges.

    `on_done` gets (judgements made, judgements to be made). Raises UsageError for a run without
    answers, and what opening the judge raises.
    """
    saved = _saved(folder)  # before a judge is paid
    sides = read_sides(folder, options.tasks)
    if not sides:
        raise UsageError(f"{folder.name} holds no whole answer to judge")
    pairs, equal = audit_pairs(sides, labels)
    chosen = choose(pairs, options.n, full_name(judge), seed=options.seed)
    samples = key_samples(sides, options.keys, seed=options.seed)
    total = len(chosen) + sum(len(terms.forms) * len(list(texts(asked.sample))) for asked in samples)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        on_done(done, total)

    limits = GenerationConfig(max_tokens=options.max_tokens)
    with JudgeSession(
        model=judge, concurrency=options.concurrency, seed=options.seed, overrides=limits
    ) as judge_session:
        judged = judge_pairs(judge_session, chosen, terms, reference=options.reference, on_done=count)
        keys = judge_keys(judge_session, samples, terms.forms, on_done=count)
    found = Audit(
        run=folder.name,
        judge=str(judge),
        model=full_name(judge),
        terms=terms.source,
        options=options,
        available=len(pairs),
        equal=equal,
        judged=judged,
        keys=keys,
        usage=judge_session.usage,
        cost_usd=judge_session.cost_usd,
    )
    write_json(folder / FILE, {"schema": 1, "judges": {**saved, found.judge: found.to_json()}})
    return found


def _saved(folder: Path) -> dict[str, Any]:
    """The audits of the run so far, by judge. Raises UsageError for a file that is something else."""
    path = folder / FILE
    if not path.is_file():
        return {}
    try:
        judges = json.loads(path.read_text(encoding="utf-8"))["judges"]
        return dict(judges)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is no audit ({error}); move it away") from error


def _verdict_json(said: JudgedPair) -> dict[str, Any]:
    pair = said.pair
    return {
        "task": pair.a.spot[0],
        "sample_id": pair.a.spot[1],
        "a": pair.a.player,
        "b": pair.b.player,
        "key_a": pair.a.record.key,
        "key_b": pair.b.record.key,
        "winner": said.winner,
        "a_first": said.first,
        "b_first": said.second,
        "people": pair.people,
        "scores": pair.scores,
        "why": said.why,
    }
