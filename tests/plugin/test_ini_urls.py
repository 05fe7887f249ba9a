"""An address from an ini file, which comes with the project, gets no API key of the user's environment."""

from __future__ import annotations

import pytest
from fake_server import fake_server

SECRETS = {
    "OPENAI_API_KEY": "sk-mine",
    "OPENAI_CUSTOM_HEADERS": "x-team: sk-mine",
    "ANTHROPIC_API_KEY": "sk-mine",
    "ANTHROPIC_CUSTOM_HEADERS": "Authorization: Bearer sk-mine",
    "OLLAMA_API_KEY": "sk-mine",
}
PATHS = {"openai": "/v1", "openai_responses": "/v1", "anthropic": "", "ollama": ""}


@pytest.fixture
def asked(folder):
    """Run `pytest evals` with evals/pytest.ini and secrets in the environment. Returns (result, requests)."""
    folder.task(n=2, prompt="{{ input }} ANSWER=a{{ id[1:] }}", scorers=[{"keyword": {"require_all": True}}])

    def run(ini, *args, provider="openai", environment=None, **config):
        with fake_server(models=("m:latest",), **config) as server:
            url = f"{server.url}{PATHS[provider]}"
            secrets = SECRETS | {name: value.format(url=url) for name, value in (environment or {}).items()}
            folder.write("evals/conftest.py", f"import os\nos.environ.update({secrets!r}, HIDDENLAYER_CACHE='off')\n")
            folder.write("evals/pytest.ini", f"[pytest]\n{ini.format(url=url)}\n")
            shown = [arg.format(url=url) for arg in args]
            result = folder.run("--hl-gate=off", "--hl-cache=off", *shown, provider=f"{provider}:m")
            return result, server.stats()["last"]

    return run


@pytest.mark.parametrize("provider", sorted(PATHS))
def test_no_key_goes_to_an_address_from_an_ini_file(asked, provider, workers):
    """The server of an ini file answers, and no request to it contains a secret of the environment."""
    result, last = asked("hl_base_url = {url}", *workers, provider=provider)
    result.assert_outcomes(passed=2)
    assert "sk-mine" not in str(last)


def test_addopts_of_an_ini_file_are_no_command_line(asked):
    """--hl-base-url in `addopts` is an address from an ini file too."""
    result, last = asked("addopts = --hl-base-url={url}")
    result.assert_outcomes(passed=2)
    assert last["headers"]["authorization"] == "Bearer none"


def test_the_address_on_the_command_line_gets_the_key(asked, workers):
    """--hl-base-url with the ini file's address: the user named it, so the key is sent."""
    result, last = asked("hl_base_url = {url}", "--hl-base-url", "{url}", *workers)
    result.assert_outcomes(passed=2)
    assert last["headers"]["authorization"] == "Bearer sk-mine"


def test_the_address_in_the_environment_gets_the_key(asked):
    """If OPENAI_BASE_URL is the ini file's address, the key is sent."""
    result, last = asked("hl_base_url = {url}", environment={"OPENAI_BASE_URL": "{url}/"})
    result.assert_outcomes(passed=2)
    assert last["headers"]["authorization"] == "Bearer sk-mine"


def test_a_refusal_says_why_the_key_is_missing(asked):
    """A server that answers 401: the error says that the key was not sent, and how to send it."""
    result, _ = asked("hl_base_url = {url}", key="sk-mine")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*HTTP 401*its address comes from an ini file, so OPENAI_API_KEY was not sent to it; "
            "if it may have the key, give --hl-base-url openai=http://127.0.0.1:*/v1 on the command line*"
        ]
    )
