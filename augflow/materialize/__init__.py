"""Augmented datasets on disk."""

from augflow.materialize.options import MaterializeOptions
from augflow.materialize.write import MaterializeReport, materialize

__all__ = ["MaterializeOptions", "MaterializeReport", "materialize"]
