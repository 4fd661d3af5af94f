"""Augmented datasets on disk."""
