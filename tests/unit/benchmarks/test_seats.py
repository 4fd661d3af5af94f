"""What contenders are measured by."""

from __future__ import annotations

from benchmarks.seats import spent_cpu_s


def test_cpu_time_is_what_was_used_between_two_looks() -> None:
    """By kind; a new process counts whole, one that has ended takes nothing away."""
    before = {1: ("client", 5.0), 2: ("worker", 3.0), 3: ("worker", 9.0)}
    after = {1: ("client", 5.5), 2: ("worker", 4.0), 4: ("agent", 0.25)}
    assert spent_cpu_s(before, after) == {"client": 0.5, "worker": 1.0, "agent": 0.25}
