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
from augflow.sample import Array, Audio, Fields, frozen
from augflow.transforms.catalog import EVERY_FOLLOWER, Op, Transform
from augflow.transforms.functions import FunctionOp
from augflow.transforms.names import FAMILIES

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
    if any(family.has(name) for family in FAMILIES.values()):
        raise ValueError(f"{name!r} is a name of the catalog; register the function under another: name=...")
    entry = FunctionOp(name, function, modality=modality, version=version)
    entry.check({})  # reads the signature now, so that a wrong one is refused where it stands
    return entry


def registered_ops(modality: str) -> Mapping[str, Op]:
    """The functions registered so far for a modality, by name."""
    return {name: entry for name, entry in _registered.items() if entry.modality == modality}


def load_entry_point(name: str, modality: str) -> Op | None:
    """The op that an installed package offers under this name, registered by importing it.

    A function that does not register itself is an op for the modality that its first parameter names.
    """
    for entry_point in importlib.metadata.entry_points(group=ENTRY_POINTS, name=name):
        loaded = entry_point.load()
        if name not in _registered:
            first = next(iter(inspect.signature(loaded).parameters), "")
            _registered[name] = _entry(loaded, name, first if first in MODALITIES else modality, 1)
        return _registered[name] if _registered[name].modality == modality else None
    return None


def check(function_or_name: Callable[..., Any] | str, **params: Any) -> None:
    """Hold a registered op against the catalog's contract; raises `SpecError` with all that it breaks.

    The contract: the same key gives the same bytes; what comes in is not changed and may be read-only;
    an image comes out with three axes and its dtype, floats within [0, 1]; a sound as float32
    (channels, time), finite; a text as a str that is not empty.
    """
    entry = _find(function_or_name)
    canonical, problems = entry.check(params)
    if problems:
        raise SpecError(tuple(Problem("", f"$.{entry.name}.{p.name}", p.message) for p in problems))
    broken = []
    for probe in _probes(entry.modality):
        broken += _broken_rules(entry.build(canonical), {entry.modality: probe})
    if broken:
        raise SpecError(tuple(Problem("", f"$.{entry.name}", rule) for rule in dict.fromkeys(broken)))


def _find(function_or_name: Callable[..., Any] | str) -> FunctionOp:
    for entry in _registered.values():
        if function_or_name in (entry.function, entry.name):
            return entry
    raise KeyError(f"{function_or_name!r} is not registered; decorate the function with @augflow.op()")


def _probes(modality: str) -> list[Any]:
    if modality == "text":
        return ["A plain sentence, with 2 numbers.", "don't  \u00e9\u0301\nlines"]
    if modality == "audio":
        times = np.arange(800, dtype=np.float32) / 8000
        return [Audio(frozen(0.5 * np.sin(440 * 2 * np.pi * times)[np.newaxis].astype(np.float32)), 8000)]
    ramp = np.arange(24 * 20 * 3, dtype=np.uint32).reshape(24, 20, 3)
    image = (ramp * 7 % 256).astype(np.uint8)
    return [frozen(image), frozen((image / 255).astype(np.float32))]


def _broken_rules(transform: Transform, fields: Fields) -> list[str]:
    (value,) = fields.values()
    before = _content(value)
    try:
        first, second = (_run(transform, fields) for _ in range(2))
    except (TypeError, ValueError) as error:
        return [f"failed on {_described(value)}: {error}"]
    broken = []
    if _content(first) != _content(second):
        broken.append("two calls with the same key gave different bytes; draw from the argument rng alone")
    if _content(value) != before:
        broken.append("changed what it was given; work on a copy")
    return broken + _range_rules(first)


def _range_rules(result: Any) -> list[str]:
    if isinstance(result, str):
        return [] if result.strip() else ["a text must not become empty"]
    if isinstance(result, Audio):
        return [] if np.isfinite(result.samples).all() else ["samples must be finite"]
    if result.dtype == np.float32 and not (result.min() >= 0 and result.max() <= 1):
        return [f"floats must stay in [0, 1], got {result.min():g}..{result.max():g}; clip them"]
    return []


def _content(value: Any) -> bytes:
    """The content of a text, a sound or an image."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    array: Array = value.samples if isinstance(value, Audio) else value
    return array.tobytes()


def _described(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value!r}"
    array = value.samples if isinstance(value, Audio) else value
    return f"a read-only {array.dtype} {'sound' if isinstance(value, Audio) else 'image'} {array.shape}"


def _run(transform: Transform, fields: Fields) -> Any:
    rng = KeyedRandom()
    rng.rekey(sample_key(0, 0, "check").at(b"check"))
    (name,) = fields
    return transform(fields, rng)[0][name]
