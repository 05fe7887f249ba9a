"""Programs that read what is exported, in this environment or in another one that a variable names."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

PATH = os.pathsep.join((str(Path(__file__).parents[2]), sysconfig.get_paths()["purelib"]))


def python_with(module: str, package: str, variable: str) -> str:
    """A Python that has `module`: this one, or the one that the environment variable names; else the test skips."""
    if importlib.util.find_spec(module) is not None:
        return sys.executable
    named = os.environ.get(variable)
    if not named:
        pytest.skip(f"needs {package}: install it in another environment, and set {variable} to its python")
    return named


def run_python(python: str, code: str, *arguments: str) -> str:
    """What `python -c CODE ARGUMENTS` prints; this project's packages can be imported, the other's come first."""
    prefix = f"import sys; sys.path += {PATH.split(os.pathsep)!r}\n"
    done = subprocess.run([python, "-c", prefix + code, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
