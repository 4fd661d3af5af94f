"""The fixtures of the tests of training."""

from ..train.conftest import _one_thread, make_digits

__all__ = ["_one_thread", "make_digits"]
