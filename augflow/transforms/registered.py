"""A user's own ops: functions registered by name, used and checked like the catalog's."""

from __future__ import annotations

import importlib.metadata
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from augflow.errors import Problem, SpecError
from augflow.rng import KeyedRandom, sample_key
from augflow.sample import Array, frozen
from augflow.transforms.catalog import EVERY_FOLLOWER, Op, Transform
from augflow.transforms.functions import FunctionOp
from augflow.transforms.names import is_taken

ENTRY_POINTS = "augflow.ops"
MODALITIES = ("image", "text", "audio")

Function = TypeVar("Function", bound=Callable[..., Any])


_registered: dict[str, FunctionOp] = {}


def op(
    modality: str = "image", version: int = 1, name: str | None = None, keeps_place: bool = False
) -> Callable[[Function], Function]:
    """Register a function as an op that specs can name; the function itself stays as it is.

    The first parameter is named for the modality: `image`, a read-only array (H, W, C) of uint8, or of
    float32 in [0, 1]; `text`, a str; `audio`, read-only float32 (channels, time), with the argument
    `sample_rate` in Hz where the function has it. With a parameter `rng` it gets a numpy generator and
    counts as random. The other parameters become the op's, checked against their annotations. Raise
    `version` when the function's results change: it is part of the fingerprint. `keeps_place` says
    that the pixels of an image stay where they are, so that masks, boxes and keypoints stay right.
    """
    if modality not in MODALITIES:
        raise ValueError(f"modality must be one of {', '.join(MODALITIES)}, got {modality!r}")

    def register(function: Function) -> Function:
        entry = _entry(function, name or function.__name__, modality, version)
        if keeps_place:
            entry = replace(entry, keeps_size=True, carries=EVERY_FOLLOWER)
        _registered[entry.name] = entry
        return function

    return register


def _entry(function: Callable[..., Any], name: str, modality: str, version: int) -> FunctionOp:
    arguments = list(inspect.signature(function).parameters)
    if arguments[:1] != [modality]:
        raise TypeError(f"the first parameter of {name} must be {modality}, got {arguments[:1]}")
    if "p" in arguments:
        raise TypeError(f"{name} must not have a parameter p: the spec decides whether an op fires")
    if is_taken(name):
        raise ValueError(f"{name!r} is a name of the catalog; register the function under another: name=...")
    entry = FunctionOp(name, function, modality=modality, version=version)
    entry.check({})  # reads the signature now, so that a wrong one is refused where it stands
    return entry


def registered_ops() -> Mapping[str, Op]:
    """The functions registered so far, by name."""
    return _registered


def load_entry_point(name: str) -> Op | None:
    """The op that an installed package offers under this name, registered by importing it."""
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINTS, name=name):
        loaded = entry_point.load()
        if name not in _registered:
            _registered[name] = _entry(loaded, name, "image", 1)
        return _registered[name]
    return None


def check(function_or_name: Callable[..., Any] | str, **params: Any) -> None:
    """Hold a registered op against the catalog's contract; raises `SpecError` with all that it breaks.

    The contract: the same key gives the same bytes; the image that comes in is not changed and may
    be read-only; out come three axes, the same dtype, and floats within [0, 1].
    """
    entry = _find(function_or_name)
    canonical, problems = entry.check(params)
    if problems:
        raise SpecError(tuple(Problem("", f"$.{entry.name}.{p.name}", p.message) for p in problems))
    broken = []
    for image in _probes():
        broken += _broken_rules(entry.build(canonical), image)
    if broken:
        raise SpecError(tuple(Problem("", f"$.{entry.name}", rule) for rule in dict.fromkeys(broken)))


def _find(function_or_name: Callable[..., Any] | str) -> FunctionOp:
    for entry in _registered.values():
        if function_or_name in (entry.function, entry.name):
            return entry
    raise KeyError(f"{function_or_name!r} is not registered; decorate the function with @augflow.op()")


def _probes() -> list[Array]:
    ramp = np.arange(24 * 20 * 3, dtype=np.uint32).reshape(24, 20, 3)
    image = (ramp * 7 % 256).astype(np.uint8)
    return [image, (image / 255).astype(np.float32)]


def _broken_rules(transform: Transform, image: Array) -> list[str]:
    before = image.copy()
    try:
        results = [_run(transform, image), _run(transform, image)]
    except (TypeError, ValueError) as error:
        return [f"failed on a read-only {image.dtype} image {image.shape}: {error}"]
    first, second = results
    broken = []
    if first.tobytes() != second.tobytes():
        broken.append("two calls with the same key gave different bytes; draw from the argument rng alone")
    if not np.array_equal(image, before):
        broken.append("changed the image that it was given; work on a copy")
    if first.dtype == np.float32 and not (first.min() >= 0 and first.max() <= 1):
        broken.append(f"floats must stay in [0, 1], got {first.min():g}..{first.max():g}; clip them")
    return broken


def _run(transform: Transform, image: Array) -> Array:
    rng = KeyedRandom()
    rng.rekey(sample_key(0, 0, "check").at(b"check"))
    fields, _ = transform({"image": frozen(image)}, rng)
    result: Array = fields["image"]
    return result
