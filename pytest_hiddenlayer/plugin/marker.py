"""`@pytest.mark.task("sums.yaml")`: run a test function for every sample, strategy and model of a task file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from ..errors import HiddenLayerError
from .state import state_of

if TYPE_CHECKING:
    from ..engine.cases import Case
    from ..types import Spec

SIGNATURE = (
    "task(path, strategies=None, limit=None): run the function for every sample, strategy and model of a task "
    "file; path is relative to the test module"
)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a marked function over the cases of its task file."""
    mark = metafunc.definition.get_closest_marker("task")
    if mark is None:
        return
    if "hl_case" not in metafunc.fixturenames:
        _refuse(
            metafunc,
            f"{metafunc.definition.name}: @pytest.mark.task needs one of the fixtures "
            "sample, strategy, provider, judge, evaluate as an argument",
        )
    try:
        cases = _cases(metafunc, *mark.args, **mark.kwargs)
    except TypeError as error:
        message = f"@pytest.mark.task: {str(error).removeprefix('_cases() ')}; write {SIGNATURE.partition(':')[0]}"
    except HiddenLayerError as error:
        message = f"@pytest.mark.task({mark.args[0]!r}): {error}"
    else:
        ids = [f"{case.name}-{case.params}" for case in cases]
        metafunc.parametrize("hl_case", cases, ids=ids, indirect=True)
        return
    _refuse(metafunc, message)


def _refuse(metafunc: pytest.Metafunc, message: str) -> NoReturn:
    """Fail the collection of this module; as with a wrong task file, the other modules still run."""
    module = metafunc.definition.getparent(pytest.Module)
    if module is not None:
        state_of(metafunc.config).faulty_files.add(module.nodeid)
    pytest.fail(message, pytrace=False)


def _cases(
    metafunc: pytest.Metafunc,
    path: str,
    strategies: list[Any] | None = None,
    limit: int | None = None,
) -> list[Case]:
    from ..engine.cases import cases

    session = state_of(metafunc.config).session
    specs = None if strategies is None else [spec for written in strategies for spec in _specs(written)]
    task = session.load_task(metafunc.definition.path.parent / path)
    task_cases = [case for cell in session.plan_cells(task, specs) for case in cases(cell)]
    limit = session.options.limit or limit
    if limit is None:
        return task_cases
    selected = {sample.id for sample in task.samples[:limit]}
    return [case for case in task_cases if case.sample.id in selected]


def _specs(written: Any) -> list[Spec]:
    from ..strategies.bind import parse_strategy
    from ..types import Spec

    if isinstance(written, str):
        return [parse_strategy(written)]
    return [Spec(name=name, params=params) for name, params in written.items()]
