"""What tests of tables ask of a source."""

from __future__ import annotations

from typing import Any

import pytest

from augflow.errors import SourceError
from augflow.sources import FieldRequest, Source, open_source
from augflow.spec.model import SourceSpec

TEXT = (FieldRequest("text", "text"),)


def texts(source: Source) -> list[str]:
    return [source.read(index).fields["text"] for index in range(len(source))]


def labels(source: Source) -> list[int]:
    return [source.read(index).label for index in range(len(source))]


def ids(source: Source) -> list[str]:
    return [source.sample_id(index) for index in range(len(source))]


def refusal(source: object, fields: Any = TEXT, **spec: Any) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, SourceSpec(**spec), fields=fields)
    return str(caught.value)
