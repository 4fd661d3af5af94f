"""One page that shows what a pipeline does to real samples, to look at and listen to."""

from __future__ import annotations

from augflow.preview.options import PreviewOptions, PreviewResult
from augflow.preview.write import write_preview

__all__ = ["PreviewOptions", "PreviewResult", "write_preview"]
