"""The regularized model module; the only folder that imports torch."""
