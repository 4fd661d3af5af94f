"""What opening a source needs of a spec, and of the options behind a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from augflow.errors import SourceError
from augflow.sources.base import Links, TargetKind


class SourceSettings(Protocol):
    """What opening needs of a spec's `source`; `augflow.spec.model.SourceSpec` is one."""

    @property
    def kind(self) -> str | None:
        """One of `KINDS`; None means: look and say."""
        ...

    @property
    def split(self) -> str | None:
        """The rows of a table to take; None takes all."""
        ...

    @property
    def columns(self) -> Mapping[Any, str | tuple[str, ...]]:
        """Names of the columns of a table, by what they mean."""
        ...

    @property
    def quoting(self) -> str | None:
        """`on` or `off` for .csv and .tsv; None means: look and say."""
        ...

    @property
    def target(self) -> TargetKind:
        """What the labels are."""
        ...

    @property
    def links(self) -> Links:
        """Which symbolic links are followed."""
        ...

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The class list, frozen; None takes the classes that are met."""
        ...


@dataclass(frozen=True)
class Settings:
    """The settings of one source, of a spec and of the options behind its path together."""

    kind: str | None = None
    split: str | None = None
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    quoting: str | None = None
    target: TargetKind = "class"
    links: Links = "inside"

    @classmethod
    def of(cls, spec: SourceSettings | None) -> Settings:
        """Those of a spec; the defaults without one."""
        return cls() if spec is None else cls(**{each.name: getattr(spec, each.name) for each in fields(cls)})

    def column(self, meaning: str) -> str | None:
        """The name of the one column with a meaning, where it is given; raises SourceError for several."""
        named = self.columns.get(meaning)
        if named is None or isinstance(named, str):
            return named
        raise SourceError(
            f"columns.{meaning} must be one name, got {list(named)}; only label may have several"
        )

    def labels(self) -> tuple[str, ...]:
        """The names of the label columns, where they are given; of a regression, several with commas."""
        named = self.columns.get("label")
        if isinstance(named, str):
            named = tuple(named.split(",")) if self.target == "regression" else (named,)
        if named is not None and self.target != "regression" and len(named) != 1:
            raise SourceError(
                f"columns.label must be one name where target is {self.target}, got {list(named)}; several "
                "are the numbers of a regression: `target: regression`"
            )
        return tuple(named or ())
