"""docs/regularization.md names things that are there, and the conventions that it states hold."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from augflow.spec.model import BatchSpec
from augflow.spec.regularize import RegularizeSpec
from augflow.train import DecoupledSGD, clip_gradients, penalty, soft_cross_entropy

TEXT = (Path(__file__).parents[2] / "docs" / "regularization.md").read_text(encoding="utf-8")
TABLES = "\n".join(line for line in TEXT.splitlines() if line.startswith("|"))
NAME = re.compile(r"`((?:keras|torch|augflow)(?:\.\w+)+)(?:\(([^)`]*)\))?`")

pytestmark = pytest.mark.usefixtures("keras")


def found(dotted: str) -> Any:
    """The object of a dotted name; a function hides the module of its own name, as for whoever imports it."""
    library, *parts = dotted.split(".")
    thing: Any = importlib.import_module(library)
    for part in parts:
        if inspect.ismodule(thing) and not hasattr(thing, part):
            importlib.import_module(f"{thing.__name__}.{part}")
        thing = getattr(thing, part)
    return thing


def unknown(thing: Any, listed: str) -> set[str]:
    """The names in parentheses that `thing` does not take; what is built in does not say."""
    wanted = {part.split("=")[0].strip() for part in listed.split(",") if part.strip()}
    if not wanted or inspect.isbuiltin(thing):
        return set()
    parameters = inspect.signature(thing).parameters
    own = {name for name, parameter in parameters.items() if parameter.kind is not parameter.VAR_KEYWORD}
    # An op of a stream says nothing in its signature; a layer of Keras has names beside its **kwargs.
    return wanted - own if own else set()


@pytest.mark.parametrize("library", ["keras", "torch", "augflow"])
def test_every_name_is_there(library: str) -> None:
    """Each dotted name resolves in the installed version, and takes the parameters in parentheses."""
    names = [match for match in NAME.findall(TEXT) if match[0].startswith(f"{library}.")]
    assert len(names) > 20
    wrong = []
    for dotted, listed in names:
        try:
            wrong += [f"{dotted}({name})" for name in unknown(found(dotted), listed)]
        except (AttributeError, ModuleNotFoundError) as error:
            wrong.append(f"{dotted}: {error}")
    assert wrong == []


def test_every_key_of_the_spec_has_its_row() -> None:
    """No technique of the section is left out, and none is named that is not there."""
    named = set(re.findall(r"`regularize\.(\w+)`", TABLES))
    assert named == set(RegularizeSpec.model_fields)
    assert set(re.findall(r"`batch\.(\w+)`", TABLES)) <= set(BatchSpec.model_fields)


def test_rows_are_whole() -> None:
    """Every row has as many cells as its heading."""
    for table in re.findall(r"(?:^\|.*\n)+", TEXT, flags=re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_the_factors_of_l1_and_l2(keras: Any) -> None:
    """Keras' L2 has no half, its L1 and elastic net agree."""
    torch.manual_seed(0)
    layer = nn.Linear(5, 3)
    kernel = layer.weight.detach().T
    rules = keras.regularizers
    assert float(rules.L2(0.3 / 2)(kernel)) == pytest.approx(penalty(layer, l2=0.3).item())
    assert float(rules.L1(0.3)(kernel)) == pytest.approx(penalty(layer, l1=0.3).item())
    assert float(rules.L1L2(0.3, 0.1)(kernel)) == pytest.approx(penalty(layer, l1=0.3, l2=0.2).item())


def decayed(keras: Any, optimizer: Any, steps: int = 3) -> float:
    """A weight of 1 after steps with gradient 0."""
    if isinstance(optimizer, keras.optimizers.Optimizer):
        variable = keras.Variable(np.ones(1, np.float32))
        for _ in range(steps):
            optimizer.apply([torch.zeros(1)], [variable])
        return float(variable.numpy()[0])
    (weight,) = optimizer.param_groups[0]["params"]
    for _ in range(steps):
        weight.grad = torch.zeros(1)
        optimizer.step()
    return weight.item()


