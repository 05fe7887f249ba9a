"""pytest's root folder if the value of one of this plugin's options is a path.

pytest looks for its root and ini file before it loads plugins. Until then it does not know that
`--model` takes a value, so it takes the path in `pytest evals --model /other/folder` for one of
its own arguments, and moves its root to a folder above both. This module repeats the search
without such values.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from _pytest.config.findpaths import determine_setup

from ..option_table import OPTIONS


def restore_root(config: pytest.Config, arguments: list[str]) -> None:
    """Set root and ini file as if every option's value were written as `--NAME=VALUE`; does nothing if they agree.

    `arguments` are those that pytest is about to parse; the `addopts` of the ini file, which come
    first in them, are replaced by those of the right one.
    """
    added = [] if config.inipath is None else list(config.getini("addopts"))
    typed = arguments[len(added) :] if arguments[: len(added)] == added else arguments
    joined = join_values(typed)
    if len(joined) == len(typed):
        return
    known = config._parser.parse_known_args(joined)
    root, ini_file, ini, ignored = determine_setup(
        inifile=known.inifilename,
        override_ini=known.override_ini,
        args=known.file_or_dir,
        rootdir_cmd_arg=known.rootdir or None,
        invocation_dir=config.invocation_params.dir,
    )
    if (root, ini_file) == (config.rootpath, config.inipath):
        return
    config._rootpath, config._inipath, config._inicfg = root, ini_file, ini
    config._ignored_config_files = ignored
    config._inicache.clear()
    config._parser.extra_info.update(rootdir=str(root), inifile=str(ini_file))
    arguments[:] = [*config.getini("addopts"), *typed]
    if "--confcutdir" not in " ".join(arguments):
        config.known_args_namespace.confcutdir = str(root if ini_file is None else Path(ini_file).parent)
    config._configure_python_path()


def join_values(arguments: Sequence[str]) -> list[str]:
    """The arguments with each option of this plugin and its value as one word, `--NAME=VALUE`."""
    taking = {f"--hl-{option.name}" for option in OPTIONS if not option.flag}
    taking |= {f"--{option.name}" for option in OPTIONS if option.common and not option.flag}
    joined: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            return [*joined, word, *words]
        value = next(words, None) if word in taking else None
        joined.append(word if value is None else f"{word}={value}")
    return joined
