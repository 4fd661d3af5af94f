"""Image, text and audio augmentation as a reproducible stream of batches.

A batch is a pure function of (spec, dataset, seed, epoch, position): the number of workers, the
engine, a resumed run or another world size cannot change a byte of it. Importing this module loads
neither torch nor ray.
"""

from augflow.conversion import Converted, from_albumentations
from augflow.errors import (
    AugflowError,
    BadSampleBudgetError,
    BadSampleError,
    CollateError,
    EngineError,
    MaterializeError,
    OpError,
    Problem,
    SourceError,
    SpecError,
    StateError,
    TrainError,
)
from augflow.options import StreamOptions
from augflow.pipeline import Pipeline, load
from augflow.sample import Batch, Sample
from augflow.stream import BatchStream, Replay
from augflow.transforms.registered import check, op

__version__ = "0.1.0"

__all__ = [
    "AugflowError",
    "BadSampleBudgetError",
    "BadSampleError",
    "Batch",
    "BatchStream",
    "CollateError",
    "Converted",
    "EngineError",
    "MaterializeError",
    "OpError",
    "Pipeline",
    "Problem",
    "Replay",
    "Sample",
    "SourceError",
    "SpecError",
    "StateError",
    "StreamOptions",
    "TrainError",
    "check",
    "from_albumentations",
    "load",
    "op",
]
