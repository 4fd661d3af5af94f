"""What workers/ and docker-compose.yml deploy: a closed cluster that gives the reference bytes."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image
from ruamel.yaml import YAML

REPOSITORY = Path(__file__).resolve().parents[2]
ENTRYPOINT = REPOSITORY / "workers" / "entrypoint"
COMPOSE = REPOSITORY / "docker-compose.yml"
PROGRAMS = Path(sys.executable).parent
DASHBOARD_PORT, CLIENT_PORT = 8265, 10001
ANY_WORKER_PORT = ("--min-worker-port=0", "--max-worker-port=0")
"""Ray gives the workers of every node the same range, which two nodes on one machine cannot share."""

SPEC = """\
version: 1
modality: image
seed: 3
augment:
  - horizontal_flip: {p: 0.5}
  - rotate: {limit: 15, p: 0.5}
batch:
  size: 8
  mix: {mixup: {alpha: 0.2}}
"""

Ended = subprocess.CompletedProcess[str]


class Cluster:
    """The processes that the entrypoint starts on this machine, recognized by their token."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.token = secrets.token_hex(32)
        self.port = _free_port()
        self.nodes: list[subprocess.Popen[bytes]] = []
        self._seen: set[psutil.Process] = set()

    def environment(self, **changes: str | None) -> dict[str, str]:
        """What a container of docker-compose.yml sees, with changes; None removes a variable."""
        values: dict[str, str | None] = {
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "RAY_TMPDIR": str(self.folder / "ray"),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": self.token,
            "AUGFLOW_HEAD": "127.0.0.1",
            "AUGFLOW_HEAD_PORT": str(self.port),
            "AUGFLOW_STORE_BYTES": "80000000",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    def run(self, *command: str | Path, within_s: float = 90, **changes: str | None) -> Ended:
        """A command with the cluster's environment, to its end."""
        return subprocess.run(
            [str(part) for part in command],
            env=self.environment(**changes),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=within_s,
        )

    def start(self, role: str, **changes: str) -> Path:
        """A node in the background; returns the file that its output goes to."""
        log = self.folder / f"{role}.log"
        with log.open("wb") as output:
            node = subprocess.Popen(
                [str(ENTRYPOINT), role, *ANY_WORKER_PORT],
                env=self.environment(**changes),
                cwd=self.folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.nodes.append(node)
        return log

    def processes(self) -> list[psutil.Process]:
        """Every live process that inherited the token, and their children: Ray's actors write their
        name over their environment."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("RAY_AUTH_TOKEN") == self.token:
                    self._seen |= {process, *process.children(recursive=True)}
        return [process for process in self._seen if _alive(process)]

    def stop(self) -> None:
        """SIGTERM to the nodes, the last one first, as `docker compose down` does."""
        while self.nodes:
            node = self.nodes.pop()
            node.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                node.wait(timeout=45)

    def clear(self) -> None:
        """Whatever is left goes."""
        left = self.processes()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=10)


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Directly under /tmp: Ray's socket paths must stay below 108 characters."""
    path = Path(tempfile.mkdtemp(prefix="af", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def data(folder: Path) -> Path:
    """Two classes of small images, and the spec beside them."""
    root = folder / "data"
    pixels = np.random.default_rng(0).integers(0, 256, (24, 20, 22, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        file = root / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file)
    (folder / "spec.yaml").write_text(SPEC)
    return root


@pytest.fixture(scope="module")
def cluster(folder: Path, wait_until: Callable[..., None]) -> Iterator[Cluster]:
    """A head and a worker node with two CPUs, both started by the entrypoint."""
    cluster = Cluster(folder)

    def running(log: Path, text: str) -> bool:
        output = log.read_text(errors="replace")
        assert all(node.poll() is None for node in cluster.nodes), output
        return text in output

    try:
        head = cluster.start("head")
        wait_until(lambda: running(head, "Ray runtime started"), "the head runs", within_s=60)
        worker = cluster.start("worker", AUGFLOW_CPUS="2")
        wait_until(lambda: running(worker, "Ray runtime started"), "the worker joined", within_s=60)
        yield cluster
    finally:
        cluster.stop()
        cluster.clear()


@pytest.fixture(scope="module")
def reference(cluster: Cluster, data: Path) -> str:
    """The digest of the stream that the calling process makes."""
    made = cluster.run("augflow", "digest", "spec.yaml", data, "--workers", "0")
    assert made.returncode == 0, made.stderr
    return made.stdout


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """The services of docker-compose.yml."""
    return dict(YAML(typ="safe").load(COMPOSE)["services"])


def test_compose_file_follows_the_specification() -> None:
    """docker-compose.yml fits the schema of the Compose specification."""
    checker = [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE]
    checked = subprocess.run(checker, capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout


def test_compose_publishes_nothing_beyond_the_host(services: dict[str, Any]) -> None:
    """A published port, if any, is bound to loopback, and no service shares the host's network."""
    for service in services.values():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))
        assert "network_mode" not in service
        assert not service.get("privileged", False)


def test_compose_demands_a_token_everywhere(services: dict[str, Any]) -> None:
    """No service starts without the secret, and every service checks it."""
    for service in services.values():
        assert service["environment"]["RAY_AUTH_MODE"] == "token"
        assert service["environment"]["RAY_AUTH_TOKEN"].startswith("${AUGFLOW_RAY_TOKEN:?")


def test_compose_mounts_samples_read_only(services: dict[str, Any]) -> None:
    """Only the trainer's /out can be written; worker and trainer see the samples at one path."""
    mounts = {name: service.get("volumes", ()) for name, service in services.items()}
    writable = {
        (name, mount["target"]) for name in mounts for mount in mounts[name] if not mount.get("read_only")
    }
    assert writable == {("trainer", "/out")}
    assert all("/data" in [mount["target"] for mount in mounts[name]] for name in ("worker", "trainer"))


def test_compose_nodes_have_health_and_shared_memory(services: dict[str, Any]) -> None:
    """The object store has room, and a dead cluster shows."""
    assert set(services) == {"head", "worker", "trainer"}
    for service in services.values():
        assert service["healthcheck"]["test"] == ["CMD", "augflow-entrypoint", "health"]
        assert "shm_size" in service
    assert "container_name" not in services["worker"], "a fixed name cannot be scaled"


def test_image_copies_files_that_the_context_holds() -> None:
    """What the Dockerfile copies exists and is let through by .dockerignore."""
    lines = (REPOSITORY / "workers" / "Dockerfile").read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]]
    allowed = {
        line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert copied
    assert all((REPOSITORY / name).exists() for name in copied)
    assert set(copied) <= allowed


@pytest.mark.parametrize("role", ["head", "worker", "client true", "health"])
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "at least 32 characters, got 0"),
        ({"RAY_AUTH_TOKEN": "secret"}, "at least 32 characters, got 6"),
        ({"RAY_AUTH_TOKEN_PATH": "/nowhere/token"}, "must name a file that can be read, got /nowhere/token"),
    ],
)
def test_entrypoint_refuses_to_start_without_a_token(role: str, variables: dict[str, str], said: str) -> None:
    """No role runs Ray without a real secret; the message says how to make one."""
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [str(ENTRYPOINT), *role.split()]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_entrypoint_runs_a_plain_command_as_it_is() -> None:
    """Anything but a role is a command; it needs no cluster."""
    ended = subprocess.run([str(ENTRYPOINT), "echo", "a  b"], capture_output=True, text=True, timeout=30)
    assert (ended.returncode, ended.stdout) == (0, "a  b\n")


