"""The part of a run that one shard answers."""

from __future__ import annotations

from dataclasses import replace

from ...engine.cases import unit_of
from ...options import Shard
from ...results.shards.manifest import write_shard
from ...results.shards.plan import plan_shard
from ..session import Session
from .plan import Plan


def select_shard(session: Session, planned: Plan, shard: Shard) -> Plan:
    """The cases of one shard; the session's cells keep those only, and its run log says which shard it is."""
    plan = plan_shard(shard, dict.fromkeys(unit_of(case) for _, case in planned), session.options.shard_weights)
    mine = planned.of_units(plan.units)
    for key, samples in mine.selected.items():
        config = session.configs[key]
        must_pass = tuple(name for name in config.must_pass if name in set(samples))
        session.configs[key] = replace(
            config, selected=samples, must_pass=must_pass, answers=len(samples) * config.epochs
        )
    session.check_writable()
    write_shard(session.run_log, plan, session.typed, session.configs.values())
    return mine
