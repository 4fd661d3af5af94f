"""The regularized model module: a stream as torch tensors, and a trainer with everything that regularizes.

The only folder that imports torch. Losses, penalties, layers and models are plain torch pieces for
anyone's loop. Lightning, which takes seconds to import, is loaded by `fit` when it runs and by the
two names that are Lightning classes when they are first asked for.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from augflow.errors import TrainError

if find_spec("torch") is None or find_spec("lightning") is None:
    raise TrainError("augflow.train needs torch and lightning: install the extra `train`")

from augflow.train.ablation import Ablation, ablate
from augflow.train.charts import plot_search, plot_worths
from augflow.train.elements import Element, elements
from augflow.train.evaluate import Scores, evaluate
from augflow.train.fit import fit
from augflow.train.inputs import model_inputs
from augflow.train.layers import ConvBlock
from augflow.train.loader import StreamDataset, StreamLoader
from augflow.train.losses import SoftTargetCrossEntropy, mixed_accuracy, soft_cross_entropy
from augflow.train.models import SmallCNN
from augflow.train.optimize import DecoupledSGD
from augflow.train.options import EpochRecord, FitOptions, FitReport
from augflow.train.regularize import clip_gradients, parameter_groups, penalty
from augflow.train.report import plot_curves, verdict
from augflow.train.save import load_model, save_model, weights_sha256
from augflow.train.search import Search, search
from augflow.train.sequences import SpectrogramCNN, TextCNN
from augflow.train.trials import Workplace

if TYPE_CHECKING:
    from augflow.train.module import RegularizedClassifier
    from augflow.train.stopping import EarlyStopping

__all__ = [
    "Ablation",
    "ConvBlock",
    "DecoupledSGD",
    "EarlyStopping",
    "Element",
    "EpochRecord",
    "FitOptions",
    "FitReport",
    "RegularizedClassifier",
    "Scores",
    "Search",
    "SmallCNN",
    "SoftTargetCrossEntropy",
    "SpectrogramCNN",
    "StreamDataset",
    "StreamLoader",
    "TextCNN",
    "Workplace",
    "ablate",
    "clip_gradients",
    "elements",
    "evaluate",
    "fit",
    "load_model",
    "mixed_accuracy",
    "model_inputs",
    "parameter_groups",
    "penalty",
    "plot_curves",
    "plot_search",
    "plot_worths",
    "save_model",
    "search",
    "soft_cross_entropy",
    "verdict",
    "weights_sha256",
]


def __getattr__(name: str) -> Any:
    if name == "RegularizedClassifier":
        from augflow.train.module import RegularizedClassifier

        return RegularizedClassifier
    if name == "EarlyStopping":
        from augflow.train.stopping import EarlyStopping

        return EarlyStopping
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
