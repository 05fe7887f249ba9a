"""The bundled model's trainer: stopped and resumed it is the same, and what it exports mlx reads alike."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("torch", reason="needs torch: run `make trainable`")
pytest.importorskip("mlx.core", reason=NEEDS_MLX)
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # training/ is in no wheel

import mlx.core as mx
import torch

from pytest_hiddenlayer.providers.mlx.loading import is_plain, load
from training.nano import model, tokens, train
from training.nano.decode import greedy
from training.nano.export import export, read_network
from training.nano.families import Chat
from training.nano.model import Network, Shape
from training.nano.train import Progress, Run, chunk_batches, forget_after, padded, rate_share

torch.set_num_threads(1)
SMALL = Shape(width=32, layers=2, heads=2, head_size=16, hidden=48, vocabulary=400, context=256)
SEED = 7


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small tokenizer of its own."""
    folder = tmp_path_factory.mktemp("tokenizer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "VOCABULARY", SMALL.vocabulary)
        patch.setattr(tokens, "TRAINED_ON", 1)
        patch.setattr("training.nano.mixture.CHUNK", 256)
        train.tokenizer_of(folder, SEED)
    return folder


@pytest.fixture
def begin(tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts a small run in a folder of this test."""
    monkeypatch.setattr("training.nano.mixture.CHUNK", 256)
    monkeypatch.setattr(train, "probe", lambda *_: {"sums": 0.0})  # an untrained network never ends its turn
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tokenizer_folder / name).read_bytes())
    return lambda: Run(tmp_path, SMALL, SEED, batch=1024)


def losses(run: Run, steps: int) -> list[float]:
    """The losses of the next steps, at the rates that their tokens say."""
    found: list[float] = []
    for ids, learnt in run.batches():
        found.append(run.step(ids, learnt, 0.1))
        if len(found) == steps:
            return found
    raise AssertionError("batches never end")


def test_a_resumed_run_has_the_losses_of_one_that_was_not_stopped(begin: Any) -> None:
    """Weights, momenta, averages and the place in the text come back exactly."""
    whole = begin()
    expected = losses(whole, 60)
    first = begin()
    assert losses(first, 25) == expected[:25]
    first.save("steady")
    second = begin()
    assert second.load("steady")
    assert second.progress.steps == 25
    assert losses(second, 35) == expected[25:]
    assert second.progress.chunk > 0  # the text went on past the chunk it was stopped in
    assert all(torch.equal(a, b) for a, b in zip(whole.average, second.average, strict=True))


def test_a_killed_save_leaves_the_last_checkpoint(
    begin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint that was not written to its end never takes the place of a whole one."""
    run = begin()
    losses(run, 2)
    run.save("steady")

    def cut(state: Any, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(train.torch, "save", cut)
    losses(run, 2)
    with pytest.raises(KeyboardInterrupt):
        run.save("steady")
    again = begin()
    assert again.load("steady")
    assert again.progress.steps == 2


def test_lines_after_a_checkpoint_are_forgotten(tmp_path: Path) -> None:
    """They will be written again; those of another phase stay."""
    log = tmp_path / "log.jsonl"
    lines = [{"phase": "steady", "tokens": n} for n in (1, 2, 3)] + [{"phase": "decayed", "tokens": 9}]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    forget_after(log, "steady", 2)
    assert [json.loads(line)["tokens"] for line in log.read_text().splitlines()] == [1, 2, 9]


def test_half_a_line_is_forgotten_too(tmp_path: Path) -> None:
    """A kill while a line is written costs that line, not the run."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"phase": "steady", "tokens": 1}\n{"phase": "ste')
    forget_after(log, "steady", 2)
    assert log.read_text() == '{"phase": "steady", "tokens": 1}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_run_that_begins_anew_keeps_no_lines(begin: Any, tmp_path: Path) -> None:
    """What was reported before the first checkpoint comes again."""
    (tmp_path / "log.jsonl").write_text('{"phase": "steady", "tokens": 1}\n{"phase": "decayed", "tokens": 9}\n')
    assert not begin().load("steady")
    assert (tmp_path / "log.jsonl").read_text() == '{"phase": "decayed", "tokens": 9}\n'


def test_a_finished_run_is_left_alone(begin: Any, tmp_path: Path) -> None:
    """The same command once more changes nothing."""
    for _ in range(2):
        train.train(begin(), tokens=2_000)
        train.train(begin(), tokens=0, decay=1_000)
        told = (tmp_path / "log.jsonl").read_text(), (tmp_path / "decayed.pt").read_bytes()
    assert told[0].count('"right"') == 2
    train.train(begin(), tokens=0, decay=1_000)
    assert ((tmp_path / "log.jsonl").read_text(), (tmp_path / "decayed.pt").read_bytes()) == told


def test_a_run_of_another_kind_is_not_taken_over(begin: Any, tmp_path: Path) -> None:
    """Another seed would go on in another text; the message says both."""
    train.train(begin(), tokens=1_000)
    with pytest.raises(SystemExit, match=r"steady\.pt: trained with seed 7, asked for 8"):
        Run(tmp_path, SMALL, 8, batch=1024).load("steady")
    with pytest.raises(SystemExit, match=r"trained with batch 1024, asked for 2048"):
        Run(tmp_path, SMALL, SEED, batch=2048).load("steady")


def test_a_decay_that_was_begun_is_not_another(begin: Any) -> None:
    """Neither over other tokens nor from further on, without the old one out of the way."""
    train.train(begin(), tokens=2_000)
    train.train(begin(), tokens=0, decay=1_000)
    with pytest.raises(SystemExit, match="falls over 1000 tokens, asked for 2000; move it away"):
        train.train(begin(), tokens=0, decay=2_000)
    train.train(begin(), tokens=4_000)
    with pytest.raises(SystemExit, match=r"steady\.pt has gone on to \d+ tokens since decayed\.pt branched off"):
        train.train(begin(), tokens=0, decay=1_000)


def test_the_rate_warms_up_stays_and_falls_to_nothing() -> None:
    """From a millionth of the warm-up's tokens to all of it; from all to none over the decay."""
    assert rate_share(Progress(tokens=train.WARMUP // 2), 0) == pytest.approx(0.5, abs=1e-5)
    assert rate_share(Progress(tokens=50 * train.WARMUP), 0) == 1.0
    assert rate_share(Progress(tokens=1_500, decay_from=1_000), 1_000) == 0.5
    assert rate_share(Progress(tokens=2_500, decay_from=1_000), 1_000) == 0.0


def test_the_decay_leaves_the_steady_checkpoint_as_it_is(begin: Any, tmp_path: Path) -> None:
    """A decayed run branches off; the steady part can still go on."""
    train.train(begin(), tokens=4_000)
    steady = (tmp_path / "steady.pt").read_bytes()
    run = begin()
    train.train(run, tokens=0, decay=3_000)
    assert (tmp_path / "steady.pt").read_bytes() == steady
    assert run.progress.decay_from is not None
    assert run.progress.tokens >= run.progress.decay_from + 3_000


def test_only_the_answer_is_learnt(begin: Any) -> None:
    """The places from the last of the prompt to the last but one of the answer."""
    run = begin()
    for batch in chunk_batches(run.tokenizer, SEED, 0, 1024)[:5]:
        ids, learnt = padded(batch)
        for row, chat in enumerate(batch):
            asked = [chat.ids[place + 1] for place in learnt[row].nonzero()[:, 0].tolist()]
            assert asked == chat.ids[chat.prompt :]
            assert asked[-1] == 0
        assert ids.numel() <= 1024 or len(batch) == 1


def test_what_is_exported_mlx_computes_alike(begin: Any, tmp_path: Path) -> None:
    """The same logits within a thousandth, for weights as half precision keeps them."""
    run = begin()
    losses(run, 20)
    run.save("steady")
    folder = tmp_path / "model"
    export(tmp_path / "steady.pt", folder)
    assert is_plain(folder)
    loaded = load(folder)
    network = rounded(read_network(tmp_path / "steady.pt"))
    prompts = tokens.prompt_ids(run.tokenizer, [Chat(prompt=p, answer="") for p in ("What is 2+3?", "Sort 5, 3.")])
    for ids in prompts:
        ours = network.logits(network.hidden(torch.tensor([ids]), network.places(len(ids)))[0])[0]
        theirs = torch.tensor(loaded.model(mx.array([ids])).tolist())[0]
        assert (ours - theirs).abs().max() < 1e-3


def test_answers_in_a_batch_are_those_of_each_alone() -> None:
    """Padding on the left changes nothing."""
    torch.manual_seed(0)
    network = Network(SMALL)
    prompts = [[2, 40, 41, 1, 3], [2, 50, 1, 3], [2, *range(60, 80), 1, 3]]
    together = greedy(network, prompts, limit=12)
    assert together == [greedy(network, [prompt], limit=12)[0] for prompt in prompts]


def rounded(network: Network) -> Network:
    """The network with its weights as half precision keeps them."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    return network


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler named c++ (Debian: apt-get install g++)")
@pytest.mark.filterwarnings("ignore")  # torch's own, from within its compiler
def test_fused_steps_learn_the_same(begin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The losses agree to five digits with those of the plain functions."""
    plain = losses(begin(), 5)
    for name in ("normed", "gated", "turned"):
        monkeypatch.setattr(model, name, getattr(model, name))  # put back afterwards
    assert model.fuse()
    assert losses(begin(), 5) == pytest.approx(plain, rel=1e-5)


def test_the_last_block_is_left_out_only_where_nobody_reads_it() -> None:
    """Logits at some places are those of a pass over all of them."""
    torch.manual_seed(0)
    network = Network(SMALL)
    ids = torch.randint(4, 300, (3, 11))
    where = torch.tensor([0, 5, 12, 32])
    states, _ = network.hidden(ids, network.places(11))
    assert torch.allclose(network(ids, where), network.logits(states.flatten(0, 1)[where]), atol=1e-5)
