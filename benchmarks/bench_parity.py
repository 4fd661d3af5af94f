"""Question: does a model come out the same, fed by augflow or by torch's DataLoader with the same recipe?

Method: 1,000 images of fashion-mnist (100 a class), flip, affine map, brightness and mixup, written twice: as
a spec of augflow, and as a torch Dataset with albumentations' Compose in a DataLoader whose collate function
mixes by the same formula (lambda from Beta(0.2, 0.2) for half of the samples, images rounded to 8 bits).
Draws cannot be equal, so the results are compared in distribution: 10 seeds each, none in common, one loop,
one model, one optimizer and one schedule for both. Welch's 95% interval of the difference of the means is
stated beside the spread of the seeds. One torch thread a run, two runs side by side.

Command: python -m benchmarks.run --question parity [--limit N]
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.paired import welch
from benchmarks.report import Report
from benchmarks.settings import Settings
from benchmarks.small_sets import SETS, open_sources
from benchmarks.trials import Trial, run_trials

if TYPE_CHECKING:
    from torch import Tensor, nn

    from augflow.sources import Source

SEEDS = 10
EPOCHS = 15
BATCH = 32
LR = 3e-3
WEIGHT_DECAY = 0.01
MIX_ALPHA = 0.2
MIX_P = 0.5
SET = replace(SETS["fashion-mnist"], a_class=100)
CONTENDERS = ("augflow", "torch DataLoader")
HEADER = ("contender", "accuracy, %", "cross entropy", "CPU-s a run")

AFFINE = {"rotate": (-10, 10), "scale": (0.9, 1.1), "keep_ratio": True, "p": 0.8}
SHIFT = {"x": (-0.1, 0.1), "y": (-0.1, 0.1)}
BRIGHTNESS = {"brightness_limit": 0.1, "contrast_limit": 0.1, "p": 0.3}
SPEC: Mapping[str, Any] = {
    "modality": "image",
    "augment": [
        {"horizontal_flip": {"p": 0.5}},
        {"affine": {**AFFINE, "translate_percent": SHIFT, "border_mode": "reflect_101"}},
        {"random_brightness_contrast": BRIGHTNESS},
    ],
    "batch": {"size": BATCH, "mix": {"mixup": {"alpha": MIX_ALPHA, "p": MIX_P}}},
    "output": {"mean": "half", "std": "half"},
    "regularize": {"dropout": 0.2},
}


def run(settings: Settings) -> Report:
    """Train what is missing, and report what is there."""
    seeds, epochs = range(settings.scaled(SEEDS, least=2)), settings.scaled(EPOCHS)
    most = None if settings.scale >= 1 else settings.scaled(800, least=64)
    trials = [
        Trial(f"{contender}/seed {seed}", {"contender": contender, "seed": seed + 100 * number} | shared)
        for shared in ({"epochs": epochs, "most": most, "lr": LR, "samples": SET.a_class},)
        for seed in seeds
        for number, contender in enumerate(CONTENDERS)
    ]
    outcome = run_trials("parity", trials, measure, settings)
    found = {
        contender: [
            result for name, result in outcome.results.items() if name.startswith(f"{contender}/seed ")
        ]
        for contender in CONTENDERS
    }
    rows = [_row(contender, results) for contender, results in found.items() if results]
    if all(found.values()):
        rows.append(_difference(*found.values()))
    words = f"1,000 images of fashion-mnist, 1,000 for test, {epochs} epochs; {outcome.words}"
    return Report("parity", words, HEADER, rows, [], {"runs": dict(outcome.results)})


def measure(values: Mapping[str, Any]) -> dict[str, Any]:
    """One training by one contender: accuracy in [0, 1] and cross entropy in nats on the test images."""
    import torch

    import augflow
    from augflow.train import StreamLoader, evaluate
    from augflow.train.reference import reference_model

    seed = int(values["seed"])
    pipeline = augflow.load(dict(SPEC)).replace(seed=seed)
    train, test = open_sources(SET, pipeline, values["most"])
    stream = pipeline.stream(train)
    ours = values["contender"] == "augflow"
    batches = _Pairs(StreamLoader(stream)) if ours else _data_loader(train, seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = reference_model(stream, pipeline.plan.spec.regularize)
        train_model(model, batches, values["epochs"], values["lr"])
    scores = evaluate(model, pipeline.stream(test, train=False))
    return {"accuracy": scores.accuracy, "loss": scores.loss}


def train_model(model: nn.Module, batches: Any, epochs: int, lr: float) -> None:
    """The loop that both contenders feed: (images (N, 1, H, W), soft targets (N, K))."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)
    steps = epochs * len(batches)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps, pct_start=0.1)
    model.train()
    for _ in range(epochs):
        for images, targets in batches:
            loss = torch.nn.functional.cross_entropy(model(images), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


class _Pairs:
    """The batches of a loader as (images, targets)."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Any:
        return ((batch["image"], batch["target"]) for batch in self._loader)


def _data_loader(source: Source, seed: int) -> Any:
    """What a user of torch writes: a Dataset with a Compose, a shuffling DataLoader, a collate that mixes."""
    import albumentations
    import cv2
    import torch

    compose = albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Affine(**AFFINE, translate_percent=SHIFT, border_mode=cv2.BORDER_REFLECT_101),
            albumentations.RandomBrightnessContrast(**BRIGHTNESS),
        ]
    )
    # `Compose(seed=)` would give every op the same draws.
    compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
    images = [(source.read(index).fields["image"], source.read(index).label) for index in range(len(source))]
    mixing = _Mixing(len(source.classes), np.random.default_rng([seed, 1]))
    return torch.utils.data.DataLoader(
        _Images(images, compose),
        batch_size=BATCH,
        shuffle=True,
        drop_last=True,
        collate_fn=mixing,
        generator=torch.Generator().manual_seed(seed),
    )


class _Images:
    """A map-style dataset of images in memory."""

    def __init__(self, images: Sequence[tuple[Any, int]], compose: Any) -> None:
        self._images = images
        self._compose = compose

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image, label = self._images[index]
        return self._compose(image=image)["image"], label


class _Mixing:
    """Samples to (float32 images in [-1, 1] (N, C, H, W), soft targets (N, K)), mixed by mixup."""

    def __init__(self, classes: int, rng: np.random.Generator) -> None:
        self._classes = classes
        self._rng = rng

    def __call__(self, samples: Sequence[tuple[Any, int]]) -> tuple[Tensor, Tensor]:
        import torch

        images = np.stack([image for image, _ in samples]).astype(np.float32)
        targets = np.eye(self._classes, dtype=np.float32)[[label for _, label in samples]]
        n = len(samples)
        lam = self._rng.beta(MIX_ALPHA, MIX_ALPHA, n).astype(np.float32)
        lam[self._rng.random(n) >= MIX_P] = 1
        cycle = self._rng.permutation(n)
        partner = np.empty(n, np.int64)
        partner[cycle] = np.roll(cycle, -1)
        weight = lam[:, None, None, None]
        images = np.rint(weight * images + (1 - weight) * images[partner])
        targets = lam[:, None] * targets + (1 - lam[:, None]) * targets[partner]
        tensor = torch.from_numpy(images / 127.5 - 1).permute(0, 3, 1, 2)
        return tensor.contiguous(memory_format=torch.channels_last), torch.from_numpy(targets)


def _row(contender: str, results: Sequence[Mapping[str, float]]) -> Sequence[str]:
    accuracy = [100 * result["accuracy"] for result in results]
    loss = [result["loss"] for result in results]
    used = statistics.median(result["cpu_seconds"] for result in results)
    return (contender, _spread(accuracy, 2), _spread(loss, 4), f"{used:.0f}")


def _spread(values: Sequence[float], digits: int) -> str:
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.{digits}f} ± {spread:.{digits}f} ({len(values)} seeds)"


def _difference(first: Sequence[Mapping[str, float]], other: Sequence[Mapping[str, float]]) -> Sequence[str]:
    cells = []
    for figure, unit, digits in (("accuracy", 100, 2), ("loss", 1, 4)):
        less = welch([unit * one[figure] for one in first], [unit * one[figure] for one in other])
        cells.append(
            f"{less.mean:+.{digits}f}, 95% interval [{less.low:+.{digits}f}, {less.high:+.{digits}f}]"
        )
    return ("augflow less DataLoader", *cells, "")
