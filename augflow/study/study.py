"""One question, several seeds: the same fit again and again, and how far the results spread."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from augflow.pipeline import Pipeline
from augflow.sources.base import Source
from augflow.spec.regularize import RegularizeSpec
from augflow.train.fit import fit
from augflow.train.options import FitOptions, FitReport
from augflow.train.save import weights_sha256


@dataclass(frozen=True)
class Study:
    """What is trained on what. Seed s of `seeds` is added to the spec's and used for the weights."""

    pipeline: Pipeline
    train: Source
    val: Source | None
    seeds: Sequence[int] = (0,)
    augment: bool = True
    """False: prepare, evaluate and finish only, without mixing, still shuffled."""
    regularize: bool = True
    """False: nothing of the spec's `regularize`."""
    unmixed_epochs: int = 0
    """The last so many epochs come without mixing; the model ends on samples as they are."""
    num_workers: int = 0
    address: str | None = None

    def run(self, options: FitOptions) -> list[FitReport]:
        """One report a seed."""
        pipeline = self.pipeline if self.augment else self.pipeline.without_augmentation()
        if self.unmixed_epochs:
            pipeline = pipeline.without_mixing(from_epoch=options.epochs - self.unmixed_epochs)
        if not self.regularize:
            options = replace(options, regularize=RegularizeSpec())
        pool: dict[str, Any] = {"num_workers": self.num_workers, "address": self.address}
        reports = []
        with ExitStack() as streams:
            judged = [
                None
                if source is None
                else streams.enter_context(pipeline.stream(source, train=False, **pool))
                for source in (self.val, self.train)
            ]
            for seed in self.seeds:
                own = replace(options, seed=seed, out=options.out and options.out / f"seed-{seed}")
                seeded = pipeline.replace(seed=pipeline.plan.spec.seed + seed)
                with seeded.stream(self.train, **pool) as stream:
                    reports.append(fit(stream, judged[0], own, train_eval=judged[1]))
        return reports


def summary(reports: Sequence[FitReport]) -> dict[str, Any]:
    """Accuracies a seed, in [0, 1], with mean and sample standard deviation (None for one seed).

    `weights_sha256`, one a seed, tells whether two runs ended with the same model.
    """
    accuracy = [report.val_accuracy for report in reports]
    known = [value for value in accuracy if value is not None]
    return {
        "accuracy": accuracy,
        "mean": statistics.fmean(known) if known else None,
        "std": statistics.stdev(known) if len(known) > 1 else None,
        "train_accuracy": [report.train_accuracy for report in reports],
        "gap": [report.gap for report in reports],
        "val_loss": [report.val_loss for report in reports],
        "epochs_run": [report.epochs_run for report in reports],
        "samples_per_s": statistics.fmean(report.samples_per_s for report in reports),
        "seeds": [report.seed for report in reports],
        "weights_sha256": [weights_sha256(report.model) for report in reports],
        "val_samples": reports[0].val_samples,
        "classes": list(reports[0].classes),
        "fingerprint": reports[0].fingerprint,
    }
