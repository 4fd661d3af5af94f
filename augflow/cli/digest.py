"""`augflow digest`: SHA-256 of the stream."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from augflow.cli.options import Address, BatchSize, Epochs, Json, Seed, SourcePath, SpecName, Workers
from augflow.cli.output import reporting
from augflow.digest import digest_streams
from augflow.environment import describe_environment
from augflow.pipeline import load


def digest(
    spec: SpecName,
    source: SourcePath = None,
    epochs: Epochs = 1,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="of each epoch; default: all")] = None,
    workers: Workers = None,
    world_size: Annotated[int, typer.Option("--world-size", min=1, help="ranks, digested together")] = 1,
    seed: Seed = None,
    batch_size: BatchSize = None,
    address: Address = None,
    evaluate: Annotated[bool, typer.Option("--evaluate", help="the evaluation stream")] = False,
    as_json: Json = False,
) -> None:
    """Print one SHA-256 over every row in position order; equal on every engine and number of ranks."""
    with reporting() as report:
        pipeline = load(spec).replace(seed=seed, batch_size=batch_size)
        num_workers = workers if workers is not None else (1 if address else 0)
        options: dict[str, Any] = {
            "train": not evaluate,
            "drop_last": False,
            "num_workers": num_workers,
            "address": address,
            "world_size": world_size,
        }
        streams = [pipeline.stream(source, rank=0, **options)]
        report.watch(streams[0])
        streams += [streams[0].for_rank(rank) for rank in range(1, world_size)]
        report.watch(*streams[1:])
        report.say(f"source: {streams[0].source.description}")
        result = digest_streams(streams, epochs, steps)
        if as_json:
            report.json(
                {
                    "digest": result.hexdigest(),
                    "samples": result.samples,
                    "epochs": epochs,
                    "steps": result.steps,
                    "padding_fraction": streams[0].stats()["padding_fraction"],
                    "fingerprints": streams[0].fingerprints(),
                    "environment": describe_environment(),
                }
            )
        else:
            report.line(result.hexdigest())
