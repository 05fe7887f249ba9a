"""The trainer of the bundled model: resumed runs are exact, and mlx computes the same logits as torch."""

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

from pytest_hiddenlayer.providers.mlx.loading import load
from pytest_hiddenlayer.providers.mlx.tokenizers import is_plain
from training.nano import model, tokens, train
from training.nano.decode import greedy
from training.nano.export import export, read_network
from training.nano.families import Chat
from training.nano.model import Network, Shape
from training.nano.run import Progress, Run, chunk_batches, padded, tokenizer_of, truncate_log
from training.nano.train import rate_share

torch.set_num_threads(1)
SMALL = Shape(width=32, layers=2, heads=2, head_size=16, hidden=48, vocabulary=400, context=256)
SEED = 7


@pytest.fixture(scope="module")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small tokenizer."""
    folder = tmp_path_factory.mktemp("tokenizer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "VOCABULARY", SMALL.vocabulary)
        patch.setattr(tokens, "TRAINED_ON", 1)
        patch.setattr("training.nano.mixture.CHUNK", 256)
        tokenizer_of(folder, SEED)
    return folder


@pytest.fixture
def begin(tokenizer_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that starts a small run in the test's folder."""
    monkeypatch.setattr("training.nano.mixture.CHUNK", 256)
    monkeypatch.setattr(train, "quick_eval", lambda *_: {"sums": 0.0})  # an untrained network never ends its turn
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tokenizer_folder / name).read_bytes())
    return lambda: Run(tmp_path, SMALL, SEED, batch=1024)


def losses(run: Run, steps: int) -> list[float]:
    """Return the losses of the next steps, at a tenth of the learning rate."""
    values: list[float] = []
    for ids, learnt in run.batches():
        values.append(run.step(ids, learnt, 0.1))
        if len(values) == steps:
            return values
    raise AssertionError("batches never end")


@pytest.mark.slow
def test_a_resumed_run_has_the_losses_of_an_uninterrupted_run(begin: Any) -> None:
    """A checkpoint restores weights, momenta, averages and the position in the text exactly."""
    whole = begin()
    expected = losses(whole, 60)
    first = begin()
    assert losses(first, 25) == expected[:25]
    first.save("steady")
    second = begin()
    assert second.load("steady")
    assert second.progress.steps == 25
    assert losses(second, 35) == expected[25:]
    assert second.progress.chunk > 0  # the run continued past the chunk in which it was stopped
    assert all(torch.equal(a, b) for a, b in zip(whole.average, second.average, strict=True))


