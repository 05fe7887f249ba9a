"""Other plugins of pytest: with each of them, evals have the same records, numbers, gates and exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

import pytest
from support.every_path import Result, given, make_project, result_of
from support.folder import Folder

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin of pytest: what pip calls it, and the options that make it do its work."""

    package: str
    options: tuple[str, ...] = ()


PLUGINS = (
    Plugin("allure-pytest", ("--alluredir", "allure")),
    Plugin("anyio"),
    Plugin("hypothesis"),
    Plugin("inline-snapshot"),
    Plugin("pytest-asyncio", ("-o", "asyncio_mode=auto")),
    Plugin("pytest-bdd"),
    Plugin("pytest-benchmark", ("--benchmark-disable",)),
    Plugin("pytest-check"),
    Plugin("pytest-clarity"),
    Plugin("pytest-cov", ("--cov", "--cov-report=")),
    Plugin("pytest-dependency"),
    Plugin("pytest-env"),
    Plugin("pytest-flakefinder"),
    Plugin("pytest-forked"),
    Plugin("pytest-github-actions-annotate-failures"),
    Plugin("pytest-html", ("--html", "table.html")),
    Plugin("pytest-instafail", ("--instafail",)),
    Plugin("pytest-json-report", ("--json-report",)),
    Plugin("pytest-memray", ("--memray",)),
    Plugin("pytest-mock"),
    Plugin("pytest-order"),
    Plugin("pytest-picked"),
    Plugin("pytest-pretty"),
    Plugin("pytest-profiling", ("--profile",)),
    Plugin("pytest-randomly"),
    Plugin("pytest-repeat"),
    Plugin("pytest-rerunfailures", ("--reruns", "1", "--only-rerun", "no such error")),
    Plugin("pytest-rich", ("--rich",)),
    Plugin("pytest-socket", ("--disable-socket", "--allow-unix-socket")),
    Plugin("pytest-split", ("--splits", "1", "--group", "1")),
    Plugin("pytest-subtests"),
    Plugin("pytest-sugar", ("--force-sugar",)),
    Plugin("pytest-testmon", ("--testmon",)),
    Plugin("pytest-timeout", ("--timeout", "120")),
    Plugin("pytest-xdist", ("-n", "2")),
)
ALWAYS = ("pytest-hiddenlayer", "syrupy", "pytest-metadata")
"""This package, and plugins that it needs or pytest-html does."""
TOGETHER = ("pytest-xdist", "pytest-cov", "pytest-timeout", "pytest-randomly", "pytest-sugar", "pytest-rerunfailures")
"""Plugins that many projects use at once."""


class Project(Folder):
    """A project in which pytest loads this package and the plugins that are named, and no others."""

    def plain(self, *args: str, fresh: bool = False) -> pytest.RunResult:
        """What `pytest ARGS` prints without other plugins."""
        done = self.with_plugins((), *args)
        return pytest.RunResult(done.returncode, done.stdout.splitlines(), [], duration=0.0)

    def with_plugins(self, plugins: tuple[Plugin, ...], *args: str) -> subprocess.CompletedProcess[str]:
        """What `pytest ARGS` with these plugins prints; standard error is part of it."""
        loaded = [name for package in (*ALWAYS, *(p.package for p in plugins)) for name in entries(package)]
        options = [option for plugin in plugins for option in plugin.options]
        command = [sys.executable, "-m", "pytest", *args, *options, *(f"-p{name}" for name in loaded)]
        env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        env |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "DEEPEVAL_TELEMETRY_OPT_OUT": "YES"}
        out = subprocess.PIPE
        return subprocess.run(
            command, cwd=self.path, env=env, stdout=out, stderr=subprocess.STDOUT, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with every kind of answer, and the snapshots that its runs are compared with."""
    project = Project(tmp_path_factory.mktemp("project"))
    make_project(project)
    return project


@pytest.fixture(scope="module")
def without(project: Project) -> Result:
    """The result without another plugin."""
    result, _ = run_with(project, ())
    assert result is not None
    return result


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda plugin: plugin.package)
def test_the_plugin_changes_nothing(project: Project, without: Result, plugin: Plugin):
    """Records, summary, changes and exit status are those of a run without the plugin."""
    compare(project, without, (plugin,))


def test_plugins_together_change_nothing(project: Project, without: Result):
    """The same holds for six plugins at once."""
    compare(project, without, tuple(plugin for plugin in PLUGINS if plugin.package in TOGETHER))


def compare(project: Project, without: Result, plugins: tuple[Plugin, ...]) -> None:
    """Run with plugins. Skips if one is not installed, fails if a result differs."""
    for plugin in plugins:
        needs(plugin.package)
    result, printed = run_with(project, plugins)
    assert "INTERNALERROR" not in printed
    assert result is not None, printed
    for name in ("status", "records", "summary", "changes"):
        assert getattr(result, name) == getattr(without, name), f"{name}\n{printed}"


def needs(package: str) -> None:
    """Skip if a package is not installed."""
    try:
        version(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is not installed: `make test-plugins` installs and tests all of them")


def run_with(project: Project, plugins: tuple[Plugin, ...]) -> tuple[Result | None, str]:
    """The result of `pytest evals` with these plugins and no others, and what it printed."""
    before = set(project.runs())
    done = project.with_plugins(plugins, "evals", *given("--hl-"))
    new = set(project.runs()) - before
    return (result_of(new.pop(), done.returncode) if len(new) == 1 else None), done.stdout


def entries(package: str) -> list[str]:
    """The names under which a package registers its plugins of pytest."""
    own = entry_points(group="pytest11")
    return [entry.name for entry in own if entry.dist is not None and same(entry.dist.name, package)]


def same(one: str, other: str) -> bool:
    """Whether two names are of one package."""
    return one.lower().replace("_", "-") == other.lower().replace("_", "-")


def test_every_plugin_is_documented():
    """docs/security.md names the plugins that are tested."""
    text = Path(__file__).parents[2].joinpath("docs/security.md").read_text(encoding="utf-8")
    section = text.split("## Other plugins")[1].split("\n## ")[0]
    assert [plugin.package for plugin in PLUGINS if plugin.package not in section] == []
