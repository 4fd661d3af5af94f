"""Parameters of an op that is a Python function: read from its signature, checked before it runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model

from augflow.transforms.catalog import Param, ParamProblem, Params
from augflow.transforms.checking import (
    plain,
    range_problem,
    unknown_params,
    validation_problems,
    value_problem,
)


class SignatureParams:
    """The parameters of a function, those in `given_by_us` left out.

    A parameter without an annotation takes any value; constraints come from `Annotated` types.
    """

    def __init__(self, function: Callable[..., Any], given_by_us: tuple[str, ...] = ()) -> None:
        hints = get_type_hints(function, include_extras=True)
        self._defaults: dict[str, Any] = {}
        self._types: dict[str, Any] = {}
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
                raise TypeError(f"{function.__name__} must name its parameters, got {parameter}")
            if name not in given_by_us:
                self._defaults[name] = parameter.default
                self._types[name] = hints.get(name, Any)

    @cached_property
    def _model(self) -> type[BaseModel]:
        fields: dict[str, Any] = {
            name: (kind, ... if self._required(name) else self._defaults[name])
            for name, kind in self._types.items()
        }
        config = ConfigDict(validate_default=True, arbitrary_types_allowed=True, protected_namespaces=())
        return create_model("Params", __config__=config, **fields)

    def _required(self, name: str) -> bool:
        return self._defaults[name] is inspect.Parameter.empty

    @cached_property
    def described(self) -> Mapping[str, Param]:
        """The parameters as the catalog shows them."""
        return {
            name: Param(
                name=name,
                schema=TypeAdapter(kind).json_schema(),
                required=self._required(name),
                default=None if self._required(name) else plain(self._defaults[name]),
            )
            for name, kind in self._types.items()
        }

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters with defaults filled in, and everything wrong with those given."""
        problems = unknown_params(params, tuple(self._types))
        given = {name: plain(value) for name, value in params.items() if name in self._types}
        for name, value in given.items():
            kind = self._types[name]
            message = value_problem(kind, value) or range_problem(name, kind, value)
            if message is not None:
                problems.append(ParamProblem(name, message))
        wrong = {problem.name for problem in problems}
        try:
            valid = self._model(**given)
        except ValidationError as error:
            found = validation_problems(error, self._types, given)
            return params, problems + [problem for problem in found if problem.name not in wrong]
        return {name: plain(getattr(valid, name)) for name in self._types}, problems
