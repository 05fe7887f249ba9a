"""`finetune`: examples, contamination check, training and the adapter folder, in this order."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..project import find_project
from ..providers.mlx.adapters import CONFIG, MANIFEST, WEIGHTS
from ..providers.mlx.loading import LoadedModel, load
from ..providers.mlx.model_files import model_folder
from ..providers.mlx.weights_fingerprint import weights_fingerprint
from ..results.log.git import git_state
from ..taskfile import load_task
from ..version import __version__
from .adapters import prepare_layers, write_manifest
from .batches import split
from .checkpoint import has_checkpoint, remove_checkpoints
from .contamination import Contamination, check_contamination, judged_texts
from .examples import Example, deduplicated, fingerprint, load_examples
from .settings import FinetuneSettings, settings_from
from .tokens import TokenRow, token_rows
from .trainer import Plan, Trainer
from .training_log import TrainingEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class FinetuneResult:
    """What training did. Losses are means over learned tokens, in nats."""

    folder: Path  # the adapter
    model: str  # the base, as named
    settings: FinetuneSettings
    stopped: str  # why training ended
    steps: int
    best_step: int | None  # of the adapter's weights; None: the last step, because nothing was validated
    best_loss: float | None  # on the validation rows
    first_loss: float | None  # of the base, on the same rows
    training: tuple[tuple[int, float], ...]  # (step, loss)
    validation: tuple[tuple[int, float], ...]  # (step, loss); step 0 is the base
    n_trained: int  # rows
    n_validated: int  # rows
    left_out: Mapping[str, int]  # why examples were not used → how many
    contamination: Contamination | None  # None: no eval was named
    tokens: int  # read in all epochs, padding excluded
    tokens_per_s: float | None  # None: this call trained no step
    cpu_s: float  # of this process, loading included
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Data:
    """The rows of training, and what became of the examples."""

    examples: tuple[Example, ...]
    trained: Sequence[TokenRow]
    validated: Sequence[TokenRow]
    left_out: Counter[str]
    contamination: Contamination | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Base:
    """The base model."""

    name: str
    folder: Path
    fingerprint: str
    loaded: LoadedModel = field(repr=False)


def finetune(
    data: str | Path | Sequence[Example],
    *,
    output: str | Path,
    model: str | None = None,
    task: str | Path | None = None,
    eval_tasks: Sequence[str | Path] = (),
    resume: bool = False,
    allow_contamination: bool = False,
    progress: Callable[[TrainingEvent], None] | None = None,
    notify: Callable[[str], None] | None = None,
    **settings: Any,
) -> FinetuneResult:
    """Fine-tune a local model on right answers, and return where the adapter is and how training went.

    `data` is a task file, a JSONL file of chats, a data file with the columns of the task file `task`, or
    examples (`examples_from_run` makes them from a finished run). `model` is `mlx`, `smollm2`, a folder, a
    GGUF file or a hub name. `eval_tasks` are the task files that will evaluate the model: examples that are too
    similar to one of their samples are left out, or with `allow_contamination` kept and counted. `settings`
    are those of `FinetuneSettings`. With `resume`, training that was interrupted in `output` continues from
    its last checkpoint and ends with the same weights as without the interruption. `progress` is called
    after every step and validation, and `notify` before training with sentences on contamination and data.

    Raises UsageError or TaskError for wrong arguments and data before anything is trained, and
    ProviderUnavailableError if mlx does not work here.
    """
    started_s = time.process_time()
    chosen, folder = settings_from(settings), Path(output)
    root = find_project(Path.cwd(), _paths(data, task, eval_tasks)).root
    examples = load_examples(data, root, task=None if task is None else Path(task))
    contamination = _check(examples, eval_tasks, root)
    refuse_overwriting(folder, resume=resume)
    say = notify or (lambda sentence: None)
    if contamination is not None:
        say(contamination.shortened())
    base = _load_base(model)
    rows = _rows(examples, contamination, base, chosen, allow_contamination=allow_contamination)
    for sentence in _sentences(rows):
        say(sentence)
    config = prepare_layers(base.loaded.model, chosen)
    identity = {"base": base.fingerprint, "data": fingerprint(rows.examples), "settings": chosen.to_json()}
    trainer = _trained(base, rows, chosen, folder, identity, resume=resume, progress=progress)
    result = _result(folder, base.name, chosen, rows, trainer, cpu_s=time.process_time() - started_s)
    manifest = _manifest(result, base, identity, root, allowed=allow_contamination)
    write_manifest(folder, {"model": base.name, **config}, manifest)
    return result


def _trained(
    base: _Base,
    rows: _Data,
    settings: FinetuneSettings,
    folder: Path,
    identity: dict[str, Any],
    *,
    resume: bool,
    progress: Callable[[TrainingEvent], None] | None,
) -> Trainer:
    """The trainer, after training; its checkpoints and weights are in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not resume:
        remove_checkpoints(folder)
    trainer = Trainer(
        base.loaded.model,
        Plan.of(rows.trained, rows.validated, settings),
        folder,
        identity=identity,
        resume=resume,
        notify=progress or (lambda event: None),
    )
    trainer.train()
    return trainer


