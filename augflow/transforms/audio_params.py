"""Parameters of audiomentations ops: read from the constructors, checked more strictly than by them."""

from __future__ import annotations

import inspect
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from augflow.transforms.audio_facts import BOUNDS, FILES, module_of, refusal
from augflow.transforms.audio_files import SoundFilesError, digest, listed
from augflow.transforms.audio_library import EXTRAS_REMEDY, is_installed
from augflow.transforms.catalog import Param, ParamProblem, Params
from augflow.transforms.checking import NUMBERS, parts
from augflow.transforms.signatures import SignatureParams

OURS = ("self", "p")
"""Arguments that the engine sets."""

DIGEST = "_sha256"
"""Ends the name of a parameter of augflow's own, which says what the files of another must be."""

WORD = re.compile(r"\w+")

UNITS = {"shift_unit": ("min_shift", "max_shift"), "duration_unit": ("min_duration", "max_duration")}
"""Parameters that say in what unit others are."""


class AudioParams:
    """The parameters of one audiomentations class."""

    def __init__(self, library_class: Any) -> None:
        self._class = library_class
        self._name: str = library_class.__name__
        self._signature = SignatureParams(_typed(library_class))

    @property
    def described(self) -> Mapping[str, Param]:
        """The parameters as the catalog shows them."""
        return self._signature.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and all problems; without a canonical form, those given."""
        canonical, problems = self._signature.check(params)
        problems += _upside_down({**self._defaults, **params})
        if problems:
            return params, problems
        problems = list(_unit_problems(canonical)) + list(self._file_problems(canonical))
        refused = refusal(self._name, canonical)
        if refused is not None:
            problems.append(ParamProblem(*refused))
        module = module_of(self._name, canonical)
        if module is not None and not is_installed(module):
            problems.append(
                ParamProblem("", f"needs the package {module}, which is not installed: {EXTRAS_REMEDY}")
            )
        problems = problems or self._construction_problems(canonical)
        return (params if problems else canonical), problems

    def arguments(self, canonical: Params) -> Params:
        """What the constructor takes: files in the place of the folders that hold them."""
        if self._name not in FILES:
            return canonical
        paths = FILES[self._name]
        rest = {name: value for name, value in canonical.items() if name != paths + DIGEST}
        return {**rest, paths: listed(canonical[paths])}

    @property
    def _defaults(self) -> Params:
        return {name: param.default for name, param in self.described.items()}

    def _file_problems(self, canonical: Params) -> Iterator[ParamProblem]:
        """Fills in the digest of the files."""
        paths = FILES.get(self._name)
        if paths is None:
            return
        try:
            found = digest(listed(canonical[paths]))
        except SoundFilesError as error:
            yield ParamProblem(paths, str(error))
            return
        given = canonical[paths + DIGEST]
        if given not in (None, found):
            yield ParamProblem(
                paths + DIGEST, f"the files of {paths} have changed: this is now {found}, got {given}"
            )
        canonical[paths + DIGEST] = found

    def _construction_problems(self, canonical: Params) -> list[ParamProblem]:
        try:
            construct(self._class, self.arguments(canonical))
        except (AssertionError, TypeError, ValueError) as error:
            rule = _rule(error)
            given = [f"{name}: {value}" for name, value in canonical.items() if name in WORD.findall(rule)]
            return [ParamProblem("", f"{rule}; got {', '.join(given)}" if given else rule)]
        return []


def construct(library_class: Any, arguments: Params) -> Any:
    """The audiomentations op; `p` is 1 because the engine decides whether an op fires."""
    with warnings.catch_warnings():
        # Advice to use another back end, repeated in every worker.
        warnings.simplefilter("ignore", DeprecationWarning)
        return library_class(**arguments, p=1.0)


def _typed(library_class: Any) -> Callable[..., Any]:
    """A function with the parameters that a file can hold, and complete types."""
    hints = get_type_hints(library_class.__init__)
    parameters = []
    for name, parameter in inspect.signature(library_class.__init__).parameters.items():
        hint = hints.get(name, type(parameter.default))
        callable_hint = any(get_origin(part) is Callable for part in parts(hint))
        if name in OURS or parameter.kind is parameter.VAR_KEYWORD or callable_hint:
            continue
        parameters.append(
            inspect.Parameter(
                name,
                parameter.KEYWORD_ONLY,
                default=parameter.default,
                annotation=_writable(name, hint, parameter.default),
            )
        )
    if library_class.__name__ in FILES:
        digest_of = FILES[library_class.__name__] + DIGEST
        parameters.append(
            inspect.Parameter(digest_of, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=str | None)
        )

    def described(**_params: Any) -> None: ...

    described.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    described.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return described


def _writable(name: str, hint: Any, default: Any) -> Any:
    """The type as a file can hold it, with the bounds that the library leaves out."""
    if any(part is Path for part in parts(hint)):
        hint = str | list[str]
    if name in BOUNDS:
        hint = Annotated[hint, BOUNDS[name]]
    return hint | None if default is None and type(None) not in get_args(hint) else hint


def _upside_down(values: Params) -> Iterator[ParamProblem]:
    """Ranges whose low end is above their high end, some of which the library lets pass."""
    for name, low in values.items():
        other = "max_" + name.removeprefix("min_")
        high = values.get(other)
        numbers = type(low) in NUMBERS and type(high) in NUMBERS
        if name.startswith("min_") and numbers and low > high:
            yield ParamProblem(name, f"must not be above {other}, got {low} and {high}")


def _unit_problems(canonical: Params) -> Iterator[ParamProblem]:
    """Makes numbers whole where the unit is samples, and floats where it is not."""
    for unit, names in UNITS.items():
        for name in names if unit in canonical else ():
            value = canonical[name]
            if canonical[unit] != "samples":
                canonical[name] = float(value)
            elif value != int(value):
                yield ParamProblem(name, f"must be a whole number with {unit}: samples, got {value}")
            else:
                canonical[name] = int(value)


def _rule(error: Exception) -> str:
    """The library's message, or the rule that it asserts without one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if lines:
        return lines[0]
    source = traceback.extract_tb(error.__traceback__)[-1].line or type(error).__name__
    return f"must hold: {source.removeprefix('assert ').removesuffix('(')}"
