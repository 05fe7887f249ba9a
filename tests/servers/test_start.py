"""Real servers for tests: they respond, terminate, show their log with an error, and skip with a reason."""

from __future__ import annotations

import math
import os
import socket
import sys
from pathlib import Path

import pytest

from servers import Server, llama_server, mlx_server, ollama_url
from servers.known_model import AFTER_PROMPT, write_known_model
from servers.llama import program
from servers.process import free_port, served

HELLO = {"messages": [{"role": "user", "content": "Hello."}], "max_tokens": 4, "temperature": 0}
SILENT = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
connection = server.accept()
time.sleep(600)
"""


def test_llama_server_returns_the_known_probabilities(known: Server) -> None:
    """The alternatives of the first token have the probabilities of the model."""
    body = {**HELLO, "model": known.model, "logprobs": True, "top_logprobs": 3}
    (choice,) = known.post("/v1/chat/completions", body)["choices"]
    first = choice["logprobs"]["content"][0]["top_logprobs"]
    assert {token["token"]: math.exp(token["logprob"]) for token in first} == pytest.approx(AFTER_PROMPT, abs=1e-3)


def test_llama_server_speaks_both_apis(known: Server) -> None:
    """OpenAI's and Anthropic's API count the same prompt as the same number of tokens."""
    body = {**HELLO, "model": known.model}
    openai, anthropic = known.post("/v1/chat/completions", body), known.post("/v1/messages", body)
    assert openai["choices"][0]["message"]["content"] == anthropic["content"][0]["text"] == " yes."
    assert openai["usage"]["prompt_tokens"] == anthropic["usage"]["input_tokens"] > 0


def test_a_server_terminates_after_an_error(tmp_path: Path) -> None:
    """After an error in the block the port is closed, the process is gone, and the error has the log."""
    program()
    write_known_model(tmp_path / "known.gguf")
    with pytest.raises(ZeroDivisionError) as caught, llama_server(tmp_path / "known.gguf") as server:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    assert "known.gguf" in caught.value.__notes__[0]
    assert "listening on" in caught.value.__notes__[0]


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    """A file that is not GGUF ends the server at once; the error has the log."""
    program()
    (tmp_path / "broken.gguf").write_bytes(b"no model")
    with pytest.raises(RuntimeError, match=r"ended with [0-9-]+ before its first response") as caught:
        llama_server(tmp_path / "broken.gguf").__enter__()
    assert "failed to load model" in caught.value.__notes__[0]


def test_a_server_without_response_is_terminated() -> None:
    """A process that does not respond to /health within the deadline is terminated."""
    port = free_port()
    command = [sys.executable, "-c", SILENT, str(port)]
    with pytest.raises(RuntimeError, match=r"no response from http://127.0.0.1:\d+/health in 0.2 s"):
        served(command, port=port, model="none", deadline_s=0.2).__enter__()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_without_llama_server_the_reason_of_the_installer_is_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tests skip with the reason that the installer left, or name the installer if it never ran."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HIDDENLAYER_SERVERS", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match=r"run `bash .ci/servers` for it"):
        program()
    (tmp_path / "llama-server.missing").write_text("this CPU has no AVX2\n", encoding="utf-8")
    with pytest.raises(pytest.skip.Exception, match=r"no llama-server on this machine: this CPU has no AVX2$"):
        program()


def test_without_mlx_lm_its_tests_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    """If mlx-lm is not installed, the reason says how to install it."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(pytest.skip.Exception, match="pip install mlx-lm"):
        mlx_server().__enter__()


def test_ollama_host_names_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """OLLAMA_HOST has the same forms as for the provider: scheme and port are optional."""
    monkeypatch.setenv("OLLAMA_HOST", "0.0.0.0")
    assert ollama_url() == "http://127.0.0.1:11434"


def test_without_ollama_host_its_tests_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OLLAMA_HOST the reason names the variable."""
    monkeypatch.delenv("OLLAMA_HOST", raising=False)
    with pytest.raises(pytest.skip.Exception, match="set OLLAMA_HOST"):
        ollama_url()
