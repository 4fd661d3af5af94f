"""Parts of a model that training leaves as they are, to the last bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from augflow.errors import TrainError
from augflow.wording import closest

HEAD = "classify"
"""What the reference models call the layer that knows the classes."""


@dataclass(frozen=True)
class ParameterCount:
    """Single numbers in a model's parameters."""

    frozen: int
    trainable: int


class FrozenNorm(nn.Module):
    """A batch or instance norm that always normalizes by its running statistics and never moves them.

    Same numbers as the norm in evaluation mode and the same names in the state dict, so that the weights
    go into either. `train()` has no hold on it; nor has what looks for batch norms to compute their
    statistics anew, as stochastic weight averaging does.
    """

    def __init__(self, norm: _NormBase) -> None:
        super().__init__()
        self.eps = norm.eps
        self.weight, self.bias = norm.weight, norm.bias
        self.running_mean: Tensor | None
        self.running_var: Tensor | None
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(norm, name))

    def forward(self, x: Tensor) -> Tensor:
        """Normalize (N, C, ...)."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


def backbone(model: nn.Module, head: str = HEAD) -> tuple[str, ...]:
    """The prefixes of everything with parameters in `model` but the module `head`.

    `head` is a path in the model or the last part of one: `classify` finds `cnn.classify` too. For
    `freeze`, and for learning rates of its own. A head that is not there is a `TrainError`.
    """
    names = [name for name, _ in model.named_modules() if name]
    heads = {name for name in names if name == head or name.endswith(f".{head}")}
    if not heads:
        raise TrainError(
            f"the model has no module {head!r} to tell from its backbone{closest(head, names)}; "
            "name the module that gives the logits as `head`"
        )
    return tuple(_without(model, heads, ""))


def _without(module: nn.Module, heads: set[str], prefix: str) -> Iterator[str]:
    yield from (prefix + name for name, _ in module.named_parameters(recurse=False))
    for name, child in module.named_children():
        path = prefix + name
        if path in heads or next(child.parameters(), None) is None:
            continue
        if any(head.startswith(f"{path}.") for head in heads):
            yield from _without(child, heads, f"{path}.")
        else:
            yield path


def freeze(model: nn.Module, prefixes: str | Iterable[str]) -> ParameterCount:
    """Keep the parameters under `prefixes` as they are: they need no gradient, and are not decayed.

    A prefix ends at a dot of the name: `blocks.1` (or `blocks.1.`) is not `blocks.10`. Batch norms below it
    become `FrozenNorm`, so that their statistics do not move in training either, as in Keras where a
    batch norm is not trainable. Other layers, dropout among them, go on as before. Call it before the
    optimizer is made. Raises `TrainError`, with the model as it was, for a prefix that no parameter has and
    where nothing would be left to train.
    """
    wanted = [prefix.rstrip(".") for prefix in ([prefixes] if isinstance(prefixes, str) else prefixes)]
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for prefix in wanted:
        if not any(_is_under(name, prefix) for name in parameters):
            raise TrainError(
                f"no parameter of the model is under {prefix!r}{closest(prefix, _prefixes_of(parameters))}"
            )
    frozen = [p for name, p in parameters.items() if any(_is_under(name, prefix) for prefix in wanted)]
    ids = {id(parameter) for parameter in frozen}
    if not any(p.requires_grad and id(p) not in ids for p in parameters.values()):
        raise TrainError(f"nothing is left to train beside {', '.join(wanted)}; leave out the head, at least")
    for parameter in frozen:
        parameter.requires_grad_(False)
    _freeze_norms(model, wanted)
    counts = {True: 0, False: 0}
    for parameter in model.parameters():
        counts[parameter.requires_grad] += parameter.numel()
    return ParameterCount(frozen=counts[False], trainable=counts[True])


def _freeze_norms(model: nn.Module, prefixes: list[str]) -> None:
    """Put a `FrozenNorm` in the place of each norm that keeps statistics; a shared one stays shared."""
    made: dict[int, FrozenNorm] = {}
    for path, module in list(model.named_modules(remove_duplicate=False)):
        if not isinstance(module, _NormBase) or module.running_mean is None:
            continue
        if any(_is_under(path, prefix) for prefix in prefixes):
            parent, _, name = path.rpartition(".")
            setattr(model.get_submodule(parent), name, made.setdefault(id(module), FrozenNorm(module)))


def _is_under(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _prefixes_of(names: Iterable[str]) -> set[str]:
    """Every path that leads to a parameter, and the parameters themselves."""
    return {
        ".".join(parts[:end]) for parts in (n.split(".") for n in names) for end in range(1, len(parts) + 1)
    }
