"""Question: what is left of two cores when the samples are tiny and the ops cost next to nothing?

Method: as in `bench_heavy_stream`, with images in memory, 36x36, cropped to 32x32, flipped and mixed
by mixup, 256 a batch. The kernel and the best DataLoader mix whole batches at once and share one
random generator among all samples; augflow keys a generator for every op of every sample.

Command: python -m benchmarks.run --question light_stream

On 2 cores, x86-64 (the kernel makes 278,890 rows/s), 3 rounds:

| contender               | rows/s / kernel | CPU-s / kernel | first batch s |
| ----------------------- | --------------- | -------------- | ------------- |
| DataLoader, Compose     | 0.28            | 3.70           | 2.5           |
| DataLoader, the best    | 0.38            | 2.52           | 3.8           |
| augflow                 | 0.25            | 3.93           | 5.0           |
| augflow without mixup   | 0.31            | 3.19           | 3.8           |

T2 0.25: the floor is missed, and DataLoader is faster.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks import contenders
from benchmarks.pictures import small_pictures
from benchmarks.report import HEADER, Figure, Report, details, paired_ratio, rows_per_s, throughput_rows
from benchmarks.seats import play
from benchmarks.settings import Settings
from benchmarks.tuning import best_prefetch
from benchmarks.workload import ArrayImages, Op, Workload

OPS = (
    Op("RandomCrop", "random_crop", {"height": 32, "width": 32}),
    Op("HorizontalFlip", "horizontal_flip", {}, p=0.5),
)

PICTURES = 2000
SIDE = 36
SAMPLES = 40_000
UNCOUNTED = 40
COUNTED = 160


def run(settings: Settings) -> Report:
    """Measure and report."""
    pictures, words = small_pictures(settings.scaled(PICTURES), SIDE)
    samples = ArrayImages(pictures, settings.scaled(SAMPLES, least=2000))
    mixed = Workload(samples, OPS, settings.scaled(256, least=16), (32, 32, 3), mixup_alpha=0.2)
    before, counted = settings.scaled(UNCOUNTED), settings.scaled(COUNTED)
    prefetch = {best: best_prefetch(mixed, best, before, counted, settings) for best in (False, True)}
    names = [
        ("kernel, 2 processes", contenders.kernel(mixed)),
        (f"DataLoader, Compose, prefetch {prefetch[False]}",
         contenders.loader(mixed, best=False, prefetch=prefetch[False])),
        (f"DataLoader, the best we can write, prefetch {prefetch[True]}",
         contenders.loader(mixed, best=True, prefetch=prefetch[True])),
        ("augflow", contenders.stream(mixed)),
        ("augflow without mixup", contenders.stream(replace(mixed, mixup_alpha=None))),
    ]  # fmt: skip
    records = play(names, settings.rounds, before, counted)
    bare, usual, tuned, ours, _ = records.values()
    figures = [
        Figure("T2 rows/s, augflow / kernel", paired_ratio(ours, bare, rows_per_s), 0.60, 0.80),
        Figure("rows/s, augflow / DataLoader with Compose", paired_ratio(ours, usual, rows_per_s), 1, 1),
        Figure("rows/s, augflow / the best DataLoader", paired_ratio(ours, tuned, rows_per_s), 1, 1),
    ]
    return Report("light stream", words, HEADER, throughput_rows(records, bare), figures, details(records))
