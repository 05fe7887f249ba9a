"""`finetune_and_compare`: an adapter for a task, and what it won and lost there and on the other tasks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...api import evaluate_paths, run_options
from ...errors import ProviderUnavailableError, UsageError, did_you_mean
from ...finetuning.adapters import add_evaluation
from ...finetuning.examples import Example
from ...finetuning.fuse import fuse_adapter
from ...finetuning.run import FinetuneResult, finetune, refuse_overwriting
from ...finetuning.settings import FinetuneSettings, settings_from
from ...options import RunOptions
from ...project import Project, find_project
from ...report.page.comparison_page import Side, write_comparison_page
from ...results.regression.baseline import Baseline
from ...results.regression.compare_runs import RunComparison
from ...results.regression.references import open_reference
from ...session.conftests import load_conftests
from ...session.eval_run import EvalRun
from ...session.progress import Progress
from ...session.task_paths import eval_paths, find_task_files
from ...session.writing import check_reports
from ...taskfile import load_task
from ..comparisons import compare_runs
from ..experiment import Experiment
from ..python_arguments import python_arguments
from ..runs import Run
from .comparison import FinetuneComparison
from .data import training_examples
from .progress import TrainingProgress

PAGE = "comparison.html"
Line = Callable[[int], str]  # columns → what is going on


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """What is trained and evaluated. All of it is checked before a model is loaded."""

    project: Project
    target: Path
    target_name: str
    eval_tasks: tuple[Path, ...]  # task files, the target first
    model: str | None
    output: Path
    fuse: Path | None
    settings: FinetuneSettings
    strategy: tuple[str, ...]
    notify: Callable[[str], None]
    watch: Callable[[Line], None]

    @property
    def base(self) -> str:
        """The base as `--provider` takes it."""
        name = self.model or "mlx"
        return name if name == "mlx" or name.startswith("mlx:") else f"mlx:{name}"

    def options(self, adapter: Path | None = None) -> RunOptions:
        """The options of an evaluation. Raises UsageError."""
        named = {} if adapter is None else {"adapter": str(adapter)}
        written = {"provider": (self.base,), "strategy": self.strategy, "gate": "off", **named}
        return run_options(self.project, {name: value for name, value in written.items() if value})


def finetune_and_compare(
    task: str | Path,
    *,
    data: str | Path | None = None,
    from_run: str | Path | None = None,
    model: str | None = None,
    output: str | Path | None = None,
    evals: Sequence[str | Path] | str | Path | None = None,
    evaluate: bool = True,
    strategy: str | Sequence[str] = "single",
    fuse: str | Path | None = None,
    resume: bool = False,
    allow_contamination: bool = False,
    per_sample: int = 4,
    min_score: float | None = None,
    notify: Callable[[str], None] | None = None,
    watch: Callable[[Line], None] | None = None,
    **settings: Any,
) -> FinetuneComparison:
    """Fine-tune a local model for a task file, and return what it won and lost there and on the other tasks.

    The examples are those of the file `data`, right answers of the run `from_run` (at most `per_sample` of each
    sample; from `min_score` on also partly right ones), or of the file `TASK_train` next to the task file. They
    are compared with every sample of the task and of `evals` (by default the project's), and left out if too
    close. Then base and base with adapter answer all these tasks by `strategy`, paired by sample, with Holm's
    correction over all comparisons. `evaluate=False` ends after training. The adapter's folder `output` (default:
    `adapters/TASK-METHOD`) keeps the results in `finetuning.json` and as a page. `fuse` names a folder for a model
    without adapter. `settings` are those of `FinetuneSettings`.

    `notify` receives sentences, `watch` a function that says how far the present step is. Raises UsageError and
    TaskError before anything is trained, and ProviderUnavailableError if mlx does not work here.
    """
    with python_arguments():
        plan = _plan(task, model, output, evals, strategy, fuse, resume, settings, notify, watch)
        examples = training_examples(
            plan.project,
            plan.target,
            data=None if data is None else Path(data),
            from_run=from_run,
            eval_tasks=plan.eval_tasks,
            per_sample=per_sample,
            min_score=min_score,
            notify=plan.notify,
        )
        trained = _train(plan, examples, resume=resume, allow_contamination=allow_contamination)
        if fuse is not None:
            plan.watch(lambda width: "fusing base and adapter"[:width])
            fused = fuse_adapter(plan.output, Path(fuse))
            trained = replace(trained, fused=fused)
        return _evaluated(plan, trained) if evaluate else trained


def _plan(
    task: str | Path,
    model: str | None,
    output: str | Path | None,
    evals: Sequence[str | Path] | str | Path | None,
    strategy: str | Sequence[str],
    fuse: str | Path | None,
    resume: bool,
    settings: dict[str, Any],
    notify: Callable[[str], None] | None,
    watch: Callable[[Line], None] | None,
) -> _Plan:
    chosen = settings_from(settings)
    named = () if evals is None else (evals,) if isinstance(evals, str | Path) else tuple(evals)
    project = find_project(Path.cwd(), [Path(task), *map(Path, named)])
    others = _other_tasks(project, [Path(name) for name in named])
    target = _target(Path(task), others)
    loaded = load_task(target, project.root)
    plan = _Plan(
        project=project,
        target=target,
        target_name=loaded.name,
        eval_tasks=tuple(dict.fromkeys(path.resolve() for path in (target, *others))),
        model=None if model in (None, "", "mlx") else model,
        output=Path(output or f"adapters/{target.stem}-{chosen.method}"),
        fuse=None if fuse is None else Path(fuse),
        settings=chosen,
        strategy=(strategy,) if isinstance(strategy, str) else tuple(strategy),
        notify=notify or (lambda sentence: None),
        watch=watch or (lambda line: None),
    )
    load_conftests(project.root, plan.eval_tasks)
    plan.options()
    check_reports(project.reports, project.root)
    refuse_overwriting(plan.output, resume=resume)
    if plan.fuse is not None and plan.fuse.exists():
        raise UsageError(f"fused model {plan.fuse}: it exists; remove it, or choose another folder")
    return plan


def _other_tasks(project: Project, named: Sequence[Path]) -> list[Path]:
    """The task files that show what is lost: those named, else the project's evals, if it has any."""
    if not named and not project.ini.get("eval_paths") and not (project.root / "evals").exists():
        return []
    return find_task_files(eval_paths(project, named))


