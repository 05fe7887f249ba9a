"""`hiddenlayer prices`: prices of the own file and of the list, and what is not known."""

from __future__ import annotations

import json

import pytest

OWN = """prices:
  - {provider: openai, model: my-finetune*, since: 2026-01-31, input: 0.40, cached_input: 0.10, output: 1.60}
  - {provider: openai, model: my-finetune*, since: 2020-01-01, input: 9, output: 9}
  - {provider: openai, model: gpt-5.4-mini, since: 2999-01-01, input: 9, output: 9}
"""


@pytest.fixture
def priced(folder):
    """A project with a price file."""
    folder.write("pytest.ini", "[pytest]\n")
    folder.write("hiddenlayer-prices.yaml", OWN)
    return folder


def test_own_prices_apply_with_their_date(priced):
    """The newest own price that applies today is shown with its date, and one call costs what its tokens cost."""
    shown = priced.command("prices", "openai:my-finetune-3", "--tokens-in", "10000", "--tokens-out", "2000")
    assert shown.ret == 0
    shown.stdout.fnmatch_lines(
        [
            "openai:my-finetune-3 * 0.40 * 0.10 * 0.40 * 1.60 * ×0.5 * 0.0072 *-prices.yaml, since 2026-01-31",
            "*one call: 10,000 tokens in, 2,000 out",
        ]
    )


def test_the_price_list_is_named_with_its_version(priced):
    """A model that only the list has is shown at its vendor, with the list's version as source."""
    pytest.importorskip("genai_prices")
    (price,) = json.loads(priced.command("prices", "gpt-5.4-mini", "--json").stdout.str())
    assert price["provider"] == "openai"
    assert price["source"].startswith("genai-prices ")
    assert price["call"] == pytest.approx((1000 * price["input"] + 500 * price["output"]) / 1e6)
    assert price["cached_input"] < price["input"]


def test_without_a_name_every_price_is_listed_own_ones_first(priced):
    """`prices` alone lists the own entries that apply, then the vendors' models."""
    lines = priced.command("prices").outlines
    assert lines[1].startswith("openai:my-finetune*")
    assert sum("my-finetune" in line for line in lines) == 1
    assert any(line.startswith("anthropic:claude-haiku-4-5 ") for line in lines)


@pytest.mark.parametrize("words", [("no-such-model",), ("openai:no-such-model",)])
def test_an_unknown_price_is_said_and_is_not_0(priced, words):
    """A model without a price exits with 1, and the sentence says where to write it."""
    shown = priced.command("prices", *words)
    assert shown.ret == 1
    assert not shown.outlines
    shown.stderr.fnmatch_lines(["*the price of *no-such-model is unknown*hiddenlayer-prices.yaml*"])
    assert json.loads(priced.command("prices", *words, "--json").stdout.str()) == []


def test_a_model_of_this_process_costs_nothing(priced):
    """`prices mlx` says that calls cost nothing, and why."""
    priced.command("prices", "mlx:nano-2").stdout.fnmatch_lines(
        ["mlx:nano-2: $0, because calls stay in this process*"]
    )


def test_a_model_of_a_remote_ollama_server_has_no_price(priced, monkeypatch):
    """If OLLAMA_HOST names another machine, the price is unknown."""
    code = "import os; os.environ['OLLAMA_HOST'] = 'ollama.example:11434'\n"
    code += "from pytest_hiddenlayer.cli import main; raise SystemExit(main(['prices', 'ollama:llama3.2']))"
    shown = priced.script(code)
    assert shown.ret == 1
    shown.stderr.fnmatch_lines(["*the price of ollama:llama3.2 is unknown*"])


def test_a_wrong_price_file_is_one_clear_sentence(priced):
    """A price file with a mistake exits with 4 and names the entry."""
    priced.write("hiddenlayer-prices.yaml", "prices: [{provider: openai, model: a, since: 2026-01-01, input: x}]\n")
    shown = priced.command("prices")
    assert shown.ret == 4
    shown.stderr.fnmatch_lines(["*hiddenlayer-prices.yaml: prices?0?: output is missing*"])


def test_the_price_file_of_the_ini_file_applies(priced):
    """`hl_prices` of the ini file names the price file, as for runs."""
    priced.write("pytest.ini", "[pytest]\nhl_prices = own.yaml\n")
    priced.write("own.yaml", "prices: [{provider: openai, model: a, since: 2026-01-01, input: 1, output: 2}]\n")
    (price,) = json.loads(priced.command("prices", "openai:a", "--json").stdout.str())
    assert price["source"] == "own.yaml, since 2026-01-01"


@pytest.mark.parametrize(
    "words", [("openai:",), ("--prices", "nowhere.yaml"), ("--prices", "."), ("--tokens-in", "-1")]
)
def test_bad_input_is_one_clear_sentence(priced, words):
    """A name without a model, a file that does not exist and a negative count exit with 4 and no traceback."""
    shown = priced.command("prices", *words)
    assert shown.ret == 4
    assert "Traceback" not in shown.stderr.str()
    assert shown.errlines[-1].startswith("hiddenlayer")


def test_without_the_extra_the_sentence_names_it(priced):
    """Without genai-prices the price of a listed model is unknown, and the sentence says what to install."""
    code = "import importlib.metadata as m, sys\nsys.modules['genai_prices'] = None\nversion = m.version\n"
    code += "def missing(name):\n    if name == 'genai-prices': raise m.PackageNotFoundError(name)\n"
    code += "    return version(name)\nm.version = missing\n"
    code += "from pytest_hiddenlayer.cli import main; raise SystemExit(main(['prices', 'gpt-5.4-mini']))"
    shown = priced.script(code)
    assert shown.ret == 1
    shown.stderr.fnmatch_lines(["*gpt-5.4-mini is unknown: genai-prices is not installed; pip install*prices*"])
