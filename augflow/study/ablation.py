"""What each element of a pipeline is worth: trained with it and without it, with the same seeds.

The worth of an element is how much the whole does better than the whole without it. It is not what the
element would do alone: two that do the same thing may each be worth nothing beside the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from augflow.study.elements import GROUPS, Element, elements, plain
from augflow.study.paired import CONFIDENCE, Paired, Verdict
from augflow.study.study import Study
from augflow.study.trials import Result, Setting, Trial, Workplace
from augflow.train.options import FitOptions

WHOLE, PLAIN = "whole", "plain"


@dataclass(frozen=True)
class Worth:
    """The whole less the whole without one element, paired by seed."""

    name: str
    group: str
    note: str
    accuracy: Paired
    """In [-1, 1]; above 0 the element helps."""
    loss: Paired
    """Validation cross entropy in nats; below 0 the element helps."""
    runs: tuple[Result, ...]
    """The fits without it, one a seed."""

    @property
    def verdict(self) -> Verdict:
        """By the interval of the accuracy."""
        return self.accuracy.verdict()

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.name,
            "group": self.group,
            "note": self.note,
            "verdict": self.verdict,
            "verdict_by_loss": self.loss.verdict(more_is_better=False),
            "accuracy": self.accuracy.to_dict(),
            "loss": self.loss.to_dict(),
            "runs": list(self.runs),
        }


@dataclass(frozen=True)
class Ablation:
    """What came of leaving out each element."""

    over: tuple[str, ...]
    seeds: tuple[int, ...]
    whole: tuple[Result, ...]
    """The fits of the whole spec, one a seed."""
    everything: Worth
    """All that `over` names at once: the whole less the plain run."""
    worths: tuple[Worth, ...]
    """The elements, the one that is worth most first."""
    kept: tuple[Element, ...]
    """Elements that cannot be left out; `note` says why."""

    @property
    def by_luck(self) -> float:
        """How many of the intervals leave zero out by luck alone, were every element worth nothing."""
        return len(self.worths) * (1 - CONFIDENCE)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "over": list(self.over),
            "seeds": list(self.seeds),
            "val_samples": self.whole[0]["val_samples"],
            "fingerprint": self.whole[0]["fingerprint"],
            "whole": list(self.whole),
            "everything": self.everything.to_dict(),
            "elements": [worth.to_dict() for worth in self.worths],
            "kept": [{"name": element.name, "reason": element.note} for element in self.kept],
        }


def ablate(
    study: Study, options: FitOptions, over: Sequence[str] = GROUPS, place: Workplace | None = None
) -> Ablation:
    """Fit `study` whole, plain, and without each element that `over` names, once a seed.

    With the same seed all of them share their order, every draw of the stream that they have in common, and
    the first weights of equal layers; dropout and noise inside the model draw in a row. Raises `TrainError`
    before the first fit for what cannot be compared, and after the last one for trials that failed.
    """
    setting = Setting(study, options)
    chosen = elements(study.pipeline, over)
    pipelines = {WHOLE: study.pipeline, PLAIN: plain(study.pipeline, over)}
    pipelines |= {element.name: element.without for element in chosen if element.without is not None}
    seeds = tuple(study.seeds)
    # A seed at a time, so that a run that is cut short has whole comparisons.
    trials = [Trial.of(name, pipeline, seed) for seed in seeds for name, pipeline in pipelines.items()]
    results = (place or Workplace()).run(setting, trials)
    runs: dict[str, list[Result]] = {name: [] for name in pipelines}
    for trial, result in zip(trials, results, strict=True):
        runs[trial.name].append(result)
    whole = runs[WHOLE]
    everything = Element(PLAIN, "augment", None)
    worths = [_worth(element, whole, runs[element.name]) for element in chosen if element.without is not None]
    return Ablation(
        over=tuple(over),
        seeds=seeds,
        whole=tuple(whole),
        everything=_worth(everything, whole, runs[PLAIN]),
        worths=tuple(sorted(worths, key=lambda worth: (-worth.accuracy.mean, worth.loss.mean))),
        kept=tuple(element for element in chosen if element.without is None),
    )


def _worth(element: Element, whole: Sequence[Result], without: Sequence[Result]) -> Worth:
    accuracy, loss = (
        Paired.of([run[name] for run in whole], [run[name] for run in without])
        for name in ("val_accuracy", "val_loss")
    )
    return Worth(element.name, element.group, element.note, accuracy, loss, tuple(without))