def _target(task: Path, others: Sequence[Path]) -> Path:
    """The task file, named by its path or as one of the evals. Raises UsageError."""
    if task.is_file():
        return task
    by_stem = {path.stem: path for path in others}
    if str(task) in by_stem:
        return by_stem[str(task)]
    hint = did_you_mean(task.stem, by_stem)
    raise UsageError(
        f"task {task}: no such task file{hint or '; name a YAML or JSON file with a top-level `task:` key'}"
    )


def _train(
    plan: _Plan, examples: Sequence[Example], *, resume: bool, allow_contamination: bool
) -> FinetuneComparison:
    config = {"task": plan.target_name, "model": plan.model or "mlx", **plan.settings.to_json()}
    with Experiment(plan.project, f"finetune {plan.target_name}", config) as experiment:
        progress = TrainingProgress(experiment)
        plan.watch(progress.line)
        result = finetune(
            examples,
            output=plan.output,
            model=plan.model,
            eval_tasks=plan.eval_tasks,
            resume=resume,
            allow_contamination=allow_contamination,
            progress=progress.add,
            notify=plan.notify,
            **plan.settings.to_json(),
        )
        plan.notify(_trained(result))
        return FinetuneComparison(training=result, target=plan.target_name, experiment=experiment.run_id)


def _trained(result: FinetuneResult) -> str:
    losses = ""
    if result.first_loss is not None and result.best_loss is not None:
        losses = f"; validation loss {result.first_loss:.3f} → {result.best_loss:.3f} (step {result.best_step})"
    return f"trained {result.steps:,} steps{losses}; {result.stopped}; adapter: {result.folder}"


def _evaluated(plan: _Plan, trained: FinetuneComparison) -> FinetuneComparison:
    """Both evaluations and their comparison, kept in the adapter's folder."""
    runs = [_answered(plan, what, adapter) for what, adapter in (("base", None), ("adapter", plan.output))]
    before, after = (Run(run.folder) for run in runs)
    compared = compare_runs(before, after)
    result = replace(
        trained,
        before=before,
        after=after,
        comparison=compared,
        page=_write_page(plan, compared.comparison, before, after),
        notes=tuple(dict.fromkeys(note for run in runs for note in _notes(run))),
    )
    add_evaluation(plan.output, result.evaluation())
    return result


def _answered(plan: _Plan, what: str, adapter: Path | None) -> EvalRun:
    progress = Progress()
    plan.watch(lambda width: f"{what}: {progress.line(width - len(what) - 2)}")
    command = ["hiddenlayer", "finetune", *sys.argv[2:]]
    run = evaluate_paths(plan.eval_tasks, plan.options(adapter), plan.project, command=command, progress=progress)
    if run.interrupted:
        raise KeyboardInterrupt
    if not any(record.outcome != "skipped" for record in run.records):
        if run.errors:
            raise run.errors[0]
        raise ProviderUnavailableError(next(iter(run.skips), f"{plan.base}: no sample was answered"))
    return run


def _notes(run: EvalRun) -> list[str]:
    """What could not be answered, in sentences."""
    errors = [f"not evaluated: {error}" for error in run.errors]
    return [*errors, *(f"{count:,} samples not answered: {reason}" for reason, count in run.skips.items())]


def _side(plan: _Plan, run: Run) -> Side:
    project = plan.project
    reference = open_reference(str(run.folder), root=project.root, cwd=project.cwd, reports=project.reports)
    cells = [cell for task in reference.source.tasks() for cell in reference.source.cells(task).values()]
    return Side(reference=reference, cells={cell.key: cell for cell in cells if isinstance(cell, Baseline)})


def _write_page(plan: _Plan, comparison: RunComparison, before: Run, after: Run) -> Path | None:
    """The page of the comparison in the adapter's folder; None, and a sentence, if it cannot be written."""
    path = plan.output / PAGE
    try:
        write_comparison_page(comparison, _side(plan, before), _side(plan, after), path.absolute())
    except OSError as error:
        plan.notify(f"the page {path} cannot be written: {error.strerror}")
        return None
    return path