@pytest.mark.timeout(300)
def test_cluster_gives_the_reference_bytes(cluster: Cluster, data: Path, reference: str) -> None:
    """Two workers of the deployed cluster make the bytes that the calling process makes."""
    address = f"127.0.0.1:{cluster.port}"
    made = cluster.run("augflow", "digest", "spec.yaml", data, "--workers", "2", "--address", address)
    assert (made.returncode, made.stdout) == (0, reference), made.stderr


@pytest.mark.timeout(300)
def test_client_role_joins_and_runs_its_command(cluster: Cluster, data: Path, reference: str) -> None:
    """What the trainer's container runs finds the cluster without being given an address."""
    command = ("augflow", "digest", "spec.yaml", str(data), "--workers", "2")
    before = cluster.processes()
    try:
        made = cluster.run(ENTRYPOINT, "client", *command)
        assert (made.returncode, made.stdout) == (0, reference), made.stderr
    finally:
        # In a container the client's node ends with it.
        for process in set(cluster.processes()) - set(before):
            with contextlib.suppress(psutil.Error):
                process.terminate()


def test_health_tells_a_member_from_a_stranger(cluster: Cluster) -> None:
    """The health check answers with the cluster's token only."""
    assert cluster.run(ENTRYPOINT, "health").returncode == 0
    assert cluster.run(ENTRYPOINT, "health", RAY_AUTH_TOKEN="0" * 64).returncode != 0


def test_client_without_the_token_is_refused(cluster: Cluster, data: Path) -> None:
    """Without the token nothing runs on the cluster, and the message says what is missing."""
    address = f"127.0.0.1:{cluster.port}"
    refused = cluster.run("augflow", "digest", "spec.yaml", data, "--address", address, RAY_AUTH_TOKEN=None)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "RAY_AUTH_TOKEN" in refused.stderr


def test_cluster_serves_neither_dashboard_nor_client_port(cluster: Cluster) -> None:
    """The two ports of Ray that are known for running strangers' code are closed."""
    listening = {
        connection.laddr.port
        for process in cluster.processes()
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert cluster.port in listening
    assert listening.isdisjoint({DASHBOARD_PORT, CLIENT_PORT})


def test_sigterm_leaves_nothing_behind(cluster: Cluster, wait_until: Callable[..., None]) -> None:
    """After SIGTERM to both nodes no process and no shared memory of the cluster remains."""
    assert cluster.processes()
    cluster.stop()
    wait_until(lambda: not cluster.processes(), "every process of the cluster has ended", within_s=20)
    assert [entry.name for entry in Path("/dev/shm").glob("plasma*")] == []
