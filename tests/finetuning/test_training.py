"""Training: its end, its best weights, and resuming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from support.finetuning import example, write_tiny_model

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.finetuning import trainer
from pytest_hiddenlayer.finetuning.adapters import load_with_adapter
from pytest_hiddenlayer.finetuning.batches import split
from pytest_hiddenlayer.finetuning.loss import mean_loss
from pytest_hiddenlayer.finetuning.run import finetune
from pytest_hiddenlayer.finetuning.tokens import token_rows
from pytest_hiddenlayer.finetuning.weights import read_weights

FAST = {"rank": 2, "learning_rate": 1e-2, "batch_size": 4, "epochs": 2, "evaluate_every": 3}


class StopError(Exception):
    """Raised by a test in the middle of training."""


def train(examples, model, output, **changes):
    """Train a tiny model with the settings of these tests."""
    return finetune(examples, model=str(model), output=output, **{**FAST, **changes})


def stop_after(step):
    """A progress callback that interrupts training after a step."""

    def callback(event):
        if event.kind == "step" and event.step == step:
            raise StopError

    return callback


def weights(folder):
    """The bytes of the adapter's weights, by name."""
    return {name: bytes(memoryview(array)) for name, array in read_weights(folder / "adapters.safetensors").items()}


def events(folder):
    """The log without its speeds."""
    lines = (folder / "training.jsonl").read_text(encoding="utf-8").splitlines()
    return [{**json.loads(line), "tokens_per_s": None} for line in lines]


@pytest.fixture(scope="module")
def uninterrupted(tiny_model, colours, tmp_path_factory):
    """Training with dropout and accumulation, from the start to the end."""
    output = tmp_path_factory.mktemp("uninterrupted") / "adapter"
    train(colours, tiny_model, output, dropout=0.1, accumulation=2, evaluate_every=1)
    return output


@pytest.mark.parametrize("method", ["lora", "dora", "full"])
def test_every_method_learns(tiny_model, colours, tmp_path, method):
    """With each method the validation loss falls below the base model's."""
    result = train(colours, tiny_model, tmp_path / "adapter", method=method)
    assert result.first_loss is not None
    assert result.best_loss < result.first_loss
    assert result.validation[0] == (0, result.first_loss)
    assert result.n_trained + result.n_validated == 30
    assert result.stopped == trainer.FINISHED


def test_a_step_uses_what_is_left_over(tiny_model, colours, tmp_path):
    """The last step of an epoch uses the batches that are left over: 7 batches, 4 a step, are 2 steps."""
    result = train(colours, tiny_model, tmp_path / "adapter", accumulation=4, epochs=1, evaluate_every=None)
    learned = [row["tokens"] for row in events(tmp_path / "adapter") if row["kind"] == "step"]
    assert result.n_trained == 27
    assert len(learned) == 2
    assert all(learned)


def test_resuming_gives_the_same_weights(tiny_model, colours, uninterrupted, tmp_path):
    """Training that is interrupted twice and resumed ends with bit-identical weights and the same loss curve."""
    output, settings = tmp_path / "adapter", {"dropout": 0.1, "accumulation": 2, "evaluate_every": 1}
    for step in (2, 5):
        with pytest.raises(StopError):
            train(colours, tiny_model, output, progress=stop_after(step), resume=step > 2, **settings)
    train(colours, tiny_model, output, resume=True, **settings)
    assert weights(output) == weights(uninterrupted)
    assert events(output) == events(uninterrupted)


