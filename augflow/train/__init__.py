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

from augflow.train.averaging import WeightAverage, recompute_statistics
from augflow.train.dropout import DropBlock2d, DropPath, McPrediction, drop_path_rates, mc_predict
from augflow.train.evaluate import Scores, evaluate
from augflow.train.fit import fit
from augflow.train.freeze import FrozenNorm, ParameterCount, backbone, freeze
from augflow.train.inputs import model_inputs
from augflow.train.keras_dataset import KerasDataset
from augflow.train.layers import ConvBlock, LayerOptions, ResidualBlock
from augflow.train.loader import StreamDataset, StreamLoader
from augflow.train.losses import (
    SoftTargetCrossEntropy,
    mixed_accuracy,
    r_drop,
    soft_binary_cross_entropy,
    soft_cross_entropy,
)
from augflow.train.models import ResidualCNN
from augflow.train.noise import GaussianNoise, noisy_weights
from augflow.train.norms import NormSuggestion, make_norm, replace_norm, suggest_norm
from augflow.train.optimize import DecoupledSGD, set_lr
from augflow.train.options import EpochRecord, FitOptions, FitReport
from augflow.train.pretrained import Mismatch, PretrainedReport, load_pretrained
from augflow.train.reference import reference_model
from augflow.train.regularize import (
    Sparsity,
    check_gradients,
    clip_gradients,
    limit_norms,
    parameter_groups,
    penalty,
    shrink_l1,
    sparsity,
)
from augflow.train.sam import SAM, frozen_statistics
from augflow.train.save import load_model, save_model, weights_sha256
from augflow.train.sequences import EmbeddingModel, SpectrogramCNN, TextCNN

if TYPE_CHECKING:
    from augflow.train.module import RegularizedClassifier
    from augflow.train.stopping import EarlyStopping

__all__ = [
    "SAM",
    "ConvBlock",
    "DecoupledSGD",
    "DropBlock2d",
    "DropPath",
    "EarlyStopping",
    "EmbeddingModel",
    "EpochRecord",
    "FitOptions",
    "FitReport",
    "FrozenNorm",
    "GaussianNoise",
    "KerasDataset",
    "LayerOptions",
    "McPrediction",
    "Mismatch",
    "NormSuggestion",
    "ParameterCount",
    "PretrainedReport",
    "RegularizedClassifier",
    "ResidualBlock",
    "ResidualCNN",
    "Scores",
    "SoftTargetCrossEntropy",
    "Sparsity",
    "SpectrogramCNN",
    "StreamDataset",
    "StreamLoader",
    "TextCNN",
    "WeightAverage",
    "backbone",
    "check_gradients",
    "clip_gradients",
    "drop_path_rates",
    "evaluate",
    "fit",
    "freeze",
    "frozen_statistics",
    "limit_norms",
    "load_model",
    "load_pretrained",
    "make_norm",
    "mc_predict",
    "mixed_accuracy",
    "model_inputs",
    "noisy_weights",
    "parameter_groups",
    "penalty",
    "r_drop",
    "recompute_statistics",
    "reference_model",
    "replace_norm",
    "save_model",
    "set_lr",
    "shrink_l1",
    "soft_binary_cross_entropy",
    "soft_cross_entropy",
    "sparsity",
    "suggest_norm",
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
