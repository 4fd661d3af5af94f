"""Without some of its vector units a machine makes other bytes: told apart, refused in one pool, measured."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from augflow.environment import VECTOR_UNITS, cpu_flags, vector_units

from ..integration.conftest import Program

pytestmark = [pytest.mark.timeout(180), pytest.mark.long]

OFF = "AVX2,AVX512-SKX"
HAS_AVX2 = "avx2" in vector_units("x86_64", cpu_flags())
needs_avx2 = pytest.mark.skipif(not HAS_AVX2, reason="this machine has no AVX2 to switch off")

TELL = """
import json, sys
from augflow.environment import cpu_class
import cv2
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
print(json.dumps([cpu_class(), cv2.getCPUFeaturesLine(), cv2.ipp.getIppVersion(), cv2.ipp.useIPP(),
                  [name for name in __cpu_dispatch__ if __cpu_features__[name]]]))
"""

MIXED_CLUSTER = """
import sys, time
import numpy as np
import augflow
from ray.cluster_utils import Cluster

node = {"object_store_memory": 80_000_000, "num_cpus": 1}
cluster = Cluster(initialize_head=True, head_node_args={"include_dashboard": False, **node})
cluster.add_node(env_vars={"OPENCV_CPU_DISABLE": sys.argv[1]}, **node)
pipeline = augflow.load({"modality": "image", "augment": [{"rotate": {}}], "batch": {"size": 8}})
images = np.zeros((40, 20, 22, 3), np.uint8)
try:
    with pipeline.stream(images, num_workers=2, address=cluster.address) as stream:
        deadline = time.monotonic() + 60
        while stream.stats()["workers"] < 2 and time.monotonic() < deadline:
            batches = list(stream)
        print("delivered", len(batches), "by", stream.stats()["workers"])
except augflow.EngineError as error:
    print("refused:", error)
"""


@pytest.fixture
def run_alone(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Runs a Python program to its end; every process that it started goes with it."""
    programs: list[Program] = []

    def run(text: str, *arguments: str) -> Program:
        (tmp_path / "script.py").write_text(text)
        token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        programs.append(Program([sys.executable, "script.py", *arguments], tmp_path, **token))
        assert programs[-1].wait(150) == 0, programs[-1].err
        return programs[-1]

    yield run
    for program in programs:
        program.clear()


def told(**variables: str) -> tuple[str, Any]:
    """The CPU class of a process with these variables, and what its libraries say that they use."""
    command = [sys.executable, "-W", "ignore", "-c", TELL]
    environment = {**os.environ, **variables}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    cpu_class, *used = json.loads(ended.stdout.splitlines()[-1])
    return cpu_class, used


@pytest.fixture(scope="module")
def plain() -> tuple[str, Any]:
    """The same with nothing switched off."""
    return told()


@needs_avx2
@pytest.mark.parametrize(
    "variables",
    [
        {"OPENCV_CPU_DISABLE": "AVX2"},
        {"OPENCV_CPU_DISABLE": "AVX512-SKX"},
        {"OPENCV_CPU_DISABLE": "AVX2;AVX512-SKX"},
        {"OPENCV_CPU_DISABLE": "FP16,SSE4.1"},
        {"OPENCV_CPU_DISABLE": "avx2"},
        {"OPENCV_CPU_DISABLE": "AVX2 AVX512-SKX"},
        {"OPENCV_CPU_DISABLE": "AVX512_SKX, AVX2"},
        {"OPENCV_IPP": "Disabled"},
        {"OPENCV_IPP": "sse42"},
        {"OPENCV_IPP": "avx2"},
        {"OPENCV_IPP": "avx512"},
        {"OPENCV_IPP": "none"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V4"},
        {"NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4"},
        {"NPY_DISABLE_CPU_FEATURES": "x86_v4"},
        {"NPY_DISABLE_CPU_FEATURES": "AVX512_SKX"},
    ],
    ids=lambda variables: "=".join(*variables.items()),
)
def test_the_class_differs_where_the_libraries_say_they_do(
    plain: tuple[str, Any], variables: dict[str, str]
) -> None:
    """A switch makes another CPU class if, and only if, OpenCV, its IPP or numpy runs other code for it."""
    cpu_class, used = told(**variables)
    assert (cpu_class != plain[0]) == (used != plain[1]), (cpu_class, used)


@needs_avx2
def test_other_kernels_of_openblas_are_another_class(plain: tuple[str, Any]) -> None:
    """The processor that OpenBLAS works for can be chosen, and is part of the class."""
    other = "Nehalem" if "Nehalem" not in plain[0] else "Haswell"
    cpu_class, _ = told(OPENBLAS_CORETYPE=other)
    assert cpu_class.endswith(f"-{other}")


@needs_avx2
def test_a_pool_of_mixed_classes_is_refused(run_alone: Callable[..., Program]) -> None:
    """Two nodes of one cluster, OpenCV without AVX2 on one of them: when the second worker joins, the error
    names both classes."""
    said = run_alone(MIXED_CLUSTER, "AVX2").out
    here, _ = told()
    assert "refused: " in said
    assert f"cpu {here} and {here} opencv-AVX2" in said or f"cpu {here} opencv-AVX2 and {here}" in said


def test_a_pool_of_one_class_works(run_alone: Callable[..., Program]) -> None:
    """The same cluster with equal nodes delivers: what was refused above is the difference."""
    assert "delivered 5 by 2" in run_alone(MIXED_CLUSTER, "").out


@needs_avx2
@pytest.mark.timeout(600)
def test_the_contracts_of_ops_and_streams_hold_without_avx2(repository: Path) -> None:
    """What holds of every op, of the digest and of streams holds on the narrower CPU class too."""
    suites = ["transforms/test_contract.py", "transforms/test_contract_text_audio.py", "test_digest.py"]
    suites += ["test_stream.py", "test_stream_state.py", "test_stream_mix.py", "test_stream_bad.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"tests/unit/{suite}" for suite in suites]
    environment = {**os.environ, "OPENCV_CPU_DISABLE": OFF}
    ended = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=580, check=False
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    assert " passed" in ended.stdout


@needs_avx2
@pytest.mark.timeout(300)
def test_what_differs_is_reported(repository: Path) -> None:
    """A second run alike differs in nothing; without AVX2 some ops differ, decoders and texts do not."""
    command = [sys.executable, "-m", "benchmarks.cpu_class", "--json"]
    command += ["--switch", "nothing", "--switch", "OpenCV without AVX2 and AVX-512"]
    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stderr
    same, other = json.loads(ended.stdout)["switches"]
    assert same["compared"] == other["compared"] > 250
    assert same["differing"] == []
    differing = {(row["group"], row["name"]) for row in other["differing"]}
    assert ("image, uint8", "color_jitter") in differing
    assert {group for group, _ in differing} <= {"image, uint8", "image, float32"}


def test_units_are_known_for_this_machine() -> None:
    """The flags that Linux tells of are spelled as the table spells them."""
    if sys.platform != "linux" or os.uname().machine not in VECTOR_UNITS:
        pytest.skip("no table for this machine")
    assert cpu_flags()
