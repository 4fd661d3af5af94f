"""What else bytes depend on: wheels by modality, and a CPU class as fine as the libraries' own dispatch."""

from __future__ import annotations

import json
import platform

import pytest

from augflow import environment
from augflow.environment import cpu_class, describe_environment, environment_differences, openblas_core

AVX2 = frozenset({"sse2", "avx", "avx2", "fma"})
AVX512 = AVX2 | {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An x86 machine with AVX-512 whose matrices are multiplied by the kernels for Haswell."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(environment, "cpu_flags", lambda: [*AVX512])
    monkeypatch.setattr(environment, "openblas_core", lambda: ["Haswell"])
    for name in ("OPENCV_CPU_DISABLE", "OPENCV_IPP", "NPY_DISABLE_CPU_FEATURES"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("machine", "flags", "told"),
    [
        ("x86_64", {"sse2"}, "x86_64-Haswell"),
        ("x86_64", {"sse2", "avx"}, "x86_64-avx-Haswell"),
        ("x86_64", AVX2, "x86_64-avx2-Haswell"),
        ("x86_64", AVX2 - {"fma"}, "x86_64-avx-Haswell"),
        ("x86_64", AVX512, "x86_64-avx512-Haswell"),
        ("x86_64", AVX512 - {"avx512dq"}, "x86_64-avx2-Haswell"),
        ("x86_64", AVX512 | {"avx512_vbmi2"}, "x86_64-avx512-Haswell"),
        ("aarch64", {"asimdhp", "asimddp"}, "aarch64-fp16-dotprod-Haswell"),
        ("aarch64", {"asimdhp", "asimddp", "sve"}, "aarch64-fp16-dotprod-sve-Haswell"),
        ("riscv64", {"v"}, "riscv64-Haswell"),
    ],
)
def test_the_widest_units_are_named(
    server: pytest.MonkeyPatch, machine: str, flags: set[str], told: str
) -> None:
    """A unit counts where the machine has all of it, as for the libraries that use it."""
    server.setattr(platform, "machine", lambda: machine)
    server.setattr(environment, "cpu_flags", lambda: [*flags])
    assert cpu_class() == told


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("OPENCV_CPU_DISABLE", "AVX2", " opencv-AVX2"),
        ("OPENCV_CPU_DISABLE", "AVX512-SKX;AVX2", " opencv-AVX2 opencv-AVX512-SKX"),
        ("OPENCV_CPU_DISABLE", "AVX2,AVX2,,AVX512-SKX", " opencv-AVX2 opencv-AVX512-SKX"),
        ("OPENCV_CPU_DISABLE", "avx2", ""),
        ("OPENCV_CPU_DISABLE", "AVX512_SKX,AVX512,AVX-2, AVX2", ""),
        ("OPENCV_CPU_DISABLE", "AVX2 AVX512-SKX", ""),
        ("OPENCV_CPU_DISABLE", "NEON_FP16", ""),
        ("OPENCV_IPP", "disabled", " ipp-disabled"),
        ("OPENCV_IPP", "AVX2", " ipp-avx2"),
        ("OPENCV_IPP", "avx512", ""),
        ("OPENCV_IPP", "off", ""),
    ],
)
def test_what_is_switched_off_makes_another_class(
    server: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    """Only spellings that the library takes, in one order, and only units that are there."""
    server.setenv(variable, value)
    assert cpu_class() == f"x86_64-avx512-Haswell{told}"


def test_a_unit_that_is_not_there_cannot_be_switched_off(server: pytest.MonkeyPatch) -> None:
    """A setting for the whole cluster does not part the machines that never had the unit."""
    server.setattr(environment, "cpu_flags", lambda: [*AVX2])
    server.setenv("OPENCV_CPU_DISABLE", "AVX512-SKX")
    server.setenv("OPENCV_IPP", "avx2")
    assert cpu_class() == "x86_64-avx2-Haswell"


def test_numpy_says_itself_what_it_does_without(server: pytest.MonkeyPatch) -> None:
    """A name that this release of numpy does not take changes nothing."""
    server.setattr(environment, "__cpu_features__", {"X86_V3": True, "X86_V4": False, "AVX2": True})
    server.setenv("NPY_DISABLE_CPU_FEATURES", "X86_V4, AVX2\tx86_v3")
    assert cpu_class() == "x86_64-avx512-Haswell numpy-X86_V4"


def test_the_kernels_of_openblas_are_those_in_use() -> None:
    """What the library itself says of the one that numpy has loaded."""
    threadpoolctl = pytest.importorskip("threadpoolctl")
    used = [
        library["architecture"]
        for library in threadpoolctl.threadpool_info()
        if library["internal_api"] == "openblas" and "numpy" in library["filepath"]
    ]
    assert openblas_core() == used


def test_a_stream_is_told_of_the_wheels_of_its_modalities() -> None:
    """A state names what can change its bytes and no more; masks and boxes are made as images are."""
    image, audio = (describe_environment(frozenset({kind})) for kind in ("image", "audio"))
    assert {"opencv-python-headless", "scipy", "cpu"} <= image.keys()
    assert {"soxr", "audiomentations", "cpu"} <= audio.keys()
    assert not {"soxr", "nlpaug"} & image.keys()
    assert "pillow" not in audio
    assert describe_environment(frozenset({"boxes"})) == image
    assert image.keys() | audio.keys() < describe_environment().keys()
    assert len(json.dumps(image)) < 250


def test_only_what_both_know_of_differs() -> None:
    """A state that names fewer wheels is compared by those."""
    here = describe_environment()
    assert environment_differences({"numpy": "1.0", "extra": "1"}) == [f"numpy 1.0 -> {here['numpy']}"]
    assert environment_differences(dict(here)) == []
