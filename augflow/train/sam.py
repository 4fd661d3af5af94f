"""Sharpness-aware minimization, and forward passes that leave a model's statistics alone.

Foret et al. 2020, arXiv:2010.01412: the gradient of a step is taken not at the weights, but at the
point within `rho` of them where the loss, to first order, is highest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from augflow.errors import TrainError
from augflow.train.regularize import check_gradients


class SAM(Optimizer):
    """Wraps an optimizer so that each of its steps is taken with the gradient at the worst near point.

    That point is `w + rho * g / |g|`, where `g` is the gradient of all parameters together (of biases
    and norms too, as in the paper). A step needs a closure that clears the gradients, computes the
    loss and runs backward; it is called twice, with the same random numbers of torch's global
    generators, so that both calls drop the same units. Given the `model`, its buffers (the running
    statistics of norms) come from the first call alone, and errors name the parameter. The weights
    are put back exactly before `base` steps, which takes memory for a copy of them.

    Parameter groups, state and checkpoints are those of `base`: learning rates and schedulers act on
    either, and a checkpoint of one fits the other.
    """

    def __init__(self, base: Optimizer, rho: float = 0.05, model: nn.Module | None = None) -> None:
        if not rho > 0:
            raise TrainError(
                f"rho, the radius of SAM, must be above 0, got {rho}; without it use `base` alone"
            )
        self.base = base
        self.rho = rho
        self.model = model
        groups, state = base.param_groups, base.state
        super().__init__(groups, base.defaults)
        self.param_groups, self.state = groups, state

    # Loading a checkpoint gives `base` new objects, so these are looked up there each time.
    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Those of `base`."""
        return self.base.param_groups

    @param_groups.setter
    def param_groups(self, groups: list[dict[str, Any]]) -> None:
        self.base.param_groups = groups

    @property
    def state(self) -> defaultdict[Tensor, Any]:
        """That of `base`."""
        return self.base.state

    @state.setter
    def state(self, state: defaultdict[Tensor, Any]) -> None:
        self.base.state = state

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step. Returns what the first call of the closure returned: the loss at the weights.

        A gradient of the first call that is not finite raises `TrainError` and changes no weight; on
        CUDA the check waits for the device.
        """
        if closure is None:
            raise TrainError("a step of SAM takes two passes: give step() a closure that runs backward")
        with torch.enable_grad(), torch.random.fork_rng(self._cuda_devices()):
            loss = closure()
        frozen = nullcontext() if self.model is None else frozen_statistics(self.model)
        with self._worst_point(), frozen, torch.enable_grad():
            closure()
        self.base.step()
        return loss

    @contextmanager
    def _worst_point(self) -> Iterator[None]:
        """The parameters there; afterwards every bit of them is as before."""
        moved = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        norm = torch.nn.utils.get_total_norm([p.grad for p in moved])
        if not bool(norm.isfinite()):
            if self.model is not None:
                check_gradients(self.model)
            raise TrainError(f"the norm of the gradients is {float(norm)}; lower the learning rate")
        kept = [p.detach().clone() for p in moved]
        try:
            if norm > 0:
                with torch.no_grad():
                    for p in moved:
                        p.add_(p.grad / norm.to(p.device), alpha=self.rho)
            yield
        finally:
            with torch.no_grad():
                for p, value in zip(moved, kept, strict=True):
                    p.copy_(value)

    def _cuda_devices(self) -> list[torch.device]:
        parameters = (p for group in self.param_groups for p in group["params"])
        return list({p.device for p in parameters if p.device.type == "cuda"})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a checkpoint, of SAM or of the optimizer in it."""
        self.base.load_state_dict(state_dict)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold."""
        return {"defaults": self.defaults, "base": self.base, "rho": self.rho, "model": self.model}


@contextmanager
def frozen_statistics(model: nn.Module) -> Iterator[None]:
    """Passes inside compute as ever and change no buffer of the model: not a norm's running statistics.

    The model works on copies of its buffers meanwhile, so that even a pass that fails or gives NaN
    leaves the values as they were, and backward may come after the context.
    """
    kept = [
        (module, name, b) for module in model.modules() for name, b in module.named_buffers(recurse=False)
    ]
    try:
        for module, name, buffer in kept:
            setattr(module, name, buffer.clone())
        yield
    finally:
        for module, name, buffer in kept:
            setattr(module, name, buffer)
