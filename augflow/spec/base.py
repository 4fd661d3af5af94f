"""What all parts of a spec are made of: checked models, list items, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

CONTAINERS = ("one_of", "some_of", "random_order")
ITEM_KEYS = ("id", "when", "weight")
SEED_LIMIT = 2**63

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class SpecModel(BaseModel):
    """Common settings: unknown keys are refused, values do not change, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Scalar = str | int | float | bool


class Condition(SpecModel):
    """The samples that an op is for: those whose class, or value in a column, is one of `values`."""

    column: str
    """`label` for the class name, else a column of the source."""
    values: tuple[Scalar, ...]
    negated: bool = False

    def written(self) -> Any:
        """The condition in the form of the file, without its column."""
        values: Any = list(self.values) if len(self.values) > 1 else self.values[0]
        return {"not": values} if self.negated else values


class OpSpec(SpecModel):
    """One list item: an op with its parameters, or a container with its children."""

    op: str
    params: Mapping[str, Any] = Field(default_factory=dict)
    id: str | None = None
    weight: Positive | None = None
    when: tuple[Condition, ...] = ()
    """All of them must hold for the op to fire."""
    children: tuple[OpSpec, ...] = ()

    def written(self) -> dict[str, Any]:
        """The item in the form of the file."""
        body: dict[str, Any] = dict(self.params)
        if self.children:
            body["transforms"] = [child.written() for child in self.children]
        item: dict[str, Any] = {self.op: body}
        if self.id is not None:
            item["id"] = self.id
        if self.when:
            item["when"] = {condition.column: condition.written() for condition in self.when}
        if self.weight is not None:
            item["weight"] = self.weight
        return item
