"""Under --hl-shard: deselects the items of other shards, and notes this shard's part in the run's manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .collect import GateItem, case_of
from .state import STATE, State

if TYPE_CHECKING:
    from ..results.shards.plan import Unit

PLAN: pytest.StashKey[Any] = pytest.StashKey()
"""On the config: the `ShardPlan` of the session."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the items of this shard, and every gate; other tests run in one shard each."""
    state = config.stash.get(STATE, None)
    if state is None or (shard := state.session.options.shard) is None or config.option.collectonly:
        return
    from ..errors import UsageError
    from ..results.shards.plan import plan_shard

    units = {item.nodeid: _unit(item) for item in items if not isinstance(item, GateItem)}
    try:
        plan = config.stash[PLAN] = plan_shard(
            shard, dict.fromkeys(units.values()), state.session.options.shard_weights
        )
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    others = [item for item in items if units.get(item.nodeid) not in (None, *plan.units)]
    if others:
        left_out = set(map(id, others))
        items[:] = [item for item in items if id(item) not in left_out]
        config.hook.pytest_deselected(items=others)


def note_shard(config: pytest.Config, state: State) -> None:
    """Write the shard's part into the manifest, before the first item runs."""
    if (plan := config.stash.get(PLAN, None)) is not None:
        from ..results.shards.manifest import write_shard

        write_shard(state.session.run_log, plan, state.session.typed, state.session.configs.values())


def _unit(item: pytest.Item) -> Unit:
    from ..engine.cases import unit_of

    case = case_of(item)
    return ("test", str(item.nodeid)) if case is None else unit_of(case)
