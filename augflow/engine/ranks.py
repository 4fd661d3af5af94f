"""Ranks that a launcher has started on one host share the Ray of the first of them, and its workers.

`torchrun` and Lightning tell each process its local rank and a port that no other run on the host has.
The first rank announces its Ray in a folder that only this user can read; a lock that ends with its
process says that the announcement holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO

from augflow.engine.base import TaskContext
from augflow.errors import EngineError
from augflow.plan import fingerprint

HOST_SECONDS = 120.0
"""How long a rank waits for the first one to start Ray: the first may still be reading its data."""

GUEST_SECONDS = 60.0
"""How long the first rank, at its end, waits for the others to be done with its Ray."""

HOLD_SECONDS = 5.0
LOOK_S = 0.1


def run_name() -> str | None:
    """What the ranks of one run have in common; None where a process is on its own."""
    seen = os.environ
    if int(seen.get("WORLD_SIZE", "1")) < 2 or "LOCAL_RANK" not in seen or "MASTER_PORT" not in seen:
        return None
    names = ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT")
    told = "\n".join([str(os.getuid()), *(seen.get(name, "") for name in names)])
    return hashlib.blake2b(told.encode(), digest_size=12).hexdigest()


_opened: Counter[str] = Counter()


def shared_pool(context: TaskContext) -> tuple[str | None, int]:
    """The name of the workers that the ranks of a run share for this work, and how many ranks do.

    The n-th pool for some work is the same on every rank: ranks run the same program.
    """
    run = run_name()
    if run is None or context.encoder is not None:
        return None, 1
    plan, source = context.plan, context.source
    work = fingerprint(
        {
            "content": plan.tile_content(context.train),
            "source": source.fingerprint(),
            "options": [context.train, context.shuffle, context.replace_bad, context.record],
        }
    )
    _opened[work] += 1
    ranks = int(os.environ.get("LOCAL_WORLD_SIZE", os.environ["WORLD_SIZE"]))
    return f"{run}-{work}-{_opened[work]}", ranks


class Meeting:
    """The ranks of a run on this host, from the view of one of them."""

    def __init__(self, run: str) -> None:
        self.is_host = os.environ["LOCAL_RANK"] == "0"
        self._folder = _private_folder() / run
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._held: IO[str] | None = None

    def announce(self, address: str, token: str) -> None:
        """Tell the others where the Ray of this rank is."""
        (self._folder / "address").unlink(missing_ok=True)  # of a run that was killed
        self._held = _hold(self._folder / "host")
        written = self._folder / "address.new"
        written.write_text(json.dumps({"address": address, "token": token}), encoding="utf-8")
        written.replace(self._folder / "address")

    def attend(self) -> tuple[str, str]:
        """Address and token of the first rank's Ray, which stays up for this rank from now on.

        Raises `EngineError` when it is not there in time.
        """
        self._held = _hold(self._folder / f"guest-{os.environ['LOCAL_RANK']}-{os.getpid()}")
        deadline = time.monotonic() + HOST_SECONDS
        pause = threading.Event()
        while time.monotonic() < deadline:
            announced = self._folder / "address"
            if _is_held(self._folder / "host") and announced.exists():
                found = json.loads(announced.read_text(encoding="utf-8"))
                return str(found["address"]), str(found["token"])
            pause.wait(LOOK_S)
        self.leave()
        raise EngineError(
            f"local rank {os.environ['LOCAL_RANK']} waited {HOST_SECONDS:.0f} s for local rank 0, whose "
            "workers all ranks of a host share; every rank has to read its stream with num_workers above 0"
        )

    def has_guests(self) -> bool:
        """Whether other ranks use the Ray of this one."""
        return self.is_host and any(_is_held(file) for file in self._folder.glob("guest-*"))

    def wait_for_guests(self) -> None:
        """Wait until no other rank uses the Ray of this one, or the limit is over."""
        deadline = time.monotonic() + GUEST_SECONDS
        pause = threading.Event()
        while self.has_guests() and time.monotonic() < deadline:
            pause.wait(LOOK_S)

    def leave(self) -> None:
        """Be done with it."""
        if self._held is not None:
            self._held.close()
            self._held = None
        if self.is_host:
            shutil.rmtree(self._folder, ignore_errors=True)


def _private_folder() -> Path:
    """A folder of this user alone; raises `EngineError` where somebody else has made it."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()) / f"augflow-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EngineError(f"{folder} must be a folder that only its user can read; remove it")
    return folder


def _hold(file: Path) -> IO[str]:
    """The file, locked until it is closed or the process ends."""
    deadline = time.monotonic() + HOLD_SECONDS
    pause = threading.Event()
    while (opened := _locked(file, fcntl.LOCK_EX)) is None:
        if time.monotonic() > deadline:
            raise EngineError(
                f"{file} is held by another process: two runs have the same MASTER_PORT and local rank; "
                "give each run a port of its own"
            )
        pause.wait(LOOK_S)  # whoever looks whether it is held holds it for a moment
    return opened


def _locked(file: Path, how: int) -> IO[str] | None:
    opened = file.open("a", encoding="utf-8")
    try:
        fcntl.flock(opened, how | fcntl.LOCK_NB)
    except BlockingIOError:
        opened.close()
        return None
    return opened


def _is_held(file: Path) -> bool:
    """Whether a process that lives has locked the file."""
    if not file.exists():
        return False
    opened = _locked(file, fcntl.LOCK_SH)
    if opened is not None:
        opened.close()
    return opened is None
