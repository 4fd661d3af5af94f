def train() -> None:
    """Later."""
