"""Question: what is each regularization technique worth alone, and what are all of them worth together?

Method: the reference model of the modality is trained on a few hundred samples of four data sets
(`small_sets.py`): plain, then with one technique at a time on top of plain at one strength for all sets
(`techniques.py`), then with the shipped preset, whole and without its `regularize`. AdamW, peak learning
rate 0.003, cosine with 5% warm-up, batches of 32, the same seeds for all, so that differences are taken seed
by seed: within a seed the order, the first weights and the draws of everything else are equal. Accuracy is
that of the weights that a fit ends with, on the test samples; the best epoch is chosen on the same test
samples, for all alike, and so is an upper bound. Early stopping holds back a fifth of the training samples
to stop by, as whoever has no others must. `helps` is said where the 95% interval of the difference over
seeds (Student's t, which for 3 seeds is 4.3 standard errors wide to each side) lies above 0. One torch
thread a run, two runs side by side; `CPU` is the CPU time of a run over plain's, data and tests included.

Command: python -m benchmarks.run --question regularization [--only fashion-mnist] [--limit N]
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.paired import paired
from benchmarks.report import Report, Section
from benchmarks.settings import Settings
from benchmarks.small_sets import SETS, SmallSet, open_sources
from benchmarks.techniques import TECHNIQUES, Technique, left_out, techniques_of
from benchmarks.trials import Outcome, Trial, run_trials

SEEDS = 3
HEADER = (
    "technique",
    "last epoch, %",
    "best epoch, %",
    "gap, points",
    "less plain, points",
    "verdict",
    "CPU",
)
PAPER = (
    "EDA's paper (Wei & Zou 2019, arXiv:1901.11196; mean of five other tasks, a CNN and an LSTM on "
    "pretrained word vectors, 500 examples, 16 copies, alpha 0.05): 76.9 -> 79.9, +3.0 points. Here: one "
    "task, embeddings learned from the 500 sentences alone; 16 copies are 16 augmentations of each sentence "
    "in one batch of 512 rows, or 16 times the epochs, each with new draws, beside plain training as long."
)


def run(settings: Settings) -> Report:
    """Train what is missing, and report what is there."""
    trials = [
        Trial(f"{small.name}/{technique.name}/seed {seed}", _values(small, technique, seed, settings))
        for seed in range(settings.scaled(SEEDS))
        for small in SETS.values()
        for technique in techniques_of(small)
    ]
    outcome = run_trials("regularization", trials, measure, settings)
    sections = [_section(small, outcome, settings) for small in SETS.values()]
    found = [section for section in sections if section.rows]
    words = f"{outcome.words}; {settings.scaled(SEEDS)} seeds"
    return Report("regularization", words, (), [], [], {"runs": dict(outcome.results)}, found)


def _values(small: SmallSet, technique: Technique, seed: int, settings: Settings) -> dict[str, Any]:
    """All that decides a run, written out: a change of a table's line is another run."""
    epochs = settings.scaled(small.epochs * technique.longer)
    return {
        "set": small.name,
        "samples": small.a_class,
        "technique": asdict(technique),
        "spec": technique.sections(small, epochs),
        "seed": seed,
        "epochs": epochs,
        "check_every": min(epochs, small.check_every * technique.longer),
        "most": None if settings.scale >= 1 else settings.scaled(800, least=64),
    }


def measure(values: Mapping[str, Any]) -> dict[str, Any]:
    """One training. Accuracies in [0, 1]."""
    import augflow
    from augflow.sources import split_source
    from augflow.train import FitOptions, evaluate, fit

    small, technique = SETS[values["set"]], TECHNIQUES[values["technique"]["name"]]
    pipeline = augflow.load(values["spec"])
    train, test = open_sources(small, pipeline, values["most"])
    judge, seed = test, int(values["seed"])
    options = FitOptions(epochs=values["epochs"], check_every=values["check_every"], seed=seed, device="cpu")
    if technique.hold_back:
        train, judge = split_source(train, technique.hold_back)
    seeded = pipeline.replace(seed=pipeline.plan.spec.seed + seed)
    report = fit(
        seeded.stream(train),
        seeded.stream(judge, train=False),
        options,
        train_eval=seeded.stream(train, train=False),
    )
    last, checks = report.val_accuracy, [row.val_accuracy for row in report.history]
    if technique.hold_back:
        last, checks = evaluate(report.model, seeded.stream(test, train=False)).accuracy, []
    assert last is not None
    assert report.train_accuracy is not None
    seen = [accuracy for accuracy in checks if accuracy is not None]
    return {
        "last": last,
        "best": max([last, *seen]) if seen else None,
        "train": report.train_accuracy,
        "epochs": report.epochs_run,
    }


def _section(small: SmallSet, outcome: Outcome, settings: Settings) -> Section:
    by_technique = {technique.name: _of(small, technique, outcome) for technique in techniques_of(small)}
    rows = [_row(TECHNIQUES[name], by_technique) for name, found in by_technique.items() if found]
    others = left_out(small)
    epochs = settings.scaled(small.epochs)
    words = [
        f"{small.words}. `preset:{small.preset}`, {epochs} epochs, batches of {small.batch_size}, "
        f"test samples looked at every {small.check_every} epochs; mean ± standard deviation over seeds, the "
        "difference to plain seed by seed ± its standard error."
    ]
    if others:
        words.append(f"Not for its model: {'; '.join(others)}.")
    absent = [name for name, found in by_technique.items() if not found]
    if absent:
        words.append(f"Without a finished run: {'; '.join(absent)}.")
    if small.modality == "text":
        words.append(PAPER)
    return Section(small.name, " ".join(words), HEADER, rows)


def _of(small: SmallSet, technique: Technique, outcome: Outcome) -> dict[int, dict[str, Any]]:
    """Results of a technique by seed."""
    start = f"{small.name}/{technique.name}/seed "
    return {
        int(name.removeprefix(start)): result
        for name, result in outcome.results.items()
        if name.startswith(start)
    }


def _row(technique: Technique, found: Mapping[str, Mapping[int, Mapping[str, Any]]]) -> Sequence[str]:
    own = found[technique.name]
    last = [result["last"] for result in own.values()]
    best = [result["best"] for result in own.values() if result["best"] is not None]
    gap = [result["train"] - result["last"] for result in own.values()]
    base = found[technique.against]
    both = sorted(own.keys() & base.keys())
    cells = [technique.name, _percent(last), _percent(best), _percent(gap)]
    if technique.name == "plain" or not both:
        return (*cells, "", "", "1.0" if technique.name == "plain" else "")
    less = paired([own[seed]["last"] for seed in both], [base[seed]["last"] for seed in both])
    note = "" if technique.against == "plain" else f" ({technique.against})"
    spent = [own[seed]["cpu_seconds"] / base[seed]["cpu_seconds"] for seed in both]
    return (*cells, f"{less.points}{note}", less.verdict, f"{statistics.median(spent):.1f}")


def _percent(values: Sequence[float]) -> str:
    if not values:
        return "-"
    mean = f"{100 * statistics.fmean(values):.1f}"
    return mean if len(values) < 2 else f"{mean} ± {100 * statistics.stdev(values):.1f}"
