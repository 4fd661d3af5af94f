"""Augmentation as a reproducible stream of batches."""
