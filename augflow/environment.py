"""What the bytes of a stream depend on besides the spec: wheels and CPU class."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

WHEELS = ("augflow-service", "numpy", "pillow", "albumentations", "opencv-python-headless", "simplejpeg")
CPU_FEATURES = ("avx2", "avx512f")


@cache
def describe_environment() -> dict[str, str]:
    """Versions of the wheels that make bytes, and the CPU class, by name."""
    found = {"python": platform.python_version(), "cpu": cpu_class()}
    for name in WHEELS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def environment_differences(saved: object) -> list[str]:
    """What differs between another place and this one, as `numpy 2.3.0 -> 2.4.0`.

    Equal bytes are promised for equal wheels and CPU class only.
    """
    there = saved if isinstance(saved, Mapping) else {}
    here = describe_environment()
    return [
        f"{name} {there[name]} -> {here[name]}" for name in here if there.get(name, here[name]) != here[name]
    ]


def cpu_class() -> str:
    """Machine and the vector units that image libraries choose their code by, less those switched off."""
    features: set[str] = set()
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                features = set(line.split(":", 1)[1].split())
                break
    disabled = os.environ.get("OPENCV_CPU_DISABLE", "").lower()
    present = [name for name in CPU_FEATURES if name in features and name not in disabled]
    return "-".join([platform.machine(), *present])
