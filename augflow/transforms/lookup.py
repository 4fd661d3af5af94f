"""From a name in a spec to an op of the catalog."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from augflow.errors import AugflowError
from augflow.transforms.aliases import Foreign
from augflow.transforms.catalog import Op, Param, ParamProblem, Params
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.names import FAMILIES
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
    family = FAMILIES[modality]
    return dict(sorted({**family.library(), **family.own, **registered_ops(modality)}.items()))


def aliases(modality: str) -> Mapping[str, str]:
    """Every other name, and what it stands for: an op, or a sentence for a foreign library's name."""
    family = FAMILIES[modality]
    return {**{name: foreign.summary for name, foreign in family.foreign.items()}, **family.typed}


def unusable(modality: str) -> Mapping[str, str]:
    """Names that cannot be used, and why."""
    return FAMILIES[modality].unusable()


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
    family = FAMILIES[modality]
    return find_op(family.typed.get(name, name), modality) or family.foreign.get(name)


def find_op(name: str, modality: str) -> Op | None:
    """The op of a canonical name."""
    family = FAMILIES[modality]
    for ops in (family.own, registered_ops(modality)):
        if name in ops:
            return ops[name]
    return family.library().get(name)


def resolve_op(name: str, params: Params, modality: str) -> tuple[Op, Params, float]:
    """The op that a spec's name means, its parameters, and the default `p` of this spelling.

    `params` are as written, without `p`. Raises `OpUnavailable`.
    """
    try:
        return _resolved(name, params, modality)
    except LibraryMissingError as error:
        raise _unavailable(str(error)) from error


def _resolved(name: str, params: Params, modality: str) -> tuple[Op, Params, float]:
    family = FAMILIES[modality]
    op = find_op(family.typed.get(name, name), modality)
    if op is not None:
        return op, {**family.typed_defaults.get(name, {}), **params}, op.default_p
    if name in family.foreign:
        return _translated(family.foreign[name], params, modality)
    reason = family.unusable().get(name)
    if reason is not None:
        raise _unavailable(f"{name} cannot be used: {reason}")
    op = load_entry_point(name, modality)
    if op is not None:
        return op, params, op.default_p
    elsewhere = [other for other in FAMILIES if other != modality and FAMILIES[other].has(name)]
    if elsewhere:
        raise _unavailable(f"{name!r} is an op for {elsewhere[0]}, and this field is {modality}")
    raise _unavailable(
        f"unknown op {name!r}{closest(name, (*family.usable_names(), *registered_ops(modality)))}"
    )


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
