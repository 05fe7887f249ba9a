"""Serves the report while the items run, from the process that prints (`--hl-live`)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from ...terminal_escape import visible
from ..state import STATE, State


class LiveReportPlugin:
    """Around the hook of `plugin/session`, which concludes: the page shows the gates before the server ends."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, Any, Any]:
        """Serve until the run is concluded. A session without evals has nothing to show."""
        state = session.config.stash.get(STATE, None)
        if state is None or not (state.session.options.live and _has_evals(session.config, state)):
            return (yield)
        from ...errors import UsageError

        try:
            with state.session.live_report():
                state.messages.show()
                result = yield
                state.session.complete = True
            return result
        except UsageError as error:
            raise pytest.UsageError(visible(str(error))) from None


def _has_evals(config: pytest.Config, state: State) -> bool:
    """Whether there are items to answer; a controller of workers does not know them yet."""
    if config.option.collectonly:
        return False
    workers = config.pluginmanager.has_plugin("dsession")
    return workers or any(cell.selected for cell in state.session.configs.values())
