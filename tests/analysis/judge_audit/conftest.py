"""A run with two players, and the command that audits a judge on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.audits import Audit, log

from pytest_hiddenlayer.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here):
    """Thirty samples: by thirds `single` alone is right, `debate` alone, both; `single` is longer on even ones."""
    for i in range(30):
        for label, right in (("single", i % 3 != 1), ("debate", i % 3 != 0)):
            long = (label == "single") == (i % 2 == 0)
            text = ("rather wordy " if long else "") + ("long" if long else "short")
            log(label, i, f"{text} {label} {'even' if i % 3 == 2 else 'right' if right else 'wrong'}.", right)
    return here


@pytest.fixture
def audit(here, capsys) -> Audit:
    """`audit(SCRIPT, *ARGUMENTS)`: what --json prints for a scripted judge; metrics by section and name."""

    def asked(script: Any, *arguments: str, name: str = "judge.json", status: int = 0) -> dict[str, Any]:
        Path(name).write_text(json.dumps(script))
        assert main(["judge-audit", "last", "--judge", f"scripted:{name}", "--json", *arguments]) == status
        out = capsys.readouterr().out
        result = json.loads(out, parse_constant=pytest.fail)
        for section, metrics in result["figures"].items():
            result["figures"][section] = {metric["name"]: metric for metric in metrics}
        return result

    return asked
