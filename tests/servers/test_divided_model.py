"""A model that several processes hold in parts is one endpoint."""

from __future__ import annotations

import pytest
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer.registry import providers
from servers import mlx_server
from servers.requests import ask_all, eval_requests

SAMPLES = 10


@pytest.mark.slow
def test_a_divided_model_answers_as_the_whole_one(monkeypatch):
    """mlx-lm's server in two processes that share each layer gives the texts that the model gives in this one."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    requests = eval_requests(SAMPLES)
    whole = [completion.text for completion in ask_all(providers.get("mlx")(None), requests)]
    with mlx_server(processes=2) as server:
        provider = providers.get("openai")(server.model, base_url=f"{server.url}/v1")
        divided = [completion.text for completion in ask_all(provider, requests)]
        assert b"Rank 1" in server.log.read_bytes()
    assert sum(one == other for one, other in zip(whole, divided, strict=True)) >= SAMPLES - 1
