"""Question: what are mixup and cutmix worth to a residual network at the papers' settings?

Method: ResNet-18 in CIFAR's form (stem 3x3, stages of 64 to 512 channels, two blocks each), SGD with
Nesterov momentum 0.9, weight decay 1e-4, learning rate 0.1, divided by 10 after a half and three quarters of
the epochs, batches of 128, crops of images padded by 4, flips. Plain; mixup with alpha 1 (Zhang 2018,
arXiv:1710.09412: 200 epochs, divided after 100, 150); cutmix with alpha 1 for half of the batches (Yun 2019,
arXiv:1905.04899: 300 epochs, divided after 150 and 225). One lambda and one box a batch, as there. Shortened
to 30 epochs unless `--epochs` says otherwise; bfloat16 autocast on CUDA. Test images are looked at after
the last epoch alone.

Data: fashion-mnist's class folders, or `--data` with CIFAR's binary files or with class folders of images of
one size, `train` and `test`.

Command: python -m benchmarks.run --question mixing_accelerator [--data DIR] [--epochs 200]
(without CUDA it refuses; `--device cpu --scale 0.01` shows that it runs)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.cifar import open_pictures
from benchmarks.paired import paired
from benchmarks.report import Report
from benchmarks.settings import Settings
from benchmarks.small_sets import at_most, data_folder
from benchmarks.trials import Trial, run_trials

if TYPE_CHECKING:
    from torch import nn

    from augflow.sources import Source

SEEDS = 3
EPOCHS = 30
BATCH = 128
PAD = 4
LR = 0.1
WEIGHT_DECAY = 1e-4
WIDTHS = (64, 64, 128, 256, 512)
BLOCKS = 2
RECIPES: Mapping[str, Mapping[str, Any] | None] = {
    "plain": None,
    "mixup": {"mixup": {"alpha": 1.0, "per": "tile"}},
    "cutmix": {"cutmix": {"alpha": 1.0, "p": 0.5, "per": "tile"}},
}
HEADER = ("recipe", "test error, % by seed", "mean", "less plain, points")


def run(settings: Settings) -> Report:
    """Train what is missing, and report what is there."""
    device = _device(settings)
    folder = settings.data or data_folder() / "fashion-mnist"
    *_, words = open_pictures(folder)
    epochs = settings.scaled(settings.epochs or EPOCHS)
    seeds = range(settings.scaled(SEEDS))
    trials = [
        Trial(f"{folder.name}/{recipe}/{epochs} epochs/seed {seed}", values)
        for seed in seeds
        for recipe, mix in RECIPES.items()
        for values in [
            {
                "folder": str(folder.resolve()),
                "mix": mix,
                "epochs": epochs,
                "seed": seed,
                "device": device,
                "batch": settings.scaled(BATCH, least=16),
                "most_batches": None if settings.scale >= 1 else 2,
                "most_tested": None if settings.scale >= 1 else 32,
            }
        ]
    ]
    outcome = run_trials("mixing_accelerator", trials, measure, _one_at_a_time(settings))
    found = {
        recipe: {
            seed: outcome.results[name]["error"]
            for seed in seeds
            if (name := f"{folder.name}/{recipe}/{epochs} epochs/seed {seed}") in outcome.results
        }
        for recipe in RECIPES
    }
    rows = [_row(recipe, found) for recipe, results in found.items() if results]
    shown = f"{words}; ResNet-18 on {device}, {epochs} epochs (the papers: 200 and 300); {outcome.words}"
    return Report("mixing_accelerator", shown, HEADER, rows, [], {"runs": dict(outcome.results)})


def _device(settings: Settings) -> str:
    import torch

    if settings.device is not None:
        return settings.device
    if not torch.cuda.is_available():
        raise SystemExit(
            "mixing_accelerator needs CUDA, and torch finds none; `--device cpu --scale 0.01` shows that it "
            "runs"
        )
    return "cuda"


def _one_at_a_time(settings: Settings) -> Settings:
    """An accelerator is busy with one run."""
    return replace(settings, processes=1)


def measure(values: Mapping[str, Any]) -> dict[str, Any]:
    """One training: the test error in [0, 1]."""
    import torch

    import augflow
    from augflow.train import StreamLoader, evaluate

    train, test, _ = open_pictures(Path(values["folder"]))
    pipeline = augflow.load(_spec(train, values))
    on_cuda = values["device"].startswith("cuda")
    with torch.random.fork_rng(), pipeline.stream(train, num_workers=4 if on_cuda else 0) as stream:
        torch.manual_seed(values["seed"])
        channels = int(stream.peek()["image"].shape[-1])
        model = _network(len(stream.classes), channels).to(values["device"])
        _train(model, StreamLoader(stream, values["device"]), values)
        with pipeline.stream(at_most(test, values["most_tested"]), train=False) as judged:
            return {"error": 1 - evaluate(model, judged, values["device"]).accuracy}


def _network(classes: int, channels: int) -> nn.Module:
    from augflow.train import ResidualCNN

    return ResidualCNN(classes, channels, stem_stride=1, widths=WIDTHS, blocks=BLOCKS)


def _spec(source: Source, values: Mapping[str, Any]) -> dict[str, Any]:
    height, width = source.read(0).fields["image"].shape[:2]
    size = {"height": height, "width": width}
    batch: dict[str, Any] = {"size": values["batch"], "tile": values["batch"]}
    return {
        "modality": "image",
        "seed": values["seed"],
        "prepare": [{"pad": {"padding": PAD}}],
        "augment": [{"random_crop": {**size, "p": 1.0}}, {"horizontal_flip": {"p": 0.5}}],
        "evaluate": [{"center_crop": size}],
        "batch": batch if values["mix"] is None else {**batch, "mix": values["mix"]},
        "output": {"mean": "half", "std": "half"},
    }


def _train(model: nn.Module, loader: Any, values: Mapping[str, Any]) -> None:
    import torch

    optimizer = torch.optim.SGD(
        model.parameters(), lr=LR, momentum=0.9, nesterov=True, weight_decay=WEIGHT_DECAY
    )
    steps = [round(values["epochs"] * share) for share in (0.5, 0.75)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, steps)
    on_cuda = values["device"].startswith("cuda")
    model.train()
    for _ in range(values["epochs"]):
        for number, batch in enumerate(loader):
            if number == values["most_batches"]:
                return
            with torch.autocast("cuda", torch.bfloat16, enabled=on_cuda):
                logits = model(batch["image"])
            loss = torch.nn.functional.cross_entropy(logits.float(), batch["target"])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        schedule.step()


def _row(recipe: str, found: Mapping[str, Mapping[int, float]]) -> Sequence[str]:
    errors, plain = found[recipe], found["plain"]
    both = sorted(errors.keys() & plain.keys())
    less = "" if recipe == "plain" or not both else _less(errors, plain, both)
    mean = f"{100 * sum(errors.values()) / len(errors):.2f}"
    return (recipe, " ".join(f"{100 * error:.2f}" for error in errors.values()), mean, less)


def _less(errors: Mapping[int, float], plain: Mapping[int, float], seeds: Sequence[int]) -> str:
    return paired([errors[seed] for seed in seeds], [plain[seed] for seed in seeds]).points
