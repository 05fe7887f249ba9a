"""The real bundled model through mlx."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("mlx.core", reason="mlx cannot be imported here")

from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx import MlxProvider
from pytest_hiddenlayer.types import Completion, Generation, Message, Request

PROMPTS = [f"What is {a}+{b}? Think step by step." for a, b in ((37, 58), (412, 99), (7, 8), (640, 225), (91, 19))]

REFERENCE = """
import json, sys
import mlx.core as mx
from mlx_lm import load, stream_generate
model, tokenizer = load(sys.argv[1])
model.set_dtype(mx.float32)
said = []
for prompt in json.loads(sys.argv[2]):
    ids = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True)
    parts = [r for r in stream_generate(model, tokenizer, ids, max_tokens=64)]
    said.append(["".join(part.text for part in parts), len(ids)])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def model() -> Iterator[MlxProvider]:
    """The bundled model, opened once."""
    provider = MlxProvider()
    yield provider
    asyncio.run(provider.close())


def request(prompt: str, seed: int = 0, **params: object) -> Request:
    """One question."""
    return Request(messages=(Message(role="user", content=prompt),), params=Generation(**params), seed=seed)


def ask(model: MlxProvider, *requests: Request) -> list[Completion]:
    """All answers, asked at the same time."""

    async def together() -> list[Completion]:
        return list(await asyncio.gather(*(model.complete(one) for one in requests)))

    return asyncio.run(together())


