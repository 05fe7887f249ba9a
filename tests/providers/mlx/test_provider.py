"""The real bundled model through mlx."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.errors import ProviderError, UsageError
from pytest_hiddenlayer.models import BUNDLED, bundled_path
from pytest_hiddenlayer.providers.mlx.loading import load
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.providers.mlx.sampling import sampler
from pytest_hiddenlayer.types import Completion, GenerationConfig, Message, Request

PROMPTS = [
    *(f"What is {a}+{b}? Think step by step." for a, b in ((37, 58), (412, 99), (7, 8), (640, 225), (91, 19))),
    "The capital of Norway is which city?",
    "Is 49 less than 48? Answer yes or no.",
    "Make a bullet list of red, blue and train.",
    "Write moon in upper case.",
    "Grüße, 你好 <|end|> 🙂?",  # bytes beyond ASCII, and a special token in the user's text
]

REFERENCE = """
import json, sys
import mlx.core as mx
from mlx_lm import load, stream_generate
model, tokenizer = load(sys.argv[1])
model.set_dtype(mx.float32)
said = []
for prompt in json.loads(sys.argv[2]):
    ids = list(tokenizer.apply_chat_template([{"role": "user", "content": prompt}], add_generation_prompt=True))
    parts = list(stream_generate(model, tokenizer, ids, max_tokens=64))
    text, new = "".join(part.text for part in parts), [part.token for part in parts]
    logits = model(mx.array([ids + new]))[0, len(ids) - 1 : -1]  # one forward pass over the whole text
    logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    picked = mx.take_along_axis(logprobs, mx.array(new)[:, None], axis=-1)[:, 0]
    said.append({"text": text, "n_prompt": len(ids), "n_new": len(new), "logprobs": picked.tolist()})
