"""Where samples come from, and the order of an epoch."""

from __future__ import annotations

from augflow.sources.base import FieldRequest, Source, TargetKind
from augflow.sources.opening import open_source
from augflow.sources.order import EpochOrder
from augflow.sources.split import split_source

__all__ = ["EpochOrder", "FieldRequest", "Source", "TargetKind", "open_source", "split_source"]
