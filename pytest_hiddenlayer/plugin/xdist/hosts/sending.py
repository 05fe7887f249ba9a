"""What is sent to hosts for a run: its files, and to each worker its folder and arguments."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ....terminal_escape import visible
from ...options import any_typed
from ...state import CALLS, state_of
from ...typed_options import ARGUMENTS, arguments
from .channels import HOST

if TYPE_CHECKING:
    from ....hosts.needs import HostNeeds
    from ....hosts.project_files import ProjectFile
    from .host import Host

T = TypeVar("T")
RESUMED = ("run.json", "records.jsonl", "records.parquet")
"""Files of a run whose answers are reused."""
LEFT_OUT = ("-p", "no:rerunfailures")
"""Arguments for hosts: with this plugin a worker connects to a port of this computer, and fails to start there."""


def sent_root(config: pytest.Config) -> Path:
    """The folder that holds the project and pytest's root."""
    root, pytest_root = state_of(config).session.root.resolve(), config.rootpath.resolve()
    return root if pytest_root.is_relative_to(root) else Path(os.path.commonpath([root, pytest_root]))


def check_run(config: pytest.Config, root: Path) -> None:
    """Raise pytest.UsageError for what does not work on hosts."""
    from .arguments import check_collected

    options = state_of(config).session.options
    cwd = config.invocation_params.dir
    usage_errors(lambda: check_collected([] if config.option.pyargs else config.args, root, cwd))
    if options.adaptive:
        raise pytest.UsageError(
            "--hl-adaptive: workers on hosts do not see each other's answers, so that none could stop early; "
            "leave out --hl-adaptive, or use -n on one computer"
        )
    if _reruns(config):
        raise pytest.UsageError(
            "reruns: workers of pytest-rerunfailures connect to a port of this computer, which hosts cannot; leave "
            "out --reruns (also from the ini file), or use -n on one computer; --hl-resume asks again for failed "
            "answers"
        )
    for name, path in (("prompts", options.prompts), ("presets", options.presets), ("prices", options.prices)):
        if path is not None and not path.resolve().is_relative_to(root):
            raise pytest.UsageError(
                f"--hl-{name} {path}: it is outside of the project's root {root}, which is what hosts receive; "
                "copy it into the project"
            )


def _reruns(config: pytest.Config) -> bool:
    """Whether pytest-rerunfailures is asked to run failed items again."""
    with suppress(ValueError, KeyError):  # a version without this option of the ini file, or no such plugin
        return bool(config.getoption("reruns", None) or config.getini("reruns"))
    return False


def files_of(config: pytest.Config, root: Path) -> Sequence[ProjectFile]:
    from ....hosts.project_files import project_files
    from ....results.log.run_chain import run_chain
    from ....results.log.unfinished_calls import files_of_calls

    session = state_of(config).session
    runs = [run for run in (session.options.resume, session.options.shard_weights) if run is not None]
    resumed = [earlier for run in runs for earlier in run_chain(run)]
    extra = [run / name for run in resumed for name in RESUMED if (run / name).is_file()]
    extra += [path for run in resumed for path in files_of_calls(run)]
    inside = [path for path in extra if path.resolve().is_relative_to(root)]
    return usage_errors(lambda: project_files(root, reports=session.reports, extra=inside))


def needs_of(config: pytest.Config, root: Path) -> HostNeeds:
    """What every host must have: versions, and the models that options name and hosts answer with.

    Models of a run without such options are left out: it may have plain tests only.
    """
    from ....calls.factory import answers_locally
    from ....hosts.needs import OF_PROVIDERS, REQUIRED, WANTED, HostNeeds, model_needs, versions
    from ....registry import providers

    options = state_of(config).session.options
    named = [*options.providers, *([options.judge] if options.judge else [])] if any_typed(config) else []
    known = [name for name in dict.fromkeys(named) if name.provider in providers.names()]
    local = [name for name in known if answers_locally(name, options)]
    models = usage_errors(lambda: [need for name in local for need in model_needs(name)])
    return HostNeeds(
        packages=versions(
            [*REQUIRED, *WANTED, *(package for name in local for package in OF_PROVIDERS.get(name.provider, ()))]
        ),
        models=tuple(need for need in models if not _is_sent(need.place, root)),
    )


def _is_sent(place: tuple[str, ...], root: Path) -> bool:
    """Whether a model is a file of the project."""
    kind, path = place[0], place[-1]
    return kind == "path" and (not path.startswith(("/", "~")) or Path(path).resolve().is_relative_to(root))


def engine_text(workers: Mapping[str, int], local: int) -> str:
    """What the run's manifest says of its hosts: their names with their workers, then those of this computer."""
    named = {**workers, **({"this computer": local} if local else {})}
    parts = (f"{name} ({n} {'worker' if n == 1 else 'workers'})" for name, n in named.items())
    hosts = "1 host" if len(workers) == 1 else f"{len(workers)} hosts"
    return f"{hosts}: {', '.join(parts)}"


def prepare(node: Any, host: Host, config: pytest.Config) -> None:
    """Give a worker on a host its folder, arguments and environment, instead of those of this computer."""
    import xdist.remote

    from .arguments import received_arguments, sent_arguments

    root, cwd = sent_root(config), config.invocation_params.dir.resolve()
    session = state_of(config).session

    def there(path: Path) -> str:
        path = path.resolve()
        return f"{host.root}/{path.relative_to(root).as_posix()}" if path.is_relative_to(root) else host.root

    def read_there(words: Sequence[str]) -> list[str]:
        return received_arguments(sent_arguments(words, root, cwd), host.root)

    configured = [] if config.inipath is None else ["-c", there(config.inipath)]
    typed = read_there([str(word) for word in config.invocation_params.args])
    node.workerinput["hl_source"] = inspect.getsource(xdist.remote)
    node.workerinput[CALLS] = node.gateway.newchannel()
    node.workerinput["hl_root"] = there(session.root)
    node.workerinput["hl_resume"] = "" if session.options.resume is None else there(session.options.resume)
    node.workerinput["hl_broker"] = ""
    node.workerinput[ARGUMENTS] = read_there(arguments(config))
    environment = {"PYTEST_ADDOPTS": " ".join(read_there(os.environ.get("PYTEST_ADDOPTS", "").split(" ")))}
    node.workerinput[HOST] = {
        "cwd": there(cwd),
        "sent": host.sent,
        "arguments": [*typed, *configured, f"--rootdir={there(config.rootpath)}", *LEFT_OUT],
        "environment": environment if environment["PYTEST_ADDOPTS"] else {},
    }


def usage_errors(function: Callable[[], T]) -> T:
    """What the function returns; a UsageError becomes one of pytest."""
    from ....errors import UsageError

    try:
        return function()
    except UsageError as error:
        raise pytest.UsageError(visible(str(error))) from None
