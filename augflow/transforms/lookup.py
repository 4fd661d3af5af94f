"""From a name in a spec to an op of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from augflow.errors import AugflowError
from augflow.transforms.aliases import TYPED, TYPED_DEFAULTS, Foreign
from augflow.transforms.catalog import Op, Param, ParamProblem, Params
from augflow.transforms.image import image_ops
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.names import FOREIGN, OWN_OPS, refused_names, usable_names
from augflow.transforms.registered import load_entry_point, registered_ops
from augflow.wording import closest


class OpUnavailable(AugflowError, LookupError):
    """A name is no op, or an op that cannot be used like this; the problems say why.

    A problem's `name` is the parameter as the spec wrote it, or "" for the op itself.
    """

    def __init__(self, problems: tuple[ParamProblem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "; ".join(
            f"{problem.name}: {problem.message}" if problem.name else problem.message
            for problem in self.problems
        )


def catalog(modality: str) -> Mapping[str, Op]:
    """Every op that can be used, by canonical name; needs the libraries of the modality."""
    if modality != "image":
        return {}
    return dict(sorted({**image_ops(), **OWN_OPS, **registered_ops()}.items()))


def aliases(modality: str) -> Mapping[str, str]:
    """Every other name, and what it stands for: an op, or a sentence for a foreign library's name."""
    if modality != "image":
        return {}
    return {**{name: foreign.summary for name, foreign in FOREIGN.items()}, **TYPED}


def unusable(modality: str) -> Mapping[str, str]:
    """Names that cannot be used, and why."""
    return refused_names() if modality == "image" else {}


class Described(Protocol):
    """What can be told of an op, under its own or another library's name."""

    @property
    def name(self) -> str:
        """The name that was asked for, or the op's own where that is another spelling."""
        ...

    @property
    def library(self) -> str:
        """Whose name and parameters these are."""
        ...

    @property
    def summary(self) -> str:
        """One line for people."""
        ...

    @property
    def default_p(self) -> float:
        """The chance to fire where the spec does not say."""
        ...

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name."""
        ...


def described(name: str, modality: str) -> Described | None:
    """What a name of the catalog means; None for what is no usable op."""
    if modality != "image":
        return None
    return find_op(TYPED.get(name, name), modality) or FOREIGN.get(name)


def find_op(name: str, modality: str) -> Op | None:
    """The op of a canonical name; an installed package's op is loaded when its name comes up."""
    if modality != "image":
        return None
    for ops in (OWN_OPS, registered_ops()):
        if name in ops:
            return ops[name]
    return image_ops().get(name)


def resolve_op(name: str, params: Params, modality: str) -> tuple[Op, Params, float]:
    """The op that a spec's name means, its parameters, and the default `p` of this spelling.

    `params` are as written, without `p`. Raises `OpUnavailable`.
    """
    try:
        return _resolved(name, params, modality)
    except LibraryMissingError as error:
        raise _unavailable(str(error)) from error


def _resolved(name: str, params: Params, modality: str) -> tuple[Op, Params, float]:
    op = find_op(TYPED.get(name, name), modality)
    if op is not None:
        return op, {**TYPED_DEFAULTS.get(name, {}), **params}, op.default_p
    if name in FOREIGN:
        return _translated(FOREIGN[name], params, modality)
    reason = refused_names().get(name)
    if reason is not None:
        raise _unavailable(f"{name} cannot be used: {reason}")
    op = load_entry_point(name)
    if op is not None:
        return op, params, op.default_p
    raise _unavailable(f"unknown op {name!r}{closest(name, (*usable_names(), *registered_ops()))}")


def _translated(foreign: Foreign, params: Params, modality: str) -> tuple[Op, Params, float]:
    translation, problems = foreign.translated(params)
    if translation is None:
        raise OpUnavailable(tuple(problems))
    name, translated = translation
    op = find_op(name, modality)
    if op is None:
        raise _unavailable(f"unknown op {name!r}")
    return op, translated, foreign.default_p


def _unavailable(message: str) -> OpUnavailable:
    return OpUnavailable((ParamProblem("", message),))
