"""The Python example of docs/tournaments.md runs."""

from __future__ import annotations

import re
from pathlib import Path

DOCUMENT = Path(__file__).parents[3] / "docs" / "tournaments.md"


def test_the_example_runs():
    """The example fits abilities that compare a with b and c."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    assert names["abilities"].relative_to("a")["a"] == (0.0, 0.0)
