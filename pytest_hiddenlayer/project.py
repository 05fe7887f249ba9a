"""The project that a command works in: its root folder and its ini file, found as pytest finds them.

The root is the folder of the ini file. Without one, it is the nearest folder at or above the
paths that holds `snapshots/`, `.git` or `pyproject.toml`; without those, the nearest one with
earlier runs in `reports/runs/`, else the folder that the current folder and the paths have in
common. Runs, snapshots and the user's prices are looked up in the root.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import iniconfig

from .errors import UsageError, did_you_mean, shorten
from .option_table import OPTIONS, is_own_key

INI_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
"""In pytest's order; the first one with a section of pytest counts."""
MARKERS = ("snapshots", ".git", "pyproject.toml")
"""What marks a root if there is no ini file."""
EARLIER_RUNS = Path("reports") / "runs"
"""What marks a root if there is no other mark."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A root folder with its configuration."""

    root: Path
    cwd: Path
    ini_file: Path | None = None
    ini: Mapping[str, Any] = field(default_factory=dict)  # key → text, or list of texts

    @property
    def reports(self) -> Path:
        """The folder of runs and batches: `hl_reports` of the ini file, else `reports` in the root.

        Raises UsageError if the ini file, which anyone may have written, names a folder outside of the root.
        """
        path = self.root / str(self.ini.get("hl_reports") or "reports")
        if not Path(os.path.abspath(path)).is_relative_to(os.path.abspath(self.root)):
            raise UsageError(
                f"ini key hl_reports = {self.ini['hl_reports']} ({self.ini_file}): {path} is outside of the project "
                f"{self.root}, and anyone may have written the ini file; name a folder in the project, or name that "
                "one on the command line"
            )
        return path

    @property
    def ini_trusted(self) -> bool:
        """Whether the ini file is the user's choice: it lies in the current folder or above it."""
        return self.ini_file is None or self.cwd.resolve().is_relative_to(self.ini_file.parent.resolve())


def find_project(cwd: Path, paths: Sequence[Path] = ()) -> Project:
    """The project of these paths, or of the current folder. Raises UsageError for a broken ini file."""
    start = common_folder(cwd, paths)
    for folder in (start, *start.parents):
        for name in INI_FILES:
            path = folder / name
            if path.is_file() and (ini := _configuration(path)) is not None:
                return Project(root=folder, cwd=cwd, ini_file=path, ini=ini)
    return Project(root=find_root(start) or Path(os.path.commonpath([cwd, start])), cwd=cwd)


def find_root(start: Path) -> Path | None:
    """The nearest folder at or above `start` with a marker, else with earlier runs; None if there is none."""
    folders = (start, *start.parents)
    marked = next((f for f in folders if any((f / name).exists() for name in MARKERS)), None)
    return marked or next((f for f in folders if (f / EARLIER_RUNS).is_dir()), None)


def common_folder(cwd: Path, paths: Sequence[Path]) -> Path:
    """The deepest folder that holds all the paths that exist; the current folder if none does."""
    existing = [Path(os.path.abspath(cwd / path)) for path in paths if (cwd / path).exists()]
    if not existing:
        return cwd
    common = Path(os.path.commonpath(existing))
    return common.parent if common.is_file() else common


def _configuration(path: Path) -> dict[str, Any] | None:
    """The keys of pytest's section; None if the file has none, {} for an empty pytest.ini."""
    try:
        if path.suffix == ".toml":
            return _toml(path)
        sections = iniconfig.IniConfig(str(path))
    except (iniconfig.ParseError, tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot read pytest's configuration: {error}; correct the file") from None
    section = "tool:pytest" if path.name == "setup.cfg" else "pytest"
    if section in sections:
        return dict(sections[section].items())
    return {} if path.name in ("pytest.ini", ".pytest.ini") else None


def _toml(path: Path) -> dict[str, Any] | None:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    if path.name != "pyproject.toml":
        return dict(document.get("pytest", {}))
    tables = list(_pyproject_tables(document))
    return dict(tables[0]) if tables else None


def _pyproject_tables(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    table = document.get("tool", {}).get("pytest", {})
    if "ini_options" in table:
        yield table["ini_options"]
    elif table:
        yield table


def read_ini(values: Mapping[str, Any], ini_file: Path | None) -> dict[str, Any]:
    """Option name → value of the `hl_NAME` keys of an ini file. Raises UsageError for an unknown key."""
    options = {option.dest: option for option in OPTIONS}
    refuse_unknown_keys(values, ini_file)
    written: dict[str, Any] = {}
    for key, value in values.items():
        if not key.startswith("hl_"):
            continue
        option = options[key]
        if option.flag:
            written[option.name] = _boolean(key, value, ini_file)
        elif option.repeatable:
            lines = value if isinstance(value, list) else str(value).splitlines()
            written[option.name] = tuple(line.strip() for line in lines if line.strip())
        else:
            written[option.name] = str(value)
    return written


def refuse_unknown_keys(keys: Iterable[str], ini_file: Path | None) -> None:
    """Raise UsageError for a key of an ini file that is a misspelt option."""
    known = {"eval_paths", *(option.dest for option in OPTIONS)}
    for key in keys:
        if is_own_key(key) and key not in known:
            hint = did_you_mean(key.lower().replace("-", "_"), known) or "; remove it"
            raise UsageError(f"unknown ini key {shorten(key)} ({ini_file}){hint}")


def _boolean(key: str, value: Any, ini_file: Path | None) -> bool:
    """As pytest reads a bool of an ini file."""
    words = {"true": True, "1": True, "yes": True, "y": True, "t": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "n": False, "f": False, "off": False, "": False}
    text = str(value).strip().lower()
    if text not in words:
        raise UsageError(
            f"ini key {key} ({ini_file}): {shorten(str(value))!r} is neither true nor false; write one of them"
        )
    return words[text]
