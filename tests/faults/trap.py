"""A trap in the pipeline: an op that does harm to its own process at samples that a test has armed.

Every sample of the test data carries its number (see material.py), and the op is the first to see it. So
harm is done in the middle of a task, at a chosen sample, and leaves a trace that says who was hit. The op
looks for files `EPOCH-NUMBER.HARM.TURN` in its folder; nothing of it is in the spec, so streams with and
without harm are the same stream to a state. Its parameter `epoch` is scheduled to be the epoch.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path

import numpy as np
import psutil
from ray import cloudpickle

import augflow

SEEN, ARMED, SPRUNG = "seen", "armed", "sprung"
SLOW_S = 1.5
HANGS_S = 600.0
EVERY = "every"
EPOCH = {"linear": [0, 1000], "over": [0, 1000]}
HEADROOM_BYTES = 64 * 2**20
TOO_MUCH_BYTES = 2**30
ONCE = ("kill", "stop", "raylet", "slow", "hang", "short")
"""Harm that is done to the first who comes; done again, the task succeeds."""

cloudpickle.register_pickle_by_value(sys.modules[__name__])


def spring(number: int, folder: str, epoch: float) -> None:
    """Do what is armed for a sample in an epoch."""
    root = Path(folder)
    (root / SEEN / str(os.getpid())).touch()
    armed_here = [
        *(root / ARMED).glob(f"{EVERY}-{number}.*"),
        *(root / ARMED).glob(f"{epoch:.0f}-{number}.*"),
    ]
    for armed in armed_here:
        harm = armed.name.split(".")[1]
        trace = root / SPRUNG / f"{number}.{harm}.{os.getpid()}"
        if harm not in ONCE:
            trace.touch()
        elif not claimed(armed, trace):
            continue
        if harm == "raylet":
            kill_raylet(root, number)
        else:
            DO[harm]()


def claimed(armed: Path, trace: Path) -> bool:
    """Whether this process is the one that walks into a trap that springs once."""
    try:
        armed.rename(trace)
    except FileNotFoundError:
        return False
    return True


def fail() -> None:
    raise ArithmeticError("the sample is armed")


def exhaust_memory() -> None:
    """Allocate what a limit of this process's own forbids."""
    with open("/proc/self/statm") as statm:
        pages = int(statm.read().split()[0])
    size = pages * os.sysconf("SC_PAGE_SIZE") + HEADROOM_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))
    np.ones(TOO_MUCH_BYTES, np.uint8)


def loop() -> None:
    while True:
        pass


def kill_raylet(root: Path, number: int) -> None:
    """Kill the node that this worker lives on. Ray lets the running call end, so it does not."""
    raylet = psutil.Process().parent()
    assert raylet is not None
    assert raylet.name() == "raylet"
    raylet.kill()
    (root / SPRUNG / f"{number}.node.{raylet.pid}").touch()
    time.sleep(HANGS_S)


DO = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "slow": lambda: time.sleep(SLOW_S),
    "hang": lambda: time.sleep(HANGS_S),
    "short": exhaust_memory,
    "raise": fail,
    "exit": lambda: os._exit(7),
    "segfault": lambda: ctypes.string_at(0),
    "loop": loop,
    "memory": exhaust_memory,
}


def trap_image(image: np.ndarray, folder: str, epoch: float) -> np.ndarray:
    spring(int(image[0, 0, 0]), folder, epoch)
    return image


def trap_text(text: str, folder: str, epoch: float) -> str:
    spring(int(text.split()[0][1:]), folder, epoch)
    return text


def trap_audio(audio: np.ndarray, folder: str, epoch: float) -> np.ndarray:
    spring(round(float(audio[0, 0]) * 256), folder, epoch)
    return audio


def register() -> None:
    """Make the op known as `trap_image`, `trap_text` and `trap_audio`."""
    for modality, function in (("image", trap_image), ("text", trap_text), ("audio", trap_audio)):
        augflow.op(modality=modality)(function)


class Trap:
    """The side of the test: arms samples and reads the traces."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (SEEN, ARMED, SPRUNG):
            (folder / name).mkdir()

    def clear(self) -> None:
        """No sample armed, no trace left."""
        for name in (SEEN, ARMED, SPRUNG):
            for file in (self.folder / name).iterdir():
                file.unlink()

    def arm(self, number: int, harm: str, epoch: int | str = EVERY, times: int = 1) -> None:
        """Harm that springs once springs that many times."""
        for turn in range(times):
            (self.folder / ARMED / f"{epoch}-{number}.{harm}.{turn}").touch()

    def victims(self, harm: str) -> list[int]:
        """The ids of the processes that walked into such a trap."""
        return [int(trace.suffix[1:]) for trace in (self.folder / SPRUNG).glob(f"*.{harm}.*")]

    def seen(self) -> set[int]:
        """The ids of all processes in which the op has run."""
        return {int(file.name) for file in (self.folder / SEEN).iterdir()}
