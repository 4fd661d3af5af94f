"""`augflow demo`: the main job on real data that scikit-learn carries, end to end."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.table import Table

from augflow.cli.options import Json, Workers, training_threads
from augflow.cli.output import Report, reporting
from augflow.digest import digest_streams
from augflow.errors import SourceError
from augflow.pipeline import Pipeline, load
from augflow.sources import open_source
from augflow.stream import BatchStream

if TYPE_CHECKING:
    from augflow.train import FitReport

SPEC = "preset:image/digits"
TRAIN_SAMPLES = 200
TEST_SAMPLES = 1000
"""The last 1,000 digits are mostly by other writers than those before them."""
SEEDS = (0, 1, 2)
EPOCHS = 100
CHECK_EVERY = 10
WORKERS = 2


def demo(
    out: Annotated[Path, typer.Option("--out", help="digits, picture and numbers go here")] = Path(
        "augflow-demo"
    ),
    workers: Workers = WORKERS,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = EPOCHS,
    as_json: Json = False,
) -> None:
    """Train a small network on 200 handwritten digits, plain and augmented, and compare on 1,000 others."""
    started = time.perf_counter()
    with reporting() as report:
        write_digits(out / "digits")
        report.say(
            f"digits: {TRAIN_SAMPLES} for training (drawn anew for each seed), {TEST_SAMPLES} for test"
        )
        pipeline = load(SPEC)
        num_workers = WORKERS if workers is None else workers
        # Kept open, so that all streams below share one Ray.
        with pipeline.stream(str(out / "digits/train-0"), num_workers=num_workers) as stream:
            report.watch(stream)
            shown, digest = _first_epoch(stream)
            studies = _studies(report, pipeline, out, num_workers, epochs)
        result = {
            **_table(studies),
            "digest": digest,
            "workers": num_workers,
            "seconds": round(time.perf_counter() - started, 1),
            "picture": str(out / "demo.png"),
        }
        from augflow.study.picture import plot_study

        plot_study(shown, stream.classes, studies, out / "demo.png")
        if as_json:
            report.json(result)
        else:
            _print(report, result)


def write_digits(folder: Path) -> None:
    """Class folders of 8 x 8 PNG files: one test set, one training set a seed, apart from each other."""
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        raise SourceError("the demo's digits come with scikit-learn: install the extra `demo`") from error
    digits = load_digits()
    images = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    first_test = len(images) - TEST_SAMPLES
    parts = {"test": np.arange(first_test, len(images))}
    for seed in SEEDS:
        parts[f"train-{seed}"] = _drawn(first_test, seed)
    for name, indices in parts.items():
        for index in indices:
            file = folder / name / str(digits.target[index]) / f"{index:04d}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[index]).save(file)


def _drawn(length: int, seed: int) -> Any:
    from augflow.sources import EpochOrder

    return np.sort(EpochOrder(length, seed, 0, True).take(np.arange(TRAIN_SAMPLES)))


def _first_epoch(stream: BatchStream) -> tuple[Any, str]:
    """A batch to look at, and the digest of the first epoch."""
    shown = stream.peek()
    return shown, digest_streams([stream], epochs=1).hexdigest()


def _studies(
    report: Report, pipeline: Pipeline, out: Path, num_workers: int, epochs: int
) -> dict[str, list[FitReport]]:
    from augflow.study.study import Study
    from augflow.train import FitOptions

    options = FitOptions(epochs=epochs, check_every=CHECK_EVERY, threads=training_threads())
    studies: dict[str, list[FitReport]] = {"plain": [], "augmented": []}
    test = str(out / "digits/test")
    for seed in SEEDS:
        train = open_source(str(out / f"digits/train-{seed}"))
        val = open_source(test, classes=train.classes)
        for name, reports in studies.items():
            chosen = name == "augmented"
            study = Study(pipeline, train, val, (seed,), chosen, chosen, num_workers)
            reports += study.run(options)
            report.say(f"seed {seed}, {name}: test accuracy {reports[-1].val_accuracy:.3f}")
    return studies


def _table(studies: dict[str, list[FitReport]]) -> dict[str, Any]:
    """Accuracies in [0, 1], gaps and paired differences in points."""
    rows: dict[str, dict[str, Any]] = {}
    for name, reports in studies.items():
        accuracy = [report.val_accuracy or 0.0 for report in reports]
        rows[name] = {
            "accuracy": accuracy,
            "mean": statistics.fmean(accuracy),
            "std": statistics.stdev(accuracy),
            "gap_points": [100 * (report.gap or 0.0) for report in reports],
            "test_loss": [report.val_loss for report in reports],
            "samples_per_s": statistics.fmean(report.samples_per_s for report in reports),
        }
    pairs = zip(rows["augmented"]["accuracy"], rows["plain"]["accuracy"], strict=True)
    differences = [100 * (augmented - plain) for augmented, plain in pairs]
    paired = {
        "points": differences,
        "mean": statistics.fmean(differences),
        "std": statistics.stdev(differences),
    }
    return {**rows, "difference": paired, "seeds": list(SEEDS)}


def _print(report: Report, result: dict[str, Any]) -> None:
    table = Table(title="200 digits for training, 1,000 by mostly other writers for test")
    for column in ("", *(f"seed {seed}" for seed in result["seeds"]), "mean", "gap", "samples/s"):
        table.add_column(column, justify="right" if column else "left")
    for name in ("plain", "augmented"):
        row = result[name]
        gap = statistics.fmean(row["gap_points"])
        values = [*_percent(row["accuracy"]), f"{100 * row['mean']:.1f}% ± {100 * row['std']:.1f}"]
        table.add_row(name, *values, f"{gap:.1f} points", f"{row['samples_per_s']:.0f}")
    paired = result["difference"]
    points = [f"{value:+.1f}" for value in paired["points"]]
    table.add_row("difference", *points, f"{paired['mean']:+.1f} ± {paired['std']:.1f}", "", "")
    console = Console(file=sys.stderr, width=100)
    with console.capture() as capture:
        console.print(table)
    report.line(capture.get())
    report.line("± is the standard deviation over the seeds; gap is training less test accuracy.")
    losses = [statistics.fmean(result[name]["test_loss"]) for name in ("plain", "augmented")]
    rise = "; smoothing and mixup raise it" if losses[1] > losses[0] else ""
    report.line(f"Test loss {losses[0]:.3f} plain, {losses[1]:.3f} augmented{rise}.")
    report.line(f"stream digest {result['digest']}")
    report.line(f"picture {result['picture']}, {result['seconds']:.0f} s with {result['workers']} workers")


def _percent(values: Sequence[float]) -> list[str]:
    return [f"{100 * value:.1f}%" for value in values]