def test_a_killed_save_leaves_the_last_checkpoint(
    begin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A partly written checkpoint never replaces a complete one."""
    run = begin()
    losses(run, 2)
    run.save("steady")

    def cut(state: Any, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", cut)
    losses(run, 2)
    with pytest.raises(KeyboardInterrupt):
        run.save("steady")
    again = begin()
    assert again.load("steady")
    assert again.progress.steps == 2


def test_log_entries_after_a_checkpoint_are_removed(tmp_path: Path) -> None:
    """Entries after the checkpoint are removed; those of another phase stay."""
    log = tmp_path / "log.jsonl"
    lines = [{"phase": "steady", "tokens": n} for n in (1, 2, 3)] + [{"phase": "decayed", "tokens": 9}]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    truncate_log(log, "steady", 2)
    assert [json.loads(line)["tokens"] for line in log.read_text().splitlines()] == [1, 2, 9]


def test_half_a_line_is_removed_too(tmp_path: Path) -> None:
    """If the process is killed while it writes a line, only that line is lost."""
    log = tmp_path / "log.jsonl"
    log.write_text('{"phase": "steady", "tokens": 1}\n{"phase": "ste')
    truncate_log(log, "steady", 2)
    assert log.read_text() == '{"phase": "steady", "tokens": 1}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["log.jsonl"]


def test_a_restarted_run_keeps_no_entries(begin: Any, tmp_path: Path) -> None:
    """Without a checkpoint, all entries of the phase are removed, because they are written again."""
    (tmp_path / "log.jsonl").write_text('{"phase": "steady", "tokens": 1}\n{"phase": "decayed", "tokens": 9}\n')
    assert not begin().load("steady")
    assert (tmp_path / "log.jsonl").read_text() == '{"phase": "decayed", "tokens": 9}\n'


def test_a_finished_run_does_not_change(begin: Any, tmp_path: Path) -> None:
    """Running the same command again changes no file."""
    for _ in range(2):
        train.train(begin(), tokens=2_000)
        train.train(begin(), tokens=0, decay=1_000)
        files = (tmp_path / "log.jsonl").read_text(), (tmp_path / "decayed.pt").read_bytes()
    assert files[0].count('"right"') == 2
    train.train(begin(), tokens=0, decay=1_000)
    assert ((tmp_path / "log.jsonl").read_text(), (tmp_path / "decayed.pt").read_bytes()) == files


def test_a_checkpoint_with_other_settings_is_refused(begin: Any, tmp_path: Path) -> None:
    """A checkpoint of another seed or batch size is refused; the message names both values."""
    train.train(begin(), tokens=1_000)
    with pytest.raises(SystemExit, match=r"steady\.pt: trained with seed 7, but this run has 8"):
        Run(tmp_path, SMALL, 8, batch=1024).load("steady")
    with pytest.raises(SystemExit, match=r"trained with batch 1024, but this run has 2048"):
        Run(tmp_path, SMALL, SEED, batch=2048).load("steady")


def test_another_decay_is_refused(begin: Any) -> None:
    """A decay over other tokens or from a later checkpoint is refused until decayed.pt is moved away."""
    train.train(begin(), tokens=2_000)
    train.train(begin(), tokens=0, decay=1_000)
    with pytest.raises(SystemExit, match="decays over 1000 tokens, but --decay is 2000; move it away"):
        train.train(begin(), tokens=0, decay=2_000)
    train.train(begin(), tokens=4_000)
    with pytest.raises(SystemExit, match=r"steady\.pt has \d+ tokens, but decayed\.pt branched off at \d+"):
        train.train(begin(), tokens=0, decay=1_000)


def test_the_learning_rate_warms_up_stays_and_decays_to_zero() -> None:
    """The share of the rate grows over the warm-up, stays at 1, and falls linearly over the decay."""
    assert rate_share(Progress(tokens=train.WARMUP // 2), 0) == pytest.approx(0.5, abs=1e-5)
    assert rate_share(Progress(tokens=50 * train.WARMUP), 0) == 1.0
    assert rate_share(Progress(tokens=1_500, decay_from=1_000), 1_000) == 0.5
    assert rate_share(Progress(tokens=2_500, decay_from=1_000), 1_000) == 0.0


def test_the_decay_does_not_change_the_steady_checkpoint(begin: Any, tmp_path: Path) -> None:
    """A decayed run branches off from steady.pt and does not change it."""
    train.train(begin(), tokens=4_000)
    steady = (tmp_path / "steady.pt").read_bytes()
    run = begin()
    train.train(run, tokens=0, decay=3_000)
    assert (tmp_path / "steady.pt").read_bytes() == steady
    assert run.progress.decay_from is not None
    assert run.progress.tokens >= run.progress.decay_from + 3_000


def test_only_the_answer_is_learnt(begin: Any) -> None:
    """The loss counts the positions from the prompt's last token to the answer's last but one."""
    run = begin()
    for batch in chunk_batches(run.tokenizer, SEED, 0, 1024)[:5]:
        ids, learnt = padded(batch)
        for row, chat in enumerate(batch):
            targets = [chat.ids[index + 1] for index in learnt[row].nonzero()[:, 0].tolist()]
            assert targets == chat.ids[chat.prompt :]
            assert targets[-1] == 0
        assert ids.numel() <= 1024 or len(batch) == 1


def test_mlx_computes_the_logits_of_the_exported_network(begin: Any, tmp_path: Path) -> None:
    """mlx and torch compute the same logits within 0.001 for the weights in half precision."""
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
        in_torch = network.logits(network.hidden(torch.tensor([ids]), network.positions(len(ids)))[0])[0]
        in_mlx = torch.tensor(loaded.model(mx.array([ids])).tolist())[0]
        assert (in_torch - in_mlx).abs().max() < 1e-3


def test_answers_do_not_depend_on_the_batch() -> None:
    """Each answer in a padded batch equals the answer to its prompt alone."""
    torch.manual_seed(0)
    network = Network(SMALL)
    prompts = [[2, 40, 41, 1, 3], [2, 50, 1, 3], [2, *range(60, 80), 1, 3]]
    batched = greedy(network, prompts, limit=12)
    assert batched == [greedy(network, [prompt], limit=12)[0] for prompt in prompts]


def rounded(network: Network) -> Network:
    """Round the network's weights to half precision."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    return network


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("c++"), reason="needs a C++ compiler named c++ (Debian: apt-get install g++)")
@pytest.mark.filterwarnings("ignore")  # torch's own, from within its compiler
def test_fused_steps_learn_the_same(begin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The losses with compiled functions equal those of the plain functions to five digits."""
    plain = losses(begin(), 5)
    for name in ("normed", "gated", "rotated"):
        monkeypatch.setattr(model, name, getattr(model, name))  # restores the plain function after the test
    assert model.fuse()
    assert losses(begin(), 5) == pytest.approx(plain, rel=1e-5)


def test_logits_at_some_positions_equal_those_of_a_full_pass() -> None:
    """Skipping the last block at unread positions does not change the logits at the others."""
    torch.manual_seed(0)
    network = Network(SMALL)
    ids = torch.randint(4, 300, (3, 11))
    where = torch.tensor([0, 5, 12, 32])
    states, _ = network.hidden(ids, network.positions(11))
    assert torch.allclose(network(ids, where), network.logits(states.flatten(0, 1)[where]), atol=1e-5)
