"""Question: how fast do batches travel when making them costs next to nothing?

Method: as in `bench_heavy_stream`, with images in memory, 256x256, flipped by chance, 64 a batch:
12.6 MB as uint8 and 50 MB as float32. DataLoader hands over shared memory that nobody reads;
augflow's batches are copied into memory that the caller owns, and that copy counts.

Command: python -m benchmarks.run --question transport

On 2 cores, x86-64; rows/s:

| contender               | uint8   | float32 |
| ----------------------- | ------- | ------- |
| kernel                  | 100,978 | 30,161  |
| DataLoader, Compose     | 8,531   | 2,493   |
| DataLoader, the best    | 9,562   | 2,974   |
| augflow                 | 10,400  | 2,229   |

T3c 1.09 (uint8) and 0.75 (float32): the floor is missed. The table is from before the local Ray was
told to free results at once; then, now and then, the workers slept for 2 s while the store was full.
"""

from __future__ import annotations

from benchmarks import contenders
from benchmarks.pictures import small_pictures
from benchmarks.report import HEADER, Figure, Report, details, paired_ratio, rows_per_s, throughput_rows
from benchmarks.seats import Record, play
from benchmarks.settings import Settings
from benchmarks.tuning import best_prefetch
from benchmarks.workload import ArrayImages, Op, Workload

OPS = (Op("HorizontalFlip", "horizontal_flip", {}, p=0.5),)

PICTURES = 100
SIDE = 256
SAMPLES = 1000
BATCH = 64
UNCOUNTED = 24
COUNTED = 64


def run(settings: Settings) -> Report:
    """Measure both dtypes and report."""
    pictures, words = small_pictures(settings.scaled(PICTURES), settings.scaled(SIDE, least=32))
    side = settings.scaled(SIDE, least=32)
    samples = ArrayImages(pictures, settings.scaled(SAMPLES, least=200))
    rows, figures, found = [], [], {}
    for dtype in ("uint8", "float32"):
        workload = Workload(samples, OPS, settings.scaled(BATCH, least=16), (side, side, 3), dtype)
        records = _play(workload, settings)
        bare, usual, tuned, ours = records.values()
        rows += throughput_rows(records, bare)
        best = max(usual, tuned, key=lambda record: record.median(rows_per_s))
        ratio = paired_ratio(ours, best, rows_per_s)
        figures.append(Figure(f"T3c rows/s, {dtype}, augflow / the better DataLoader", ratio, 1.5, 3))
        found[dtype] = details(records)
    return Report("transport", words, HEADER, rows, figures, found)


def _play(workload: Workload, settings: Settings) -> dict[str, Record]:
    before, counted = settings.scaled(UNCOUNTED), settings.scaled(COUNTED)
    prefetch = {best: best_prefetch(workload, best, before, counted, settings) for best in (False, True)}
    dtype = workload.dtype
    names = [
        (f"kernel, {dtype}", contenders.kernel(workload)),
        (f"DataLoader, Compose, {dtype}, prefetch {prefetch[False]}",
         contenders.loader(workload, best=False, prefetch=prefetch[False])),
        (f"DataLoader, the best we can write, {dtype}, prefetch {prefetch[True]}",
         contenders.loader(workload, best=True, prefetch=prefetch[True])),
        (f"augflow, {dtype}", contenders.stream(workload)),
    ]  # fmt: skip
    return play(names, settings.rounds, before, counted)
