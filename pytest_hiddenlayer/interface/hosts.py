"""`check_hosts`: what the hosts of a run lack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..api import option_name, run_options
from ..errors import UsageError
from ..hosts import check
from ..hosts.connection import CONNECT_S
from ..hosts.needs import whole_needs
from ..hosts.report import HostReport
from ..hosts.specs import parse_specs
from ..project import find_project
from ..session.conftests import load_conftests
from .python_arguments import python_arguments


def check_hosts(
    tx: str | Sequence[str],
    *,
    px: str | Sequence[str] = (),
    paths: str | Path | Sequence[str | Path] = (),
    provider: str | Sequence[str] | None = None,
    model: str | None = None,
    adapter: str | None = None,
    judge: str | None = None,
    timeout_s: float = CONNECT_S,
    cwd: str | Path | None = None,
) -> list[HostReport]:
    """Return a report on each host: what a run of `pytest --tx SPEC` with these models and paths lacks there.

    `tx` and `px` are specs as pytest-xdist takes them. All hosts are asked at once, and nothing is written there. A
    host that does not answer within `timeout_s` seconds is reported, not raised. Raises UsageError for a wrong spec,
    path or model, and if execnet is not installed.
    """
    with python_arguments():
        start = Path.cwd() if cwd is None else Path(cwd)
        chosen = [_existing(start / path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
        specs = parse_specs(_texts(tx), _texts(px))
        project = find_project(start, chosen)
        load_conftests(project.root, chosen or [project.root / "conftest.py"])  # they may register providers
        given = {"provider": _texts(provider) or None, "model": model, "adapter": adapter, "judge": judge}
        options = run_options(project, {option_name(key): value for key, value in given.items() if value is not None})
        models = dict.fromkeys([*options.providers, *([options.judge] if options.judge else [])])
        compared = any(spec.parsed().chdir for spec in specs)
        needs = whole_needs([*models], project.root, chosen, reports=project.reports, compared=compared)
    return check.check_hosts(specs, needs, timeout_s=timeout_s)


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UsageError(f"{path} does not exist; give folders and files of the project")
    return path.resolve()
