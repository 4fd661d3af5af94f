"""A user's own ops: functions registered by name, used and checked like the catalog's."""

from __future__ import annotations

import importlib.metadata
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from augflow.errors import Problem, SpecError
from augflow.rng import KeyedRandom, sample_key
from augflow.sample import Array, Drawn, Fields, frozen
from augflow.transforms.catalog import Op, Param, ParamProblem, Params, Size, Transform
from augflow.transforms.names import refused_names, usable_names
from augflow.transforms.signatures import SignatureParams

ENTRY_POINTS = "augflow.ops"
GIVEN_BY_US = ("image", "rng")

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class RegisteredTransform:
    """A user's function with its parameters fixed."""

    name: str
    function: Callable[..., Array]
    params: Params
    draws: bool

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """The function sees a read-only image, so that it cannot change what others hold."""
        image = frozen(fields["image"])
        arguments = {**self.params, "rng": rng.generator} if self.draws else self.params
        result = self.function(image, **arguments)
        if not isinstance(result, np.ndarray) or result.ndim not in (2, 3) or result.dtype != image.dtype:
            raise TypeError(
                f"{self.name} must return an array (H, W, C) of {image.dtype}, got {_shape(result)}; "
                "convert it at the end of the function"
            )
        result = result[:, :, None] if result.ndim == 2 else result
        return {**fields, "image": np.ascontiguousarray(result)}, {}


def _shape(value: Any) -> str:
    is_array = isinstance(value, np.ndarray)
    return f"{value.dtype} {value.shape}" if is_array else type(value).__name__


@dataclass(frozen=True)
class RegisteredOp:
    """A catalog entry for a user's function."""

    name: str
    modality: str
    version: int
    function: Callable[..., Array]
    signature: SignatureParams
    draws: bool
    library: str = "registered"
    default_p: float = 1.0

    @property
    def summary(self) -> str:
        """The first line of the function's description."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        return self.signature.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and everything wrong with those given."""
        return self.signature.check(params)

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        return RegisteredTransform(self.name, self.function, params, self.draws)

    def is_random(self, _params: Params) -> bool:
        """Whether the function asks for a generator."""
        return self.draws

    def output_size(self, _params: Params, _size: Size) -> Size:
        """Unknown: the function decides."""
        return None


_registered: dict[str, RegisteredOp] = {}


def op(modality: str = "image", version: int = 1, name: str | None = None) -> Callable[[Function], Function]:
    """Register a function as an op that specs can name; the function itself stays as it is.

    The first parameter is `image`, a read-only array (H, W, C) of uint8, or of float32 in [0, 1]; with
    a parameter `rng` it gets a numpy generator and counts as random. The other parameters become
    the op's, checked against their annotations. Raise `version` when the function's results change:
    it is part of the fingerprint.
    """
    if modality != "image":
        raise ValueError(f"modality must be image, got {modality!r}")

    def register(function: Function) -> Function:
        entry = _entry(function, name or function.__name__, modality, version)
        _registered[entry.name] = entry
        return function

    return register


def _entry(function: Callable[..., Any], name: str, modality: str, version: int) -> RegisteredOp:
    arguments = list(inspect.signature(function).parameters)
    if arguments[:1] != ["image"]:
        raise TypeError(f"the first parameter of {name} must be image, got {arguments[:1]}")
    if "p" in arguments:
        raise TypeError(f"{name} must not have a parameter p: the spec decides whether an op fires")
    if name in usable_names() or name in refused_names():
        raise ValueError(f"{name!r} is a name of the catalog; register the function under another: name=...")
    signature = SignatureParams(function, GIVEN_BY_US)
    return RegisteredOp(name, modality, version, function, signature, draws="rng" in arguments)


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


def _find(function_or_name: Callable[..., Any] | str) -> RegisteredOp:
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
