"""Programs that measure augflow beside its peers: one file a question, `run.py` for all."""
