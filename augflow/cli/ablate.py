"""`augflow ablate`: what each op, the mix and each regularizer is worth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from augflow.cli.options import Address, BatchSize, Epochs, Json, Seed, SourcePath, SpecName, default_workers
from augflow.cli.output import Report, reporting
from augflow.cli.progress import progress
from augflow.cli.trials import (
    AtOnce,
    Device,
    LearningRate,
    Optimizer,
    Out,
    Schedule,
    Val,
    fit_options,
    interval,
    open_sources,
    print_table,
)
from augflow.pipeline import load

if TYPE_CHECKING:
    from augflow.study.ablation import Ablation, Worth

COLUMNS = ("without", "accuracy, points", "95% interval", "unpaired error", "loss", "95% interval", "so it")
LUCK = 10
"""From so many intervals on it is said how many miss zero by luck."""


def ablate(
    spec: SpecName,
    source: SourcePath = None,
    val: Val = None,
    over: Annotated[
        str, typer.Option("--over", help="augment, regularize, or names of elements, with commas")
    ] = "augment,regularize",
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="how many fits of each, with seeds 0, 1, ...")
    ] = 3,
    epochs: Epochs = 20,
    lr: LearningRate = None,
    optimizer: Optimizer = "adamw",
    schedule: Schedule = "cosine",
    batch_size: BatchSize = None,
    seed: Seed = None,
    workers: AtOnce = None,
    address: Address = None,
    device: Device = "cpu",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Train with each element of SPEC left out and say what each is worth.

    All runs of one seed share the order, every draw of the stream that they have in common, and the first
    weights of equal layers. Dropout and noise inside the model draw on from what was drawn before them.

    Examples:

      augflow ablate preset:image/small data/train --val data/val --seeds 5 --out ablation

      augflow ablate spec.yaml data/train --val data/val --over regularize,batch/mix
    """
    with reporting() as report:
        from augflow.study import Study, Workplace, plot_worths
        from augflow.study import ablate as run_ablation
        from augflow.study.trials import write_json

        pipeline = load(spec).replace(seed=seed, batch_size=batch_size)
        trained, (judged,) = open_sources(report, pipeline, source, val)
        study = Study(pipeline, trained, judged, seeds=range(seeds))
        names = [name.strip() for name in over.split(",") if name.strip()]
        options = replace(fit_options(epochs, lr, optimizer, schedule), device=device)
        with progress("fits", report) as advance:
            place = Workplace(default_workers() if workers is None else workers, address, out, advance)
            found = run_ablation(study, options, names, place)
        if out is not None:
            write_json(out / "ablation.json", found.to_dict())
            plot_worths(found, out / "ablation.png")
        if as_json:
            report.json(found.to_dict())
        else:
            _print(report, found)


def _print(report: Report, found: Ablation) -> None:
    accuracies = [run["val_accuracy"] for run in found.whole]
    mean = sum(accuracies) / len(accuracies)
    report.line(f"whole spec: validation accuracy {mean:.4f}, mean of {len(found.seeds)} seed(s)")
    everything = f"all of {', '.join(found.over)}"
    rows = [_row(worth.name, worth) for worth in found.worths] + [_row(everything, found.everything)]
    print_table(report, COLUMNS, rows)
    for worth in found.worths:
        if worth.note:
            report.line(f"{worth.name}: {worth.note}")
    for element in found.kept:
        report.line(f"{element.name} was not left out: {element.note}")
    samples = found.whole[0]["val_samples"]
    report.line(
        f"accuracy above 0 and loss below 0: it helps. The intervals are about seeds, on these {samples} "
        "validation samples; other samples add their own luck."
    )
    if len(found.worths) >= LUCK:
        report.line(f"of {len(found.worths)} intervals {found.by_luck:.1f} miss zero by luck alone.")


def _row(name: str, worth: Worth) -> tuple[str, ...]:
    accuracy, loss = worth.accuracy, worth.loss
    error = accuracy.unpaired_error
    return (
        name,
        f"{100 * accuracy.mean:+.2f}",
        interval(accuracy.interval, "+.2f", 100),
        "-" if error is None else f"{100 * error:.2f}",
        f"{loss.mean:+.4f}",
        interval(loss.interval, "+.4f"),
        worth.verdict,
    )
