"""A `datasets.Dataset` of Hugging Face as an object of items: rows are mappings of columns.

Images and sounds are taken as encoded files and go through augflow's own decoders; a rate that an `Audio`
feature asks for is left to `resample`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from augflow.errors import SourceError
from augflow.sources.base import FieldRequest
from augflow.sources.classes import listed
from augflow.sources.items import DEFAULT_KEYS, LABEL_KEYS, key_of
from augflow.sources.settings import Settings

_ENCODED = ("Audio", "Image")


def is_dataset(source: object) -> bool:
    """Whether an object is a `datasets.Dataset`, found without importing that library."""
    module = type(source).__module__.partition(".")[0]
    return module == "datasets" and hasattr(source, "features") and hasattr(source, "__getitem__")


class DatasetRows:
    """The rows of a dataset with the columns that are needed; picklable as the dataset is."""

    def __init__(self, dataset: Any, labels: tuple[str, ...]) -> None:
        for name, feature in dataset.features.items():
            if type(feature).__name__ in _ENCODED:
                dataset = dataset.cast_column(name, type(feature)(decode=False))
        self._rows = dataset.with_format(None)
        self._labels = labels
        feature = dataset.features[labels[0]] if len(labels) == 1 else None
        names = getattr(getattr(feature, "feature", feature), "names", None)
        self._numbered = names is not None
        if names is not None:
            self.classes = tuple(names)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        row: dict[str, Any] = self._rows[index]
        label = [row.pop(name) for name in self._labels]
        row["label"] = self._label(label[0] if len(label) == 1 else label)
        return row

    @property
    def targets(self) -> list[Any]:
        """The labels of all rows, where they are one column."""
        if len(self._labels) != 1:
            raise AttributeError("targets")
        return [self._label(label) for label in self._rows[self._labels[0]]]

    def _label(self, label: Any) -> Any:
        """A class of -1 is how parts without labels are published."""
        missing = label in ([], None) or (self._numbered and label == -1)
        return None if missing else label

    def fingerprint(self) -> str:
        """The dataset's own, which covers its content and what was done to it."""
        return str(getattr(self._rows, "_fingerprint", ""))


class NamedRows(DatasetRows):
    """Rows with an id column."""

    def __init__(self, dataset: Any, labels: tuple[str, ...], ids: list[str]) -> None:
        super().__init__(dataset, labels)
        self._ids = ids

    def sample_id(self, index: int) -> str:
        """The id of a row."""
        return self._ids[index]


def dataset_rows(
    dataset: Any, fields: Sequence[FieldRequest], settings: Settings
) -> tuple[DatasetRows, tuple[FieldRequest, ...]]:
    """The rows as items, and the fields with the columns they are in.

    A field is in the column that its `from` names, else in `columns.text` or `columns.path`, else in its
    own or a default name. Ids are row numbers unless `columns.id` names a column. Raises SourceError for a
    column that is absent.
    """
    names: list[str] = list(dataset.column_names)
    named = {"text": settings.column("text")}
    found = tuple(
        replace(field, origin=_column(names, field, named.get(field.kind, settings.column("path"))))
        for field in fields
    )
    labels = settings.labels() or tuple(name for name in LABEL_KEYS if name in names)[:1]
    identity = settings.column("id")
    for meaning, asked in (("label", labels), ("id", (identity,) if identity else ())):
        if absent := [name for name in asked if name not in names]:
            raise SourceError(f"no column {absent[0]!r} for the {meaning}; the columns are {listed(names)}")
    needed = {*labels, *(field.origin for field in found)}
    needed |= {
        name for name in names if name != identity and type(dataset.features[name]).__name__ == "Value"
    }
    kept = dataset.select_columns([name for name in names if name in needed])
    if identity is None:
        return DatasetRows(kept, labels), found
    return NamedRows(kept, labels, [str(value) for value in dataset[identity]]), found


def _column(names: Sequence[str], field: FieldRequest, named: str | None) -> str:
    asked = replace(field, origin=field.origin or named)
    column = key_of(asked, names)
    if column is None:
        wanted = (asked.origin,) if asked.origin else (field.name, *DEFAULT_KEYS.get(field.kind, ()))
        shown = " or ".join(map(repr, dict.fromkeys(wanted)))
        raise SourceError(
            f"no column {shown} for the field {field.name}; the columns are {listed(names)}: name the right "
            f"one, as in from: {names[0]}"
        )
    return column
