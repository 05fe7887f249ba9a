"""The plugin's options: registered from the table, with the plain names where they are free, and read."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..option_table import OPTIONS, Option, is_own_key
from .root_folder import restore_root
from .typed_options import trusts_ini, typed_options

if TYPE_CHECKING:
    from ..options import RunOptions
    from ..project import Project


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register every option as --hl-NAME with an ini key hl_NAME."""
    group = parser.getgroup("hiddenlayer", "evaluation of language models (pytest-hiddenlayer)")
    for option in OPTIONS:
        group.addoption(f"--hl-{option.name}", help=option.help, **_arguments(option))
        kind, default = ("bool", False) if option.flag else ("linelist", []) if option.repeatable else ("string", "")
        parser.addini(option.dest, option.help, type=kind, default=default)  # type: ignore[arg-type]
    parser.addini("eval_paths", "folders whose YAML and JSON task files are collected", type="paths", default=None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, Any, Any]:
    """Correct pytest's root, and register the plain names last.

    So they do not clash with an option of another plugin or a conftest.
    """
    restore_root(early_config, args)
    result = yield
    group = parser.getgroup("hiddenlayer")
    for option in OPTIONS:
        if option.common:
            try:
                group.addoption(f"--{option.name}", help=f"the same as --hl-{option.name}", **_arguments(option))
            except (ValueError, argparse.ArgumentError):
                continue  # the name is taken; --hl-NAME still works
    return result


def _arguments(option: Option) -> dict[str, Any]:
    if option.flag:
        return {"action": "store_true", "dest": option.dest, "default": False}
    action = "append" if option.repeatable else "store"
    return {"action": action, "dest": option.dest, "default": None, "metavar": option.metavar}


def project_root(config: pytest.Config) -> Path:
    """The root that `hiddenlayer` finds for the same paths; pytest's rootdir if the user chose it or the ini file."""
    if (from_controller := getattr(config, "workerinput", {}).get("hl_root")) is not None:
        return Path(from_controller)
    project = _project(config)
    chosen = config.inipath is not None and config.inipath.name != "pyproject.toml"
    if config.getoption("rootdir", None) or (chosen and config.inipath != project.ini_file):
        return config.rootpath
    return project.root


def ini_keys(config: pytest.Config) -> list[str]:
    """The keys of the ini file that are options of the plugin or misspelt ones; empty if it was chosen with -c."""
    project = _project(config)
    if config.inipath is None or project.ini_file != config.inipath:
        return []
    return [key for key in project.ini if is_own_key(key)]


def _project(config: pytest.Config) -> Project:
    from ..project import find_project

    paths = [Path(argument.partition("::")[0]) for argument in config.args]
    return find_project(config.invocation_params.dir, paths)


def read_options(config: pytest.Config) -> RunOptions:
    """The run's options: command line, then ini file, then default. Raises UsageError."""
    from ..session.written_options import WrittenOptions, parse_options

    on_command_line = {option.name: config.getoption(option.dest) for option in OPTIONS}
    typed = typed_options(config)
    return parse_options(
        WrittenOptions(
            root=project_root(config),
            cwd=config.invocation_params.dir,
            values={name: value for name, value in on_command_line.items() if value},
            typed=typed,
            ini=_ini_values(config),
            ini_file=config.inipath,
            ini_trusted=trusts_ini(config),
            resume=getattr(config, "workerinput", {}).get("hl_resume"),
        )
    )


def _ini_values(config: pytest.Config) -> dict[str, Any]:
    """Option name → value of the ini file. Raises UsageError for an unknown key and for a value that is no flag."""
    from ..errors import UsageError
    from ..project import refuse_unknown_keys

    refuse_unknown_keys(ini_keys(config), config.inipath)
    values = {}
    for option in OPTIONS:
        try:
            values[option.name] = config.getini(option.dest)
        except (ValueError, pytest.UsageError) as error:
            raise UsageError(f"ini key {option.dest} ({config.inipath}): {error}; write true or false") from None
    return values


def any_typed(config: pytest.Config) -> bool:
    """Whether the command line sets an option of the plugin; if so, options are checked before collection."""
    return any(config.getoption(option.dest, None) for option in OPTIONS)
