"""docs/security.md: each promise says how it is tested and what is not promised, and its tests exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = ROOT.joinpath("docs", "security.md").read_text(encoding="utf-8")
SECTIONS = dict(section.split("\n", 1) for section in TEXT.split("\n## ")[2:])


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_has_its_three_parts_in_order(heading: str):
    """The promise, then its tests, then what is not promised; each once."""
    parts = re.split(r"^\*\*(Tested|Not promised):\*\*", SECTIONS[heading], flags=re.M)
    assert parts[1::2] == ["Tested", "Not promised"]
    assert all(part.strip() for part in parts[::2])


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_names_tests_that_exist(heading: str):
    """Each path is there; one without a folder is in `tests/trust`."""
    tested = SECTIONS[heading].split("**Tested:**")[1].split("**Not promised:**")[0]
    paths = re.findall(r"`((?:tests/)?[\w/.-]*(?:\.py|/))`", tested)
    assert paths
    assert [path for path in paths if not (ROOT / (path if "/" in path else f"tests/trust/{path}")).exists()] == []


def test_every_test_of_a_promise_is_named():
    """Each file of `tests/trust` is named by the page; a new one too."""
    files = {path.name for path in (ROOT / "tests" / "trust").glob("test_*.py")} - {Path(__file__).name}
    assert files - set(re.findall(r"`(test_\w+\.py)`", TEXT)) == set()
