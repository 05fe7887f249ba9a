"""The user's price file."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from support.usage import used

from pytest_hiddenlayer.calls.cost.price_file import read_own_prices
from pytest_hiddenlayer.calls.cost.prices import Prices
from pytest_hiddenlayer.errors import UsageError

pytest.importorskip("genai_prices", reason="the extra `prices` is not installed")
DAY = datetime(2026, 11, 1, tzinfo=UTC)


OWN = """
prices:
  - {provider: openai, model: mine*, since: 2026-01-01, input: 0.10, output: 0.40}
  - {provider: openai, model: mine*, since: 2026-06-01, input: 0.20, cached_input: 0.05, output: 1, batch_factor: .25}
  - {provider: openai, model: gpt-5-mini, since: 2026-06-01, input: 100, output: 100}
"""


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(OWN)
    return Prices(read_own_prices(path))


def test_the_newest_entry_applies(own):
    """The newest entry that is not after the day applies. Decimals stay as written."""
    days = [datetime(2026, month, 15, tzinfo=UTC) for month in (1, 6)]
    found = [own.cost("openai", None, "mine-2", used(1_000_000, 0), called_at=day) for day in days]
    assert found == [Decimal("0.10"), Decimal("0.20")]
    assert own.cost("openai", None, "mine-2", used(), called_at=datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_own_prices_take_precedence(own):
    """They precede genai-prices; cached input has its own price or the input's, batches have their factor."""
    assert own.cost("openai", "openai", "gpt-5-mini", used(1_000_000, 0), called_at=DAY) == 100
    assert own.cost("openai", None, "mine-2", used(1_000_000, 0, cached=400_000), called_at=DAY) == Decimal("0.14")
    assert own.cost("openai", None, "mine-2", used(1_000_000, 0, written=400_000), called_at=DAY) == Decimal("0.20")
    assert own.cost("openai", None, "mine-2", used(1_000_000, 0), batch=True, called_at=DAY) == Decimal("0.05")
    assert own.cost("other", None, "mine-2", used(), called_at=DAY) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("prices: [", "cannot be read as YAML"), ("[]", "a key `prices` with a list"), ("prices: {}", "a key `prices`"),
     ("prices: [3]", r"prices\[0\]: must be a mapping"),
     ("prices: [{provider: a, modell: b}]", "unknown field 'modell', did you mean 'model'. \\(fields: provider"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: 1}]", r"prices\[0\]: output is missing"),
     ("prices: [{provider: a, model: b, since: soon, input: 1, output: 1}]", "since: write a date"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: -1, output: 1}]", "input: write US dollars"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: .nan, output: 1}]", "input: write US dollars")],
)  # fmt: skip
def test_errors_in_the_file(tmp_path, text, says):
    """Each error names the file, entry and field."""
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=says) as error:
        read_own_prices(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"prices:\n<<<<<<< HEAD\n=======\n", r"prices.yaml:3: cannot be read as YAML: .*; correct the file"),
        (b"prices: [\x00]", r"prices.yaml: cannot be read as YAML: .*; correct the file"),
        (b"\xff", r"prices.yaml: cannot be read as YAML: .*; correct the file"),
    ],
)
def test_what_is_not_yaml_is_one_line(tmp_path, content, says):
    """The error is one sentence with the file, the line if it is known, and what to do."""
    path = tmp_path / "prices.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        read_own_prices(path)
    assert re.fullmatch(f".*{says}.*", str(error.value)), str(error.value)


BOMB = "prices:\n- &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"- &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [(BOMB, r"prices.yaml:3: write each entry out"), ("prices: " + "[" * 50_000, "write each entry out"),
     ("prices: [{a: {b: 1}}]", "write each entry out"), ("#" * 1_000_001, "larger than 1,000,000 bytes"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: 1e400, output: 1}]", "input: write US dollars"),
     ("prices: [{provider: a, model: b, since: 2026-01-01, input: 1, output: 1e7}]", "from 0 to 1,000,000")],
    ids=["aliases", "depth", "nesting", "size", "exponent", "too much"],
)  # fmt: skip
def test_a_hostile_file_is_refused(tmp_path, text, says):
    """Aliases, depth, size and exponents cannot take endless time or memory, and end in one message."""
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=says) as error:
        read_own_prices(path)
    assert len(str(error.value)) < 400
