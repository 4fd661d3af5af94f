"""Where samples come from, and the order of an epoch."""

from __future__ import annotations

from augflow.sources.base import Source
from augflow.sources.opening import open_source
from augflow.sources.order import EpochOrder
from augflow.sources.split import split_source

__all__ = ["EpochOrder", "Source", "open_source", "split_source"]
