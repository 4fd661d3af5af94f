"""Nothing leaves the machine: neither at import nor at run time, neither client nor workers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import AUGFLOW

pytestmark = pytest.mark.timeout(120)

GUARD = '''\
"""Imported by every Python process that starts: refuses and notes each way out of the machine."""
import os
import socket


def _refuse(what):
    with open(os.environ["AUGFLOW_GUARD_LOG"], "a") as log:
        log.write(f"{what}\\n")
    raise OSError(f"blocked: {what}")


def _own(host):
    host = host.decode() if isinstance(host, bytes) else host
    if host in (None, "", "localhost") or host.startswith("127.") or host == "::1":
        return True
    try:  # an address of this machine can be bound, others cannot
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.bind((host, 0))
        return True
    except OSError:
        return False


def _guarded(call):
    def guarded(self, address):
        # Ray learns its own address by connecting a datagram socket, which sends nothing.
        if self.family != socket.AF_UNIX and self.type != socket.SOCK_DGRAM and not _own(address[0]):
            _refuse(f"connect {address}")
        return call(self, address)
    return guarded


def _resolving(call):
    def resolving(host, *rest, **named):
        if not _own(host) and host != socket.gethostname():
            _refuse(f"resolve {host}")
        return call(host, *rest, **named)
    return resolving


socket.socket.connect = _guarded(socket.socket.connect)
socket.socket.connect_ex = _guarded(socket.socket.connect_ex)
socket.getaddrinfo = _resolving(socket.getaddrinfo)
socket.gethostbyname = _resolving(socket.gethostbyname)
with open(os.environ["AUGFLOW_GUARD_LOG"] + ".processes", "a") as started:
    started.write(f"{os.getpid()}\\n")
'''


@pytest.fixture
def guarded(tmp_path: Path) -> dict[str, str]:
    """Variables under which every Python process is guarded."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    return {"PYTHONPATH": str(tmp_path / "guard"), "AUGFLOW_GUARD_LOG": str(tmp_path / "violations")}


def test_guard_bites(start: Callable[..., Any], guarded: dict[str, str]) -> None:
    """The guard of these tests does stop and note a connection to another machine."""
    program = start(
        sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80))", **guarded
    )
    assert program.wait(30) != 0
    assert "192.0.2.1" in Path(guarded["AUGFLOW_GUARD_LOG"]).read_text()


def test_no_process_opens_a_connection_outwards(
    start: Callable[..., Any], guarded: dict[str, str], spec: Path, samples: Path
) -> None:
    """validate, and digest on two Ray workers, in processes that cannot reach another machine."""
    validated = start(AUGFLOW, "validate", spec, **guarded)
    assert validated.wait(60) == 0, validated.err
    program = start(AUGFLOW, "digest", spec, samples, "--workers", "2", **guarded)
    assert program.wait(90) == 0, program.err
    log = Path(guarded["AUGFLOW_GUARD_LOG"])
    tried = set(log.read_text().splitlines()) if log.exists() else set()
    assert not tried
    started = Path(f"{log}.processes").read_text().split()
    assert len(started) > 4, "the workers were guarded too"


def test_runs_where_there_is_no_network(start: Callable[..., Any], spec: Path, samples: Path) -> None:
    """In a network namespace with nothing but loopback, two workers give the reference digest."""
    unshare = shutil.which("unshare")
    script = 'ip link set lo up && exec "$@"'
    alone = [unshare or "unshare", "-n", "sh", "-c", script, "sh"]
    permitted = (
        unshare
        and shutil.which("ip")
        and not subprocess.run([*alone, "true"], capture_output=True, timeout=10).returncode
    )
    if not permitted:
        pytest.skip("network namespaces need unshare, ip and the right to use them")
    arguments = (AUGFLOW, "digest", spec, samples, "--workers")
    program = start(*alone, *arguments, "2")
    assert program.wait(90) == 0, program.err
    reference = start(*arguments, "0")
    assert reference.wait(60) == 0, reference.err
    assert program.out == reference.out
