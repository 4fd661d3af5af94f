"""Question: how many seeds does an ablation save when the draws of everything else stay the same?

Method: 500 images of fashion-mnist at 14 pixels (50 a class), flip, affine map and dropout 0.3, batches of
32, trained for 2, 5, 12 and 30 epochs, judged on 1,000. One element is left out, the flip or the dropout, and
the difference to the whole is taken over 16 seeds. The saving is the variance of that difference between
independent seeds (the sum of both variances) over its variance between equal seeds: so many times the seeds
an unpaired comparison needs for the same standard error; 1 is no saving. Three kinds of equal seeds tell
apart what it comes from:

- all the same: first weights, order, and the draws of what is left (what `augflow ablate` does);
- other draws: first weights, dropout and order the same, each op under another id and so with other draws;
- weights alone: first weights and dropout the same, order and draws of another seed.

The interval is the bootstrap's over seeds. The saving is taken for accuracy, and for the cross entropy on
the test images, which counts every image by degrees and not by a threshold. One torch thread a run, two
runs side by side.

Command: python -m benchmarks.run --question paired_draws [--limit N]
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.paired import paired, saving, saving_interval
from benchmarks.report import Report
from benchmarks.settings import Settings
from benchmarks.small_sets import SETS, open_sources
from benchmarks.trials import Outcome, Trial, run_trials

SEEDS = 16
LENGTHS = (2, 5, 12, 30)
SIDE = 14
DROPOUT = 0.3
OTHER_SEED = 1000
"""Added to the stream's seed where order and draws are to be others."""

KINDS = {"all the same": "", "other draws": ", other draws", "weights alone": ", weights alone"}
HEADER = (
    "left out",
    "epochs",
    "what is the same",
    "saving, accuracy",
    "saving, cross entropy",
    "whole less this, points",
)


def run(settings: Settings) -> Report:
    """Train what is missing, and report what is there."""
    seeds = range(settings.scaled(SEEDS, least=3))
    lengths = tuple(settings.scaled(length) for length in LENGTHS) if settings.scale >= 1 else (1,)
    trials = [
        Trial(_name(arm, epochs, seed), _values(arm, epochs, seed, settings))
        for epochs in lengths
        for seed in seeds
        for arm in ("whole", *(element + kind for element in ELEMENTS for kind in KINDS.values()))
        if arm != "dropout, other draws"
    ]
    outcome = run_trials("paired_draws", trials, measure, settings)
    rows = [
        row
        for element in ELEMENTS
        for epochs in lengths
        for kind in KINDS
        if (row := _row(outcome, element, epochs, kind)) is not None
    ]
    words = f"{SETS['fashion-mnist'].words}, at {SIDE} pixels; {outcome.words}; {len(seeds)} seeds"
    return Report("paired_draws", words, HEADER, rows, [], {"runs": dict(outcome.results)})


ELEMENTS = ("flip", "dropout")


def _name(arm: str, epochs: int, seed: int) -> str:
    return f"{arm}/{epochs} epochs/seed {seed}"


def _values(arm: str, epochs: int, seed: int, settings: Settings) -> dict[str, Any]:
    element, _, kind = arm.partition(", ")
    ids = ("flip-b", "affine-b") if kind == "other draws" else ("flip", "affine")
    shift = {"x": [-0.1, 0.1], "y": [-0.1, 0.1]}
    augment = [
        {"horizontal_flip": {"p": 0.5}, "id": ids[0]},
        {"affine": {"translate_percent": shift, "rotate": [-10, 10], "p": 0.8}, "id": ids[1]},
    ]
    return {
        "spec": {
            "modality": "image",
            "seed": seed + (OTHER_SEED if kind == "weights alone" else 0),
            "prepare": [{"resize": {"height": SIDE, "width": SIDE, "area_for_downscale": "image"}}],
            "augment": augment[1:] if element == "flip" else augment,
            "batch": {"size": 32},
            "output": {"mean": "half", "std": "half"},
            "regularize": {} if element == "dropout" else {"dropout": DROPOUT},
        },
        "weights_seed": seed,
        "epochs": epochs,
        "most": None if settings.scale >= 1 else settings.scaled(800, least=40),
    }


def measure(values: Mapping[str, Any]) -> dict[str, Any]:
    """One training: accuracy in [0, 1] and cross entropy in nats on the test images."""
    import augflow
    from augflow.train import FitOptions, evaluate, fit

    pipeline = augflow.load(values["spec"])
    train, test = open_sources(SETS["fashion-mnist"], pipeline, values["most"])
    options = FitOptions(epochs=values["epochs"], seed=values["weights_seed"], device="cpu")
    report = fit(pipeline.stream(train), None, options)
    scores = evaluate(report.model, pipeline.stream(test, train=False))
    return {"accuracy": scores.accuracy, "loss": scores.loss}


def _row(outcome: Outcome, element: str, epochs: int, kind: str) -> Sequence[str] | None:
    """None where fewer than three seeds have both arms."""
    wholes, parts = (
        {
            int(name.removeprefix(_name(arm, epochs, 0)[:-1])): result
            for name, result in outcome.results.items()
            if name.startswith(_name(arm, epochs, 0)[:-1])
        }
        for arm in ("whole", element + KINDS[kind])
    )
    both = sorted(wholes.keys() & parts.keys())
    if len(both) < 3:
        return None
    cells = []
    for figure in ("accuracy", "loss"):
        a, b = ([arm[seed][figure] for seed in both] for arm in (wholes, parts))
        low, high = saving_interval(a, b)
        cells.append(f"{saving(a, b):.2f} [{low:.2f}, {high:.2f}]")
    less = paired(*([arm[seed]["accuracy"] for seed in both] for arm in (wholes, parts)))
    spread = statistics.stdev(wholes[seed]["accuracy"] for seed in both)
    return (element, str(epochs), kind, *cells, f"{less.points} (seeds' spread {100 * spread:.1f})")
