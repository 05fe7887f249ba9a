"""`@pytest.mark.task("sums.yaml")`: a test function for every sample × strategy × model of a task file."""

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
        found = _cases(metafunc, *mark.args, **mark.kwargs)
    except TypeError as error:
        fault = f"@pytest.mark.task: {str(error).removeprefix('_cases() ')}; write {SIGNATURE.partition(':')[0]}"
    except HiddenLayerError as error:
        fault = f"@pytest.mark.task({mark.args[0]!r}): {error}"
    else:
        ids = [f"{case.name}-{case.params}" for case in found]
        metafunc.parametrize("hl_case", found, ids=ids, indirect=True)
        return
    _refuse(metafunc, fault)


def _refuse(metafunc: pytest.Metafunc, fault: str) -> NoReturn:
    """A collection error of this module; as with a faulty task file, the others still run."""
    module = metafunc.definition.getparent(pytest.Module)
    if module is not None:
        state_of(metafunc.config).faulty_files.add(module.nodeid)
    pytest.fail(fault, pytrace=False)


def _cases(
    metafunc: pytest.Metafunc,
    path: str,
    strategies: list[Any] | None = None,
    limit: int | None = None,
) -> list[Case]:
    from ..engine.cases import cases

    session = state_of(metafunc.config).session
    specs = None if strategies is None else [spec for one in strategies for spec in _specs(one)]
    task = session.load_task(metafunc.definition.path.parent / path)
    found = [case for cell in session.plan_cells(task, specs) for case in cases(cell)]
    most = session.options.limit or limit
    if most is None:
        return found
    kept = [sample.id for sample in task.samples[:most]]
    return [case for case in found if case.sample.id in kept]


def _specs(written: Any) -> list[Spec]:
    from ..strategies.bind import parse_strategy
    from ..types import Spec

    if isinstance(written, str):
        return [parse_strategy(written)]
    return [Spec(name=name, params=params) for name, params in written.items()]
