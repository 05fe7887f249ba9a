"""The user's `conftest.py` files, loaded without pytest: their strategies, scorers and providers register."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..errors import UsageError

NAME = "conftest.py"


def load_conftests(root: Path, paths: Sequence[Path]) -> None:
    """Run each conftest.py from the root down to the paths, once per process, the outermost first.

    As under pytest, the folder of a conftest.py comes first on `sys.path` while it is imported
    and afterwards. Raises UsageError with the file and line if one of them fails.
    """
    for path in conftest_files(root, paths):
        name = f"hiddenlayer_conftest_{abs(hash(str(path))):x}"
        if name in sys.modules:
            continue
        if str(path.parent) not in sys.path:
            sys.path.insert(0, str(path.parent))
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:
            del sys.modules[name]
            reason = f"{type(error).__name__}: {error}"
            raise UsageError(f"{_place(path, error)}: cannot load this {NAME}: {reason}. Correct it") from error


def conftest_files(root: Path, paths: Sequence[Path]) -> list[Path]:
    """The conftest.py files from the root down to the paths, the outermost first."""
    return list(dict.fromkeys(_conftests(root, paths)))


def _conftests(root: Path, paths: Sequence[Path]) -> Iterator[Path]:
    for start in paths or (root,):
        folder = start if start.is_dir() else start.parent
        above = [f for f in (folder, *folder.parents) if f == root or root in f.parents]
        yield from (f / NAME for f in reversed(above) if (f / NAME).is_file())
        if start.is_dir():
            yield from sorted(start.rglob(NAME))


def _place(path: Path, error: BaseException) -> str:
    """The file, and the line of the conftest.py that raised."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"{error.filename}:{error.lineno}"
    return f"{path}:{frames[-1].lineno}" if frames else str(path)