def test_decay_is_multiplied_by_the_learning_rate(keras: Any) -> None:
    """Three steps leave (1 - lr * decay)^3 in Keras, AdamW and DecoupledSGD, and not in torch's SGD."""
    expected = pytest.approx((1 - 0.1 * 0.5) ** 3, rel=1e-6)

    def one() -> list[nn.Parameter]:
        return [nn.Parameter(torch.ones(1))]

    kinds = keras.optimizers
    assert decayed(keras, kinds.AdamW(0.1, weight_decay=0.5)) == expected
    assert decayed(keras, kinds.SGD(0.1, momentum=0.9, weight_decay=0.5)) == expected
    assert decayed(keras, torch.optim.AdamW(one(), lr=0.1, weight_decay=0.5)) == expected
    assert (
        decayed(keras, DecoupledSGD([{"params": one(), "weight_decay": 0.5}], lr=0.1, momentum=0.9))
        == expected
    )
    assert decayed(keras, torch.optim.SGD(one(), lr=0.1, momentum=0.9, weight_decay=0.5)) != expected
    assert kinds.AdamW().weight_decay == 0.004
    assert torch.optim.AdamW(one()).defaults["weight_decay"] == 0.01


def test_momentum_of_norms(keras: Any) -> None:
    """Keras' 0.99 is torch's 0.01; torch divides the variance by n - 1. One not trainable does not move."""
    x = torch.linspace(0, 7, 16).reshape(8, 2)
    theirs, ours = keras.layers.BatchNormalization(momentum=0.99), nn.BatchNorm1d(2, momentum=0.01)
    theirs(x, training=True)
    ours(x)
    np.testing.assert_allclose(theirs.moving_mean.numpy(), ours.running_mean, rtol=1e-5)
    moved = (theirs.moving_variance.numpy() - 0.99) / (ours.running_var.numpy() - 0.99)
    np.testing.assert_allclose(moved, 7 / 8, rtol=1e-4)
    assert (keras.layers.BatchNormalization().epsilon, nn.BatchNorm1d(2).eps) == (1e-3, 1e-5)
    before = theirs.moving_mean.numpy().copy()
    theirs.trainable = False
    theirs(x, training=True)
    np.testing.assert_array_equal(theirs.moving_mean.numpy(), before)


def test_smoothing_and_soft_targets(keras: Any) -> None:
    """The three agree on mixed targets with smoothing; Keras counts rows of weight 0 as rows."""
    torch.manual_seed(0)
    logits, target = torch.randn(6, 4), torch.rand(6, 4).softmax(1)
    theirs = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    smoothed = soft_cross_entropy(logits, target, 0.2).item()
    assert float(theirs(target, logits)) == pytest.approx(smoothed, rel=1e-5)
    assert nn.CrossEntropyLoss(label_smoothing=0.2)(logits, target).item() == pytest.approx(
        smoothed, rel=1e-5
    )
    half = theirs(target, logits, sample_weight=torch.tensor([1.0, 1, 1, 0, 0, 0]))
    assert float(half) == pytest.approx(soft_cross_entropy(logits[:3], target[:3], 0.2).item() / 2, rel=1e-5)


def test_norms_of_gradients(keras: Any) -> None:
    """`global_clipnorm` is `clip_norm`; `clipnorm` takes each variable by itself."""
    model = nn.Linear(2, 1)
    gradients = [torch.tensor([[3.0, 0.0]]), torch.tensor([4.0])]
    for parameter, gradient in zip(model.parameters(), gradients, strict=True):
        parameter.grad = gradient.clone()
    assert clip_gradients(model, clip_norm=1.0) == pytest.approx(5)
    together = [parameter.grad.numpy() for parameter in model.parameters()]
    for option, wanted in (("global_clipnorm", together), ("clipnorm", [[[1.0, 0.0]], [1.0]])):
        variables = [keras.Variable(np.zeros(g.shape, np.float32)) for g in gradients]
        keras.optimizers.SGD(1.0, **{option: 1.0}).apply(gradients, variables)
        for variable, clipped in zip(variables, wanted, strict=True):
            np.testing.assert_allclose(-variable.numpy(), clipped, rtol=1e-5)


def test_max_norm_takes_incoming_weights(keras: Any) -> None:
    """Columns of a Keras kernel are rows of a torch weight."""
    torch.manual_seed(0)
    weight = torch.randn(3, 5)
    theirs = keras.constraints.MaxNorm(1.0, axis=0)(weight.T)
    torch.testing.assert_close(theirs.T, torch.renorm(weight, 2, 0, 1.0), rtol=1e-5, atol=1e-6)