def test_training_that_is_killed_resumes(tiny_model, colours, uninterrupted, tmp_path):
    """After `kill -9` in the middle of a step, resuming ends with bit-identical weights."""
    output = tmp_path / "adapter"
    code = f"""
import os, signal, sys
sys.path[:0] = {sys.path!r}
from support.finetuning import example
from pytest_hiddenlayer.finetuning import trainer
from pytest_hiddenlayer.finetuning.run import finetune
names = ("red", "green", "blue", "dark blue", "a very light yellow")
colours = tuple(example(f"Colour of thing {{n}}?", names[n % 5] + "!" * (n % 3)) for n in range(30))
save = trainer.save_checkpoint
def killed(output, checkpoint, identity):
    if checkpoint.progress.step == 5:  # its folder is half written
        (output / "checkpoints" / ".step-00000005.0.part").mkdir()
        os.kill(os.getpid(), signal.SIGKILL)
    save(output, checkpoint, identity)
trainer.save_checkpoint = killed
finetune(colours, model={str(tiny_model)!r}, output={str(output)!r}, dropout=0.1, accumulation=2,
         **{{**{FAST!r}, "evaluate_every": 1}})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert done.returncode == -signal.SIGKILL, done.stderr
    train(colours, tiny_model, output, dropout=0.1, accumulation=2, evaluate_every=1, resume=True)
    assert weights(output) == weights(uninterrupted)
    assert [path.name for path in sorted((output / "checkpoints").iterdir()) if path.suffix == ".part"] == []


@pytest.mark.parametrize("name", ["weights", "optimizer"])
def test_a_checkpoint_of_other_arrays_is_refused(tiny_model, colours, tmp_path, name):
    """A checkpoint whose arrays were exchanged is not resumed, and nothing is trained with half of them."""
    import mlx.core as mx

    output = tmp_path / "adapter"
    with pytest.raises(StopError):
        train(colours, tiny_model, output, progress=stop_after(4))
    (checkpoint,) = (output / "checkpoints").iterdir()
    mx.save_safetensors(str(checkpoint / f"{name}.safetensors"), {"other": mx.zeros((2,))})
    with pytest.raises(UsageError, match=r"has other arrays than this training .* remove the newest folder"):
        train(colours, tiny_model, output, resume=True)


def test_a_finished_run_resumes_to_itself(tiny_model, colours, uninterrupted):
    """Resuming a finished run trains nothing and changes no weight."""
    before = weights(uninterrupted)
    result = train(colours, tiny_model, uninterrupted, dropout=0.1, accumulation=2, evaluate_every=1, resume=True)
    assert result.tokens_per_s is None
    assert weights(uninterrupted) == before


@pytest.mark.parametrize("change", ["settings", "data", "base"])
def test_another_run_is_not_resumed(tiny_model, colours, tmp_path, tmp_path_factory, change):
    """Other settings, data or another base are named, and nothing is trained."""
    with pytest.raises(StopError):
        train(colours, tiny_model, tmp_path / "adapter", progress=stop_after(4))
    model = write_tiny_model(tmp_path / "other", seed=1) if change == "base" else tiny_model
    examples = colours[1:] if change == "data" else colours
    rank = 3 if change == "settings" else 2
    with pytest.raises(UsageError, match=f"cannot be resumed, because .*{change}"):
        train(examples, model, tmp_path / "adapter", resume=True, rank=rank)


def test_the_best_weights_are_kept(tiny_model, colours, tmp_path):
    """The adapter has the weights of the lowest validation loss, not the last ones, after a rate that is too high."""
    result = train(
        colours, tiny_model, tmp_path / "a", learning_rate=0.3, epochs=4, evaluate_every=1, schedule="constant"
    )
    assert result.best_loss == min(loss for _, loss in result.validation) < result.validation[-1][1]
    assert dict(result.validation)[result.best_step] == result.best_loss
    loaded = load_with_adapter(tiny_model, tmp_path / "a")
    rows, _ = token_rows(colours, loaded.tokenizer, loaded.end_ids, max_length=99, long="refuse")
    held = split(rows, result.settings.validation, result.settings.seed)[1]
    assert mean_loss(loaded.model, [held]) == pytest.approx(result.best_loss, rel=1e-5)


def test_training_stops_early(tiny_model, colours, tmp_path):
    """Training ends after `patience` validations without a lower loss, and says so."""
    result = train(
        colours,
        tiny_model,
        tmp_path / "a",
        learning_rate=0.3,
        epochs=50,
        evaluate_every=1,
        schedule="constant",
        patience=3,
    )
    assert result.stopped == trainer.PATIENCE
    assert result.validation[-1][0] == result.steps < 300
    assert all(loss >= result.best_loss for _, loss in result.validation[-3:])


def test_a_loss_that_is_not_finite_stops(tiny_model, colours, tmp_path, monkeypatch):
    """NaN in the loss ends training before it reaches the weights; the best weights so far are the adapter."""
    real = trainer.gradient_of

    def broken(model):
        gradient, calls = real(model), iter(range(99))

        def of_batches(batches):
            loss, values = gradient(batches)
            return (float("nan") if next(calls) == 4 else loss), values

        return of_batches

    monkeypatch.setattr(trainer, "gradient_of", broken)
    result = train(colours, tiny_model, tmp_path / "adapter", evaluate_every=2)
    assert (result.stopped, result.steps) == (trainer.NOT_FINITE, 4)
    assert result.best_step in (2, 4)
    assert all(b"\x7f\xc0" not in value[2:4] for value in weights(tmp_path / "adapter").values())


def test_a_model_that_is_not_finite_is_refused(colours, tmp_path):
    """If the first step is not finite, there are no weights to keep: an error says so."""
    import mlx.core as mx

    folder = write_tiny_model(tmp_path / "model")
    arrays = read_weights(folder / "model.safetensors")
    mx.save_safetensors(
        str(folder / "model.safetensors"), {**arrays, "model.norm.weight": mx.full((32,), float("nan"))}
    )
    with pytest.raises(UsageError, match="not finite, so there are no weights to keep"):
        train(colours, folder, tmp_path / "adapter")


def test_an_adapter_is_not_overwritten(tiny_model, colours, uninterrupted):
    """A folder with an adapter is refused unless its training is resumed."""
    with pytest.raises(UsageError, match="the folder has an adapter or checkpoints; resume"):
        train(colours, tiny_model, uninterrupted)


def test_contaminated_examples_are_left_out(tiny_model, colours, tmp_path):
    """An example that an eval asks is left out and counted; if allowed, it is kept, and the manifest says so."""
    task = tmp_path / "t.yaml"
    task.write_text("task: t\nscorers: [exact]\nsamples: [{id: a, input: Colour of thing 3, target: x}]\n")
    result = train(colours, tiny_model, tmp_path / "a", eval_tasks=[task], epochs=1)
    assert result.left_out["contaminated"] == 1
    assert result.n_trained + result.n_validated == 29
    kept = train(colours, tiny_model, tmp_path / "b", eval_tasks=[task], epochs=1, allow_contamination=True)
    assert kept.n_trained + kept.n_validated == 30
    manifest = json.loads((tmp_path / "b" / "finetuning.json").read_text())
    assert manifest["contamination"]["allowed"] is True
    assert manifest["contamination"]["pairs"][0]["example_text"] == "Colour of thing 3?"


def test_nothing_left_to_train_on(tiny_model, tmp_path):
    """If every example is left out, the reasons are counted and nothing is written."""
    with pytest.raises(UsageError, match="nothing to train on: 2 examples, of which left out: 1 equal, 1 dropped"):
        train([example("q " * 300, "a")] * 2, tiny_model, tmp_path / "adapter")
    assert not (tmp_path / "adapter").exists()


def test_equal_examples_are_trained_on_once(tiny_model, colours, tmp_path):
    """Equal examples count once; what was left out is counted."""
    result = train((*colours, replace(colours[0], source="again")), tiny_model, tmp_path / "a", epochs=1)
    assert dict(result.left_out) == {"equal": 1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epoch": 1}, "no setting 'epoch', did you mean 'epochs'"),
        ({"method": "lorra"}, "method is 'lorra', did you mean 'lora'"),
        ({"rank": 0}, "rank is 0; it must be a whole number from 1"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; it must be a number"),
        ({"epochs": 1.5}, "epochs is 1.5; it must be a whole number"),
        ({"epochs": True}, "epochs is True"),
    ],
)
def test_wrong_settings(tiny_model, colours, tmp_path, settings, message):
    """A wrong setting is named with its value and what it may be, before anything is loaded."""
    with pytest.raises(UsageError, match=message):
        finetune(colours, model=str(tiny_model), output=tmp_path / "adapter", **settings)
