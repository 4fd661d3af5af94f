"""Parameters of albumentations ops: read from the library's own schemas, checked more strictly."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated, Any, get_origin

import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from augflow.transforms.catalog import Param, ParamProblem, Params
from augflow.transforms.checking import (
    floats,
    parts,
    plain,
    range_problem,
    scalar_types,
    unknown_params,
    validation_problems,
    value_problem,
)
from augflow.transforms.image_transform import construct
from augflow.wording import closest, shown

OURS = ("self", "p", "strict")
"""Arguments that the engine sets."""

INTERPOLATIONS = {
    "nearest": 0,
    "linear": 1,
    "cubic": 2,
    "area": 3,
    "lanczos4": 4,
    "linear_exact": 5,
    "nearest_exact": 6,
}
BORDER_MODES = {"constant": 0, "replicate": 1, "reflect": 2, "wrap": 3, "reflect_101": 4}
NAMED_VALUES: Mapping[str, Mapping[str, int]] = {
    "interpolation": INTERPOLATIONS,
    "mask_interpolation": INTERPOLATIONS,
    "interpolation_pair": INTERPOLATIONS,
    "border_mode": BORDER_MODES,
}
"""OpenCV's enumerations by name; integers are their canonical form."""


SIDES = frozenset({"height", "width", "size", "min_height", "min_width", "max_size", "max_size_hw"})
MAX_SIDE = 2**15
"""Pixels of a side that an op may ask for."""


class ImageParams:
    """The parameters of one albumentations class."""

    def __init__(self, library_class: Any) -> None:
        self._class = library_class
        self._schema: type[BaseModel] = library_class.InitSchema
        self._defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(library_class.__init__).parameters.items()
            # What is in the signature alone never reaches the op.
            if name in self._schema.model_fields and name not in OURS
        }
        self._names = tuple(name for name in self._defaults if self._writable(name))

    def _writable(self, name: str) -> bool:
        """Whether a file can hold the value: no arrays, no callables, nothing that needs a mask."""
        kinds = parts(self._schema.model_fields[name].annotation)
        return name != "mask_params" and not any(
            kind is np.ndarray or get_origin(kind) is Callable for kind in kinds
        )

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """The type of each parameter, without its constraints."""
        return {name: self._schema.model_fields[name].annotation for name in self._names}

    @cached_property
    def described(self) -> Mapping[str, Param]:
        """The parameters as the catalog shows them."""
        return {name: self._described(name) for name in self._names}

    def _described(self, name: str) -> Param:
        field, default = self._schema.model_fields[name], self._defaults[name]
        required = default is inspect.Parameter.empty
        constrained: Any = field.annotation
        if field.metadata:
            constrained = Annotated[(constrained, *field.metadata)]
        schema = TypeAdapter(constrained).json_schema()
        if name in NAMED_VALUES:
            schema = _named_schema(schema, NAMED_VALUES[name])
        return Param(name, schema, required, None if required else _shown(name, default))

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and all problems; without a canonical form, those given."""
        problems = unknown_params(params, self._names)
        given = {name: value for name, value in params.items() if name in self._names}
        for name, value in list(given.items()):
            value = given[name] = _numbered(name, plain(value))
            message = (
                _name_problem(name, value)
                or value_problem(self.annotations[name], value)
                or range_problem(name, self.annotations[name], value)
                or _axis_problem(name, value)
                or _side_problem(name, value)
            )
            if message is not None:
                problems.append(ParamProblem(name, message))
        wrong = {problem.name for problem in problems}
        canonical, found = self._validated(given)
        problems += [
            problem for problem in found if problem.name not in wrong and not (wrong and not problem.name)
        ]
        if not problems:
            problems = [*_unit_problems(canonical), *_object_problems(canonical), *_grid_problems(canonical)]
        if not problems:
            problems = self._construction_problems(canonical)
        return (params if problems else canonical), problems

    def _validated(self, given: Params) -> tuple[Params, list[ParamProblem]]:
        """What the library's schema makes of the values."""
        present = {k: v for k, v in self._defaults.items() if v is not inspect.Parameter.empty} | given
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                valid = self._schema(**present, p=1.0, strict=True)
            except ValidationError as error:
                return {}, validation_problems(error, self.annotations, given)
            except (TypeError, ValueError) as error:
                return {}, [ParamProblem("", _first_line(error))]
        # The library repairs kernel sizes with a warning that nobody reads.
        problems = [_repair_problem(str(warning.message), given) for warning in caught]
        canonical = {name: self._canonical(name, getattr(valid, name)) for name in self._names}
        if self._class.__name__ == "ShiftScaleRotate":
            # Its schema turns the limit into the scale itself; a limit goes in, so a limit must come out.
            limit = present["scale_limit"]
            ends = limit if isinstance(limit, list | tuple) else (-limit, limit)
            canonical["scale_limit"] = self._canonical("scale_limit", ends)
        return canonical, problems

    def _canonical(self, name: str, value: Any) -> Any:
        kinds = scalar_types(self.annotations[name])
        return floats(plain(value)) if float in kinds and int not in kinds else plain(value)

    def _construction_problems(self, canonical: Params) -> list[ParamProblem]:
        try:
            construct(self._class.__name__, canonical)
        except (TypeError, ValueError) as error:
            return [ParamProblem("", _first_line(error))]
        return []