print(json.dumps(said))
"""
"""What mlx_lm itself says; in a process of its own, for `import mlx_lm` brings transformers."""


@pytest.fixture(scope="module")
def reference() -> list[dict[str, object]]:
    """mlx_lm's greedy text, token counts and log-probabilities for PROMPTS."""
    command = [sys.executable, "-c", REFERENCE, str(bundled_path()), json.dumps(PROMPTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[dict[str, object]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def model() -> Iterator[MlxProvider]:
    """The bundled model, opened once."""
    provider = MlxProvider()
    yield provider
    asyncio.run(provider.close())


def request(prompt: str, seed: int = 0, **params: object) -> Request:
    """One question."""
    return Request(messages=(Message(role="user", content=prompt),), params=GenerationConfig(**params), seed=seed)


CONTEXT = json.loads((bundled_path() / "config.json").read_text())["max_position_embeddings"]
ENDLESS = request("Write moon", 2, temperature=50.0, max_tokens=450)
"""So hot that every token is equally likely: it runs for seconds before an end token comes."""


def ask(model: MlxProvider, *requests: Request) -> list[Completion]:
    """All answers, asked at the same time."""

    async def together() -> list[Completion]:
        return list(await asyncio.gather(*(model.complete(one) for one in requests)))

    return asyncio.run(together())


@pytest.fixture(scope="module")
def greedy(model) -> list[Completion]:
    """The model's greedy answers to PROMPTS, asked at the same time."""
    return ask(model, *(request(prompt, max_tokens=64) for prompt in PROMPTS))


def test_prompt_tokens_are_the_tokenizers(greedy, reference):
    """Input tokens are those of the chat template as mlx_lm's tokenizer renders it."""
    assert [c.usage.input_tokens for c in greedy] == [r["n_prompt"] for r in reference]


def test_greedy_text_is_mlx_lms_own(greedy, reference):
    """Greedy answers, decoded in one batch, are those of stream_generate, decoded one by one.

    mlx_lm leaves out one space at the very beginning of a text; here it stays, as the tokenizer decodes it.
    """
    for done, expected in zip(greedy, reference, strict=True):
        assert expected["text"] in (done.text, done.text.removeprefix(" "))


def test_output_tokens_count_the_end_token(greedy, reference):
    """Output tokens are all that the model made, as in stream_generate."""
    assert [c.usage.output_tokens for c in greedy] == [r["n_new"] for r in reference]


def test_logprobs_are_those_of_a_direct_forward_pass(greedy, reference):
    """Each greedy token's log-probability is within 1e-3 of one forward pass without cache or batch."""
    for done, expected in zip(greedy, reference, strict=True):
        assert done.logprobs == pytest.approx(expected["logprobs"], abs=1e-3)


def test_a_request_alone_says_what_it_says_in_a_batch(model, greedy):
    """Greedy text does not depend on what else is decoded."""
    assert [ask(model, request(prompt, max_tokens=64))[0].text for prompt in PROMPTS] == [c.text for c in greedy]


def test_usage_is_complete_and_free(greedy):
    """A local model leaves no figure unknown and costs nothing."""
    for done in greedy:
        assert None not in (done.usage.input_tokens, done.usage.cached_input_tokens, done.usage.reasoning_tokens)
        assert (done.usage.calls, done.cost_usd, done.model) == (1, 0.0, BUNDLED)


def test_a_seed_gives_the_same_text_alone_or_in_a_batch(model):
    """What a request says depends on its seed, not on its neighbours."""
    hot = [request("Write moon", seed, temperature=1.0, max_tokens=24) for seed in range(8)]
    batch = [c.text for c in ask(model, *hot)]
    assert [ask(model, one)[0].text for one in hot] == batch


def test_different_seeds_say_different_things(model):
    """At temperature 1 eight seeds do not agree on what is too hard."""
    hot = [
        request("Calculate 569108-152510. Answer only.", seed, temperature=1.0, max_tokens=24) for seed in range(8)
    ]
    assert len({c.text for c in ask(model, *hot)}) > 1


def test_temperature_sharpens(model):
    """Near temperature 0 every seed says the greedy text; at 10 none does."""
    prompt = PROMPTS[0]
    (cold,) = ask(model, request(prompt, max_tokens=24))
    near = ask(model, *(request(prompt, seed, temperature=1e-4, max_tokens=24) for seed in range(4)))
    far = ask(model, *(request(prompt, seed, temperature=10.0, max_tokens=24) for seed in range(4)))
    assert {c.text for c in near} == {cold.text}
    assert cold.text not in {c.text for c in far}


@pytest.mark.parametrize(
    ("temperature", "top_p", "expected"),
    [
        (1.0, 1.0, (0.5, 0.3, 0.2)),
        (2.0, 1.0, (0.4154, 0.3218, 0.2628)),  # square roots, normalised
        (1.0, 0.6, (0.625, 0.375, 0.0)),  # 0.5 does not reach 0.6, 0.5 and 0.3 do
        (1.0, 0.4, (1.0, 0.0, 0.0)),
    ],
)
def test_tokens_are_drawn_from_the_right_distribution(temperature, top_p, expected):
    """Frequencies of 4000 draws are within 0.03 (3.8 standard errors at most) of those computed by hand."""
    import mlx.core as mx

    row, draw = mx.log(mx.array([[0.5, 0.3, 0.2]])), sampler(temperature, top_p, 7)
    drawn = mx.concatenate([draw(row) for _ in range(4000)]).tolist()
    assert [drawn.count(token) / 4000 for token in range(3)] == pytest.approx(expected, abs=0.03)


def test_a_tiny_top_p_is_greedy(model):
    """top_p near 0 leaves only the likeliest token."""
    cold = ask(model, request(PROMPTS[0], temperature=0.0))[0].text
    assert ask(model, request(PROMPTS[0], 5, temperature=1.5, top_p=1e-6))[0].text == cold


def test_max_tokens_cuts_off_and_says_so(model):
    """At max_tokens the finish reason is length, and exactly so many tokens were made."""
    (done,) = ask(model, request(PROMPTS[0], max_tokens=5))
    assert (done.finish_reason, done.usage.output_tokens) == ("length", 5)


def test_stop_text_ends_before_itself(model):
    """GenerationConfig ends before the stop text, with finish reason stop."""
    (whole,) = ask(model, request(PROMPTS[0]))
    (done,) = ask(model, request(PROMPTS[0], stop=("Answer", "never")))
    assert done.text == whole.text[: whole.text.index("Answer")]
    assert done.finish_reason == "stop"


def test_a_stop_text_may_span_tokens(model):
    """A stop text that begins and ends inside tokens cuts at its first character."""
    (whole,) = ask(model, request(PROMPTS[0]))
    stop = whole.text[5:-3]
    (done,) = ask(model, request(PROMPTS[0], stop=(stop,)))
    assert done.text == whole.text[:5]


def test_a_stop_text_ends_the_decoding(model):
    """What would come after a stop text is not made, nor counted."""
    (whole,) = ask(model, request(PROMPTS[0]))
    (done,) = ask(model, request(PROMPTS[0], stop=(whole.text[1:4],)))
    assert done.usage.output_tokens < whole.usage.output_tokens


def test_a_stop_text_in_the_last_token_is_a_stop(model):
    """Where the stop text completes with the last allowed token, the finish reason is stop, not length."""
    (whole,) = ask(model, request(PROMPTS[0], max_tokens=5))
    (done,) = ask(model, request(PROMPTS[0], max_tokens=5, stop=(whole.text[-1:],)))
    assert done.finish_reason == "stop"


def test_one_logprob_a_token(model):
    """Every output token, sampled, stopped or cut off, has a log-probability of at most 0."""
    for done in ask(
        model,
        request(PROMPTS[0]),
        request(PROMPTS[0], stop=("Answer",)),
        request("Write moon", 1, temperature=1.5, max_tokens=7),
    ):
        assert done.logprobs is not None
        assert len(done.logprobs) == done.usage.output_tokens
        assert max(done.logprobs) <= 0.0


def test_a_prompt_beyond_the_context_is_a_clear_error(model):
    """A prompt that does not fit names both lengths."""
    with pytest.raises(
        ProviderError, match=rf"the prompt has (?!{CONTEXT})\d{{4,}} tokens, {BUNDLED} reads {CONTEXT}"
    ):
        ask(model, request("1 " * CONTEXT))


def test_an_answer_ends_where_the_context_ends(model):
    """Prompt and answer together never exceed the context; what is cut off there says length."""
    (done,) = ask(
        model, replace(ENDLESS, messages=(Message(role="user", content="1" * (CONTEXT - 12)),))
    )  # a digit, a token
    assert done.finish_reason == "length"
    assert done.usage.input_tokens + done.usage.output_tokens == CONTEXT


def test_messages_the_template_refuses_are_a_clear_error(tmp_path: Path):
    """A chat template that raises (many refuse a system message) is an error of the provider that says why."""
    folder = changed_copy(tmp_path, "{{ raise_exception('System role not supported') }}")
    done = subprocess.run([sys.executable, "-c", ASK_AND_REPORT, str(folder), "q"], capture_output=True, text=True)
    assert "ProviderError: the chat template of" in done.stderr
    assert "System role not supported" in done.stderr


def test_a_request_that_cannot_be_decoded_fails_alone(model):
    """A seed that mlx refuses is an error, in finite time, and the next request is answered."""

    async def go() -> None:
        await asyncio.wait_for(model.complete(request(PROMPTS[0], 2**70, temperature=1.0)), 60)

    with pytest.raises(ProviderError, match="mlx refuses this request"):
        asyncio.run(go())
    assert ask(model, request(PROMPTS[0]))[0].text.endswith("95")


async def until_decoding(provider: MlxProvider) -> None:
    """Wait until a request has its first token."""
    while not any(job.token_ids for job in provider._batch._running.values()):
        await asyncio.sleep(0.001)


def test_a_cancelled_request_leaves_the_batch(model):
    """Cancelling one request takes it out of the batch at once and changes no other's answer."""

    async def go() -> tuple[str, int]:
        long = asyncio.create_task(model.complete(ENDLESS))
        other = asyncio.create_task(model.complete(request(PROMPTS[0])))
        await until_decoding(model)
        long.cancel()
        return (await other).text, len(model._batch._running)

    assert asyncio.run(go()) == (ask(model, request(PROMPTS[0]))[0].text, 0)


@pytest.fixture
def own() -> Iterator[MlxProvider]:
    """A provider that a test may close."""
    provider = MlxProvider()
    yield provider
    asyncio.run(provider.close())


def test_closing_fails_what_is_running(own):
    """A request that is being decoded when the provider closes ends with an error."""

    async def go() -> None:
        running = asyncio.create_task(own.complete(ENDLESS))
        await until_decoding(own)
        await own.close()
        await asyncio.wait_for(running, 60)

    with pytest.raises(ProviderError, match="closed while this request was running"):
        asyncio.run(go())


def test_a_closed_provider_refuses_requests(own):
    """A request after the end is an error at once; it never waits for a thread that is gone."""

    async def go() -> None:
        await own.close()
        await asyncio.wait_for(own.complete(request(PROMPTS[0])), 60)

    with pytest.raises(ProviderError, match="has ended"):
        asyncio.run(go())


def test_a_request_while_closing_is_refused(own, monkeypatch):
    """A request that comes while the thread still ends is an error too, not one that nobody answers."""

    async def go() -> None:
        asyncio.create_task(own.complete(ENDLESS))  # noqa: RUF006 - it keeps the thread busy
        await until_decoding(own)
        with monkeypatch.context() as patch:
            patch.setattr(own._batch._thread, "join", lambda timeout: None)
            await own.close()
        await asyncio.wait_for(own.complete(request(PROMPTS[0])), 60)

    with pytest.raises(ProviderError, match="has ended"):
        asyncio.run(go())


def test_a_second_model_beside_the_first(model, tmp_path: Path):
    """A folder with the same weights is a model of its own and says the same."""
    shutil.copytree(bundled_path(), tmp_path / "copy")
    other = MlxProvider(str(tmp_path / "copy"))
    try:
        assert ask(other, request(PROMPTS[1]))[0].text == ask(model, request(PROMPTS[1]))[0].text
    finally:
        asyncio.run(other.close())
    assert ask(model, request(PROMPTS[0]))[0].text.endswith("95")


ASK_AND_REPORT = """
import asyncio, json, sys
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request
model = MlxProvider(sys.argv[1])
asked = Request(messages=(Message(role="user", content=sys.argv[2]),), params=GenerationConfig(), seed=0)
done = asyncio.run(model.complete(asked))
asyncio.run(model.close())
print(json.dumps([done.text, done.usage.input_tokens, done.usage.output_tokens, "transformers" in sys.modules]))
"""


def changed_copy(parent: Path, template: str = "", **config: object) -> Path:
    """The bundled model with `template` before its chat template and other fields in its tokenizer_config."""
    folder = parent / "changed"
    shutil.copytree(bundled_path(), folder)
    path = folder / "tokenizer_config.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    found |= {"chat_template": template + found["chat_template"], **config}
    path.write_text(json.dumps(found), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "change",
    [{"tokenizer_class": "Qwen2TokenizerFast"}, {"template": "{% if false %}{{ raise_exception('') }}{% endif %}"}],
    ids=["another-tokenizer", "a-function-in-the-template"],
)
def test_the_general_path_says_the_same(greedy, tmp_path: Path, change: dict[str, str]):
    """A folder that needs transformers goes through mlx_lm.load, with the same text and counts."""
    folder = changed_copy(tmp_path, **change)
    command = [sys.executable, "-c", ASK_AND_REPORT, str(folder), PROMPTS[0]]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    usage = greedy[0].usage
    expected = [greedy[0].text, usage.input_tokens, usage.output_tokens, True]
    assert json.loads(done.stdout.splitlines()[-1]) == expected


def test_the_bundled_model_needs_no_transformers_and_leaves_mlx_lm_whole():
    """Opening the bundled model does not import transformers; `mlx_lm.load` works afterwards; the exit is clean."""
    code = (
        "import asyncio, sys\n"
        "from pytest_hiddenlayer.providers.mlx.provider import MlxProvider\n"
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
        "from pytest_hiddenlayer.errors import ProviderUnavailableError\n"
        "from pytest_hiddenlayer.providers.mlx.provider import MlxProvider\n"
        "try: MlxProvider()\n"
        "except ProviderUnavailableError as error: print(error)"
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


@pytest.mark.parametrize(("before", "after"), [((300, 1024), 1024), ((3000, 5000), 3000)])
def test_loading_leaves_room_for_open_files(before, after):
    """mlx_lm lowers a process's limit of open files on import, and cannot be imported below 4096: not here."""
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, {before})\n"
        "from pytest_hiddenlayer.providers.mlx.loading import load\n"
        "load(sys.argv[1])\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(bundled_path())], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str((after, before[1])), done.stderr


@pytest.mark.parametrize("plain", [True, False])
def test_a_model_that_wants_to_run_code_is_refused(tmp_path: Path, plain: bool):
    """A config.json that names `model_file` is refused before mlx_lm sees it, and the file does not run."""
    folder = changed_copy(tmp_path, **({} if plain else {"tokenizer_class": "Qwen2TokenizerFast"}))
    ran = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w').close()", encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_file": "evil.py"}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"code of its own \(its config\.json names a `model_file`"):
        load(folder)
    assert not ran.exists()


def test_a_hub_model_that_wants_to_run_code_is_refused(monkeypatch: pytest.MonkeyPatch):
    """mlx_lm and transformers are told to trust no code, and what they refuse for it is said in our words."""
    import mlx_lm

    told = {}

    def refuse(name: str, **how: object) -> None:
        told.update(how)
        raise ValueError("a custom module. Pass trust_remote_code=True if you trust this model.")

    monkeypatch.setattr(mlx_lm, "load", refuse)
    with pytest.raises(UsageError, match="owner/name: this model wants to run Python code of its own"):
        load("owner/name")
    assert (told["trust_remote_code"], told["tokenizer_config"]) == (False, {"trust_remote_code": False})
