def materialize() -> None:
    """Later."""