def _shown(name: str, default: Any) -> Any:
    names = {number: word for word, number in NAMED_VALUES.get(name, {}).items()}
    if isinstance(default, dict):
        return {key: names.get(value, value) for key, value in default.items()}
    return names.get(default, default) if isinstance(default, int) else plain(default)


def _named_schema(schema: dict[str, Any], names: Mapping[str, int]) -> dict[str, Any]:
    """The schema of an enumeration with its names beside its numbers."""
    if "additionalProperties" in schema:
        return schema | {"additionalProperties": _named_schema(schema["additionalProperties"], names)}
    numbers = schema["enum"]
    return {"enum": [name for name, number in names.items() if number in numbers] + numbers}


def _numbered(name: str, value: Any) -> Any:
    """OpenCV's number for a name; anything else as it is."""
    names = NAMED_VALUES.get(name, {})
    if isinstance(value, dict) and names:
        return {key: names.get(item, item) if isinstance(item, str) else item for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


def _name_problem(name: str, value: Any) -> str | None:
    names = NAMED_VALUES.get(name)
    words = value.values() if isinstance(value, dict) else [value]
    for word in words:
        if names and isinstance(word, str):
            return f"must be one of {', '.join(names)}, got {word!r}{closest(word, names)}"
    return None


def _side_problem(name: str, value: Any) -> str | None:
    """Whether an image of this size could be made; its memory would be taken sample by sample."""
    sides = value if isinstance(value, list | tuple) else [value]
    largest = max((side for side in sides if isinstance(side, int)), default=0)
    if name not in SIDES or largest <= MAX_SIDE:
        return None
    return f"must be at most {MAX_SIDE:,} pixels, got {shown(value)}; make it smaller"


def _axis_problem(name: str, value: Any) -> str | None:
    """Maps by axis: the library ignores other keys, and shears an axis left out by one degree."""
    if not isinstance(value, dict) or name in ("noise_params", "interpolation_pair"):
        return None
    unknown = [key for key in value if key not in ("x", "y")]
    if unknown:
        return f"takes the keys x and y, got {unknown[0]!r}"
    if name == "shear" and len(value) == 1:
        (axis,) = value
        other = "y" if axis == "x" else "x"
        return f"name both axes; write {{{axis}: {value[axis]}, {other}: 0}}"
    return None


def _unit_problems(canonical: Params) -> list[ParamProblem]:
    """Sizes of holes: the library takes all four numbers for pixels as soon as the largest height is 1."""
    if not {"hole_height_range", "hole_width_range"} <= canonical.keys() or "mask_indices" in canonical:
        return []
    ends = [*canonical["hole_height_range"], *canonical["hole_width_range"]]
    if all(end < 1 for end in ends) or all(end >= 1 and end % 1 == 0 for end in ends):
        return []
    rule = "heights and widths must all be shares of the side, below 1, or all be whole pixels"
    return [
        ParamProblem("", f"hole_height_range and hole_width_range: {rule}, got {ends[:2]} and {ends[2:]}")
    ]


def _object_problems(canonical: Params) -> list[ParamProblem]:
    """Which objects get holes: the library makes none where it is not told, and takes words for class names,
    which an op does not know."""
    if "mask_indices" not in canonical:
        return []
    labels = canonical["bbox_labels"]
    if (canonical["mask_indices"] is None) == (labels is None):
        rule = "give mask_indices (values of the mask) or bbox_labels (numbers of classes), one of them"
        return [ParamProblem("", rule)]
    words = [label for label in labels or () if isinstance(label, str)]
    if words:
        rule = "takes the numbers of classes, counted from 0 in the class list"
        return [ParamProblem("bbox_labels", f"{rule}, got {words[0]!r}")]
    return []


def _grid_problems(canonical: Params) -> list[ParamProblem]:
    """The size of a unit is drawn below the upper end, which a range of one number leaves no room for."""
    ends = canonical.get("unit_size_range")
    if ends is None or ends[0] < ends[1]:
        return []
    rule = "sizes are drawn below the upper end, which must be above the lower one"
    return [ParamProblem("unit_size_range", f"{rule}, got {ends}; write {[ends[0], ends[0] + 1]}")]


def _repair_problem(warning: str, given: Params) -> ParamProblem:
    """`blur_limit: Rule. Range (4, 4) automatically adjusted to (5, 5).` as a problem."""
    name, _, text = warning.partition(": ")
    fixed = re.search(r"adjusted to \((\d+), (\d+)\)", text)
    if fixed is None:
        return ParamProblem("", warning)
    low, high = fixed.groups()
    rule = "kernel sizes must be odd and at least 3 (0: chosen by the library)"
    return ParamProblem(name, f"{rule}, got {given.get(name)}; write [{low}, {high}]")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
