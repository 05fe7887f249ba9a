"""`hiddenlayer cascade RUN`: learns the threshold of a cascade or a router from a stored run."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..strategies.orchestration.signals import SIGNALS
from ..terminal_escape import json_text, visible
from .argument_types import at_least, named_run, share

HELP = "learn when a cheap model's answer suffices: a threshold for cascade or router, from a stored run"
EPILOG = """examples:
  hiddenlayer cascade last
  hiddenlayer cascade last --signal p_true --models mlx:nano-2,mlx:smollm2
  hiddenlayer cascade last --signal words --max-loss 0.02 --write presets/router.yaml

The run has answers of two models by the strategy `single`. Confidences need --hl-confidence there.
The threshold is learnt on one half of the samples, and every figure is of the other half.

exit status: 0 success; 1 no threshold is worth it; 4 no such run, no answers of two models, or no such signal
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, what is compared with the threshold, and how it is learnt."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("--task", metavar="TASK", help="the task to learn on (needed if the run has several)")
    parser.add_argument("--models", metavar="A,B", default="", help="two models of the run, the cheaper one first")
    parser.add_argument(
        "--signal",
        choices=SIGNALS,
        default="mean_logprob",
        help="confidence of the first model (cascade), or words or numbers of the prompt (router)",
    )
    parser.add_argument(
        "--max-loss",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="accuracy below that of the last model that is accepted on the training samples (default: 0)",
    )
    parser.add_argument("--train", type=share, default=0.5, metavar="SHARE", help="share to learn on (default: 0.5)")
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="seed of the split (default: 0)")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write a preset: presets/NAME.yaml is --strategy preset:NAME"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the threshold and its figures."""
    from ..analysis.cascades.questions import stored_questions
    from ..analysis.cascades.text import preset_yaml, threshold_text
    from ..analysis.cascades.thresholds import learn_threshold
    from ..io.atomic import write_text
    from ..results.log.run_log import read_records

    folder = named_run(arguments.name)
    models = [name.strip() for name in arguments.models.split(",") if name.strip()]
    stored = stored_questions(list(read_records(folder)), arguments.signal, task=arguments.task, models=models)
    learnt = learn_threshold(stored, max_loss=arguments.max_loss, train=arguments.train, seed=arguments.seed)
    print(json_text(learnt.to_json()) if arguments.json else visible(threshold_text(learnt)).rstrip("\n"))
    if learnt.threshold is None:
        return 1
    if arguments.write:
        write_text(arguments.write, preset_yaml(learnt, folder.name))
    return 0