def test_text_and_token_counts_are_mlx_lms_own(model):
    """Greedy text and prompt tokens equal those of mlx_lm.load and stream_generate, one by one or in a batch."""
    command = [sys.executable, "-c", REFERENCE, str(bundled_path()), json.dumps(PROMPTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = json.loads(done.stdout.splitlines()[-1])
    batch = ask(model, *(request(prompt, max_tokens=64) for prompt in PROMPTS))
    alone = [ask(model, request(prompt, max_tokens=64))[0] for prompt in PROMPTS]
    assert [[c.text, c.usage.input_tokens] for c in batch] == expected
    assert [c.text for c in alone] == [c.text for c in batch]


def test_a_seed_gives_the_same_text_alone_or_in_a_batch(model):
    """What a request says depends on its seed, not on its neighbours."""
    hot = [request("Write moon", seed, temperature=1.0, max_tokens=24) for seed in range(8)]
    batch = [c.text for c in ask(model, *hot)]
    assert [ask(model, one)[0].text for one in hot] == batch
    assert len(set(batch)) > 1


def test_a_tiny_top_p_is_greedy(model):
    """top_p near 0 leaves only the likeliest token."""
    cold = ask(model, request(PROMPTS[0], temperature=0.0))[0].text
    assert ask(model, request(PROMPTS[0], 5, temperature=1.5, top_p=1e-6))[0].text == cold


def test_max_tokens_cuts_off_and_says_so(model):
    """At max_tokens the finish reason is length, and exactly so many tokens were made."""
    (done,) = ask(model, request(PROMPTS[0], max_tokens=5))
    assert (done.finish_reason, done.usage.output_tokens) == ("length", 5)


def test_stop_text_ends_before_itself(model):
    """Generation ends before the stop text, with finish reason stop."""
    (whole,) = ask(model, request(PROMPTS[0]))
    (done,) = ask(model, request(PROMPTS[0], stop=("Answer", "never")))
    assert done.text == whole.text[: whole.text.index("Answer")]
    assert done.finish_reason == "stop"


def test_one_logprob_a_token(model):
    """Every output token has a log-probability of at most 0; the greedy answer of a sure model is near 0."""
    (done,) = ask(model, request(PROMPTS[0]))
    assert done.logprobs is not None
    assert len(done.logprobs) == done.usage.output_tokens
    assert all(-1.0 < value <= 0.0 for value in done.logprobs)


def test_a_prompt_beyond_the_context_is_a_clear_error(model):
    """A prompt that does not fit names both lengths."""
    with pytest.raises(ProviderError, match=r"the prompt has \d+ tokens, nano-1 reads 512"):
        ask(model, request("1 " * 600))


def test_a_cancelled_request_leaves_the_batch(model):
    """Cancelling one request does not hold up or change another."""

    async def go() -> str:
        long = asyncio.create_task(model.complete(request("Write moon", 3, temperature=1.5, max_tokens=400)))
        other = asyncio.create_task(model.complete(request(PROMPTS[0])))
        await asyncio.sleep(0.2)
        long.cancel()
        return (await other).text

    assert asyncio.run(go()) == ask(model, request(PROMPTS[0]))[0].text


def test_a_second_model_beside_the_first(model, tmp_path: Path):
    """A folder with the same weights is a model of its own and says the same."""
    shutil.copytree(bundled_path(), tmp_path / "copy")
    other = MlxProvider(str(tmp_path / "copy"))
    try:
        assert ask(other, request(PROMPTS[1]))[0].text == ask(model, request(PROMPTS[1]))[0].text
    finally:
        asyncio.run(other.close())
    assert ask(model, request(PROMPTS[0]))[0].text.endswith("95")


def test_the_general_path_says_the_same(model, tmp_path: Path):
    """A folder whose tokenizer needs transformers goes through mlx_lm.load, with the same text and counts."""
    folder = tmp_path / "general"
    shutil.copytree(bundled_path(), folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    template = config.pop("chat_template")
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    (folder / "chat_template.jinja").write_text(template)
    code = (
        "import asyncio, sys, json\n"
        "from pytest_hiddenlayer.providers.mlx import MlxProvider\n"
        "from pytest_hiddenlayer.types import *\n"
        "p = MlxProvider(sys.argv[1])\n"
        "r = Request(messages=(Message(role='user', content=sys.argv[2]),), params=Generation(), seed=0)\n"
        "c = asyncio.run(p.complete(r)); asyncio.run(p.close())\n"
        "print(json.dumps([c.text, c.usage.input_tokens, 'transformers' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder), PROMPTS[0]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (here,) = ask(model, request(PROMPTS[0]))
    assert json.loads(done.stdout.splitlines()[-1]) == [here.text, here.usage.input_tokens, True]


def test_the_bundled_model_needs_no_transformers_and_leaves_mlx_lm_whole():
    """Opening the bundled model does not import transformers; `mlx_lm.load` works afterwards; the exit is clean."""
    code = (
        "import asyncio, sys\n"
        "from pytest_hiddenlayer.providers.mlx import MlxProvider\n"
        "p = MlxProvider(); asyncio.run(p.close())\n"
        "assert 'transformers' not in sys.modules and 'mlx_lm' not in sys.modules\n"
        "import mlx_lm; from pytest_hiddenlayer.models import bundled_path\n"
        "m, t = mlx_lm.load(str(bundled_path()))\n"
        "print(mlx_lm.generate(m, t, prompt=[2, 294, 0, 3], max_tokens=2) is not None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["True"]), done.stderr


def test_without_mlx_one_sentence_says_so():
    """Where mlx cannot be imported, opening the provider says what to install."""
    code = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name.split('.')[0] in ('mlx', 'mlx_lm'): raise ImportError('No module named mlx')\n"
        "sys.meta_path.insert(0, No())\n"
        "from pytest_hiddenlayer.errors import ProviderUnavailable\n"
        "from pytest_hiddenlayer.providers.mlx import MlxProvider\n"
        "try: MlxProvider()\n"
        "except ProviderUnavailable as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "provider mlx does not work here" in done.stdout, done.stderr
    assert "pip install mlx-lm" in done.stdout


def test_a_missing_folder_is_a_usage_error(tmp_path: Path):
    """A path that is not there is named, with a near one."""
    (tmp_path / "llama-small").mkdir()
    with pytest.raises(UsageError, match=r"no such folder, did you mean .*llama-small"):
        MlxProvider(str(tmp_path / "lama-small"))


def test_a_folder_without_a_model_is_a_usage_error(tmp_path: Path):
    """A folder that mlx_lm cannot load says why."""
    with pytest.raises(UsageError, match="mlx_lm cannot load it"):
        MlxProvider(str(tmp_path))
