"""Normalization by name, for models as they are built and for models that are there.

- batch: Ioffe & Szegedy 2015, arXiv:1502.03167; statistics of a channel over batch and positions.
- layer: Ba et al. 2016, arXiv:1607.06450; of a sample over channels and positions. On feature maps each
  channel has its scale and shift (the paper has one for each element), so it is group norm with one group.
- instance: Ulyanov et al. 2016, arXiv:1607.08022; of a sample and channel over positions, with scale and
  shift, which torch's own leaves out unless asked.
- group: Wu & He 2018, arXiv:1803.08494; of a sample and a group of channels over positions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin

from augflow.errors import TrainError

NORMS = ("batch", "layer", "instance", "group", "none")
"""What `regularize.norm` may name."""

BATCH_NORMS: tuple[type[nn.Module], ...] = (nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE_NORMS: tuple[type[nn.Module], ...] = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
"""Batch norms for 0 to 3 axes of positions, and instance norms for 1 to 3."""

REPLACED = (*BATCH_NORMS[1:], *INSTANCE_NORMS, nn.SyncBatchNorm, nn.GroupNorm)
"""What `replace_norm` replaces."""

SMALL_BATCH = 16
"""Batch norm on ImageNet (Wu & He, table 2) loses to group norm by 0.8 points with 8 samples a device, by
10.6 with 2, and is ahead by half a point with 16 and 32."""


def make_norm(name: str, channels: int, axes: int = 2, groups: int = 8) -> nn.Module:
    """A norm for features (N, channels, ...) with `axes` axes of positions: 0 for (N, C), 2 for maps.

    `none` is the identity. `groups` is for `group` alone, and has to divide the channels.
    """
    if axes not in range(len(BATCH_NORMS)):
        raise TrainError(f"axes must be 0 to 3: those beside samples and channels; got {axes}")
    if name == "batch":
        return BATCH_NORMS[axes](channels)
    if name == "layer":
        return nn.GroupNorm(1, channels)
    if name == "instance":
        if axes == 0:
            raise TrainError(
                "norm: instance normalizes each channel over its positions, and features (N, C) have none; "
                "take layer or group"
            )
        return INSTANCE_NORMS[axes - 1](channels, affine=True)
    if name == "group":
        return nn.GroupNorm(_dividing(groups, channels), channels)
    if name == "none":
        return nn.Identity()
    raise TrainError(f"norm must be one of {', '.join(NORMS)}, got {name!r}")


def _dividing(groups: int, channels: int) -> int:
    if groups < 1 or channels % groups:
        divisors = [str(number) for number in range(1, channels + 1) if channels % number == 0]
        raise TrainError(
            f"norm: group cannot split {channels} channels into {groups} equal groups; "
            f"norm_groups must be one of {', '.join(divisors)}"
        )
    return groups


def replace_norm(model: nn.Module, name: str, groups: int = 8, axes: int = 2) -> nn.Module:
    """Put the norm of that name in the place of every batch, instance and group norm of `model`.

    The model is changed in place and returned; one that is itself a norm is returned as the new norm.
    A norm at several places stays one norm at all of them. Device, dtype, training mode, `eps`,
    `requires_grad` and all tensors that both norms have (scale and shift, running statistics) are carried
    over; scales learned with one norm are no more than a start for another, so train on. `axes` is for
    GroupNorm and SyncBatchNorm, which do not tell the axes of their features; BatchNorm1d is taken as one
    over (N, C, L). With `none`, a convolution that left its bias to the norm has none.

    Left alone: nn.LayerNorm and nn.RMSNorm over the features of a token, which are the same for one
    sample and for many, and without which a transformer does not train. Norms that are kept outside the
    tree of modules, or are the functions of torch.nn.functional, are not seen. `TrainError` where nothing
    can be replaced, or a norm does not fit; then the model is as it was.
    """
    made: dict[nn.Module, nn.Module] = {}
    for path, module in model.named_modules():
        try:
            if (channels := _channels(module)) is not None:
                fresh = make_norm(name, channels, _axes(module, axes), groups)
                made[module] = _carry_over(module, fresh, model)
        except TrainError as error:
            raise TrainError(f"{error} (at {path or 'the model itself'})") from error
    if not made:
        raise TrainError(
            f"{type(model).__name__} has no batch, instance or group norm to replace by {name!r} "
            "(nn.LayerNorm over features is left alone)"
        )
    if model in made:
        return made[model]
    for path, module in list(model.named_modules(remove_duplicate=False)):
        if module in made:
            model.set_submodule(path, made[module])
    return model


def _channels(module: nn.Module) -> int | None:
    """The channels of a norm that can be replaced, else None."""
    if isinstance(module, LazyModuleMixin) and issubclass(module.cls_to_become or nn.Module, REPLACED):
        raise TrainError(f"{type(module).__name__} has no channels yet; run the model once, then replace")
    kind = next((kind for kind in REPLACED if isinstance(module, kind)), None)
    if kind is None:
        return None
    if type(module).forward is not kind.forward:  # type: ignore[attr-defined]
        raise TrainError(
            f"{type(module).__name__} is a {kind.__name__} with a `forward` of its own, and what that does "
            "besides would be lost; replace it by hand"
        )
    channels: int = getattr(module, "num_channels" if kind is nn.GroupNorm else "num_features")
    return channels


def _axes(module: nn.Module, unknown: int) -> int:
    for axes, kinds in enumerate(zip(BATCH_NORMS[1:], INSTANCE_NORMS, strict=True), start=1):
        if isinstance(module, kinds):
            return axes
    return unknown


def _carry_over(old: nn.Module, fresh: nn.Module, model: nn.Module) -> nn.Module:
    tensors: Iterator[Tensor] = chain(old.parameters(), old.buffers(), model.parameters())
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), None)
    if like is not None:
        fresh.to(like.device, like.dtype)
    wanted = fresh.state_dict()
    fresh.load_state_dict({**wanted, **{k: v for k, v in old.state_dict().items() if k in wanted}})
    for name, parameter in fresh.named_parameters():
        given: Any = getattr(old, name, None)
        parameter.requires_grad_(given is None or given.requires_grad)
    if hasattr(fresh, "eps"):
        fresh.eps = old.eps
    return fresh.train(old.training)


@dataclass(frozen=True)
class NormSuggestion:
    """A norm for `regularize.norm`, and why."""

    norm: str
    reason: str


def suggest_norm(batch_size: int, variable_lengths: bool = False) -> NormSuggestion:
    """The norm for `batch_size` samples a device, and for samples padded to the longest of their batch.

    By the literature: the module's papers, and `SMALL_BATCH`. Where it matters, measure.
    """
    if batch_size < 1:
        raise TrainError(f"batch_size must be at least 1, got {batch_size}")
    if variable_lengths:
        return NormSuggestion(
            "layer",
            "with samples of different lengths the statistics of a batch depend on what a sample is batched "
            "with, and on its padding; layer norm is about one sample alone",
        )
    if batch_size < SMALL_BATCH:
        return NormSuggestion(
            "group",
            f"the statistics of {batch_size} sample(s) are too noisy for batch norm, which needs about "
            f"{SMALL_BATCH} on each device; group norm does not depend on the batch",
        )
    return NormSuggestion(
        "batch", f"{batch_size} samples on each device are enough for the statistics of batch norm"
    )
