def demo() -> None:
    """Later."""
