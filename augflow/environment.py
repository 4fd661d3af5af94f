"""What the bytes of a stream depend on besides the spec: wheels and CPU class."""

from __future__ import annotations

import ctypes
import os
import platform
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy._core._multiarray_umath import __cpu_features__  # type: ignore[import-not-found]

WHEELS: Mapping[str, tuple[str, ...]] = {
    "": ("augflow-service", "numpy", "scipy"),
    "image": ("pillow", "albumentations", "opencv-python-headless", "simplejpeg"),
    "audio": ("audiomentations", "python-stretch", "soundfile", "soxr"),
    "text": ("nlpaug", "tokenizers"),
}
"""Those that make bytes, by modality; whatever is no sound and no text is made by those of images."""

_AVX = frozenset({"avx"})
_AVX2 = _AVX | {"avx2", "fma"}

VECTOR_UNITS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "x86_64": {
        "avx": _AVX,
        "avx2": _AVX2,
        "avx512": _AVX2 | {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"},
    },
    "aarch64": {
        "fp16": frozenset({"asimdhp"}),
        "dotprod": frozenset({"asimddp"}),
        "bf16": frozenset({"bf16"}),
        "sve": frozenset({"sve"}),
    },
}
"""What libraries choose their code by, and the flags by which Linux tells of it. All of a unit or none:
OpenCV, its IPP and numpy ask for the whole set. Finer ones (the AVX-512 of Ice Lake and later) change no
byte of any op; `benchmarks.cpu_class` measures it."""

OPENCV_UNITS = {
    "SSE4.1": "avx",
    "SSE4.2": "avx",
    "AVX": "avx",
    "FP16": "avx",
    "AVX2": "avx2",
    "AVX512-SKX": "avx512",
    "NEON_FP16": "fp16",
    "NEON_DOTPROD": "dotprod",
    "NEON_BF16": "bf16",
    "SVE": "sve",
}
"""OpenCV's own names, as OPENCV_CPU_DISABLE takes them (other spellings do nothing there), and a unit that
machines with them have."""

NUMPY_UNITS = {
    "FMA3": "avx2",
    "AVX2": "avx2",
    "X86_V3": "avx2",
    "AVX512F": "avx512",
    "AVX512_SKX": "avx512",
    "X86_V4": "avx512",
    "ASIMDHP": "fp16",
    "ASIMDDP": "dotprod",
    "SVE": "sve",
}
"""numpy's, as NPY_DISABLE_CPU_FEATURES takes them; which of them do anything depends on the release."""

IPP_LIMITS = {"disabled": "avx", "sse42": "avx", "avx2": "avx512"}
"""What OPENCV_IPP may say, in any case, and the unit without which it changes nothing."""

OPENBLAS_CORE = ("scipy_openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename")


@cache
def describe_environment(kinds: frozenset[str] | None = None) -> dict[str, str]:
    """Versions of the wheels that make the bytes of fields of some kinds, of all if left out, and the CPU
    class, by name."""
    python = ".".join(platform.python_version_tuple()[:2])
    found = {"python": python, "cpu": cpu_class()}
    modalities = {kind if kind in WHEELS else "image" for kind in kinds or WHEELS} | {""}
    for name in (name for modality, names in WHEELS.items() if modality in modalities for name in names):
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
    """Machine, vector units, the processor that OpenBLAS works for, and what the environment switches off.

    Such as `x86_64-avx512-Haswell`, or `x86_64-avx2-Zen opencv-AVX2` where OpenCV is told to do without.
    Where the system does not tell of vector units (other than Linux), machines of one kind are one class.
    """
    units = vector_units(platform.machine(), cpu_flags())
    widest = [name for name in units if not any(units[name] < other for other in units.values())]
    hardware = "-".join([platform.machine(), *widest, *openblas_core()])
    return " ".join([hardware, *_switched_off(units)])


def vector_units(machine: str, flags: Collection[str]) -> dict[str, frozenset[str]]:
    """Those of `VECTOR_UNITS` that a machine with these flags has."""
    return {name: needed for name, needed in VECTOR_UNITS.get(machine, {}).items() if needed <= set(flags)}


def cpu_flags() -> list[str]:
    """What Linux says that the CPU can do; nothing elsewhere."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                return line.split(":", 1)[1].split()
    return []


def openblas_core() -> list[str]:
    """The processor that numpy's OpenBLAS takes this one for, as a list of one name; empty where numpy has
    another BLAS. Products of matrices depend on it, and processors with equal vector units differ in it."""
    library = ctypes.CDLL(np.linalg._umath_linalg.__file__)  # symbols of what it links are found through it
    for name in OPENBLAS_CORE:
        if hasattr(library, name):
            tell = getattr(library, name)
            tell.restype = ctypes.c_char_p
            return [tell().decode()]
    return []


def _switched_off(units: Collection[str]) -> Iterator[str]:
    """What environment variables take away of units that are there."""
    for name in sorted({*re.split("[,;]", os.environ.get("OPENCV_CPU_DISABLE", ""))}):
        if OPENCV_UNITS.get(name) in units:
            yield f"opencv-{name}"
    limit = os.environ.get("OPENCV_IPP", "").lower()
    if limit in IPP_LIMITS and IPP_LIMITS[limit] in units:
        yield f"ipp-{limit}"
    for name in sorted({*re.split(r"[,\s]+", os.environ.get("NPY_DISABLE_CPU_FEATURES", ""))}):
        if NUMPY_UNITS.get(name) in units and not __cpu_features__[name]:
            yield f"numpy-{name}"