def _paths(data: object, task: str | Path | None, eval_tasks: Sequence[str | Path]) -> list[Path]:
    """The files that are read: their common folder decides which project's they are."""
    return [Path(path) for path in (data, task, *eval_tasks) if isinstance(path, str | Path)]


def _check(examples: Sequence[Example], eval_tasks: Sequence[str | Path], root: Path) -> Contamination | None:
    """The contamination check against all samples of these task files; None if none is named."""
    tasks = [load_task(Path(path), root) for path in eval_tasks]
    texts = [text for task in tasks for text in judged_texts(task)]
    return check_contamination(examples, texts) if tasks else None


def refuse_overwriting(folder: Path, *, resume: bool) -> None:
    """Raise UsageError if the folder has an adapter or checkpoints, and training is not resumed."""
    if resume or not (
        has_checkpoint(folder) or any((folder / name).exists() for name in (WEIGHTS, CONFIG, MANIFEST))
    ):
        return
    raise UsageError(
        f"output {folder}: the folder has an adapter or checkpoints; resume that training, remove the folder, "
        "or choose another one"
    )


def _load_base(model: str | None) -> _Base:
    name = model or "mlx"
    folder = model_folder(None if name == "mlx" else name.removeprefix("mlx:"))
    loaded = load(folder)
    return _Base(name=name, folder=folder, fingerprint=weights_fingerprint(folder), loaded=loaded)


def _rows(
    examples: Sequence[Example],
    contamination: Contamination | None,
    base: _Base,
    settings: FinetuneSettings,
    *,
    allow_contamination: bool,
) -> _Data:
    """The examples that are left, as tokens, split. Raises UsageError if there are none."""
    close = frozenset() if contamination is None or allow_contamination else contamination.examples
    kept, n_equal = deduplicated(example for index, example in enumerate(examples) if index not in close)
    left_out = Counter({"contaminated": len(close), "equal": n_equal})
    loaded = base.loaded
    max_length = min(settings.max_length, loaded.context or settings.max_length)
    rows, counts = token_rows(kept, loaded.tokenizer, loaded.end_ids, max_length=max_length, long=settings.long)
    left_out += counts
    if not rows:
        reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "none given"
        raise UsageError(f"there is nothing to train on: {len(examples)} examples, of which left out: {reasons}")
    trained, validated = split(rows, settings.validation, settings.seed)
    return _Data(
        examples=kept,
        trained=trained,
        validated=validated,
        left_out=left_out,
        contamination=contamination,
        warnings=tuple(_warnings(loaded, contamination, validated, left_out)),
    )


def _sentences(rows: _Data) -> Iterator[str]:
    """What is trained on, what is left out, and what the user must know before."""
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in rows.left_out.items() if count)
    yield (
        f"{len(rows.trained):,} rows are trained on and {len(rows.validated):,} validated on"
        + (f"; left out: {reasons}" if reasons else "")
    )
    yield from rows.warnings


def _warnings(
    loaded: LoadedModel, contamination: Contamination | None, validated: Sequence[TokenRow], left_out: Counter[str]
) -> list[str]:
    found = []
    if contamination is None:
        found.append("no eval was named, so examples were not compared with the samples that will judge")
    if not validated:
        found.append("nothing is validated, so the last weights are kept and training does not stop early")
    if not loaded.end_ids:
        found.append("the model names no end token, so it does not learn to end its answers")
    if left_out["truncated"]:
        found.append(f"{left_out['truncated']} answers were cut off at max_length")
    return found


def _result(
    folder: Path, name: str, settings: FinetuneSettings, data: _Data, trainer: Trainer, *, cpu_s: float
) -> FinetuneResult:
    reached, curve = trainer.progress, trainer.log.curve("validation")
    return FinetuneResult(
        folder=folder,
        model=name,
        settings=settings,
        stopped=reached.stopped or "",
        steps=reached.step,
        best_step=reached.best_step,
        best_loss=reached.best_loss,
        first_loss=curve[0][1] if curve and curve[0][0] == 0 else None,
        training=trainer.log.curve("step"),
        validation=curve,
        n_trained=len(data.trained),
        n_validated=len(data.validated),
        left_out=data.left_out,
        contamination=data.contamination,
        tokens=reached.tokens,
        tokens_per_s=trainer.tokens_per_s if trainer.trained_steps else None,
        cpu_s=cpu_s,
        warnings=data.warnings,
    )


def _manifest(
    result: FinetuneResult, base: _Base, identity: Mapping[str, Any], root: Path, *, allowed: bool
) -> dict[str, Any]:
    """The content of finetuning.json."""
    checked = result.contamination
    return {
        "base": {"model": base.name, "fingerprint": base.fingerprint},
        "data": {
            "fingerprint": identity["data"],
            "trained": result.n_trained,
            "validated": result.n_validated,
            "left_out": dict(result.left_out),
        },
        "contamination": None if checked is None else {**checked.to_json(), "allowed": allowed},
        "settings": result.settings.to_json(),
        "training": {
            "stopped": result.stopped,
            "steps": result.steps,
            "best_step": result.best_step,
            "best_loss": result.best_loss,
            "first_loss": result.first_loss,
            "tokens": result.tokens,
        },
        "version": __version__,
        "git": git_state(root),
    }
