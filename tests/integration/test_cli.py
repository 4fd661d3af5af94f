"""The verbs: exit status, messages without tracebacks, one JSON object where it is asked for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from .conftest import AUGFLOW, IMAGES

pytestmark = pytest.mark.timeout(90)

Cli = Callable[..., Any]

WRONG = """\
version: 1
modality: image
augment:
  - rotat: {limit: 15}
  - horizontal_flip: {p: 2}
"""


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """A spec with two problems."""
    file = tmp_path / "wrong.yaml"
    file.write_text(WRONG)
    return file


def test_validate_tells_every_problem_with_its_place(cli: Cli, wrong: Path, spec: Path) -> None:
    """Each problem is a line `file:line:column: $.path: ...`; a good spec beside it is still told of."""
    ran = cli("validate", wrong, spec)
    lines = ran.out.splitlines()
    assert ran.status == 2
    assert lines[0].startswith(f"{wrong}:4:5: $.augment[0].rotat: ")
    assert "did you mean rotate" in lines[0]
    assert lines[1].startswith(f"{wrong}:5:")
    assert "$.augment[1].horizontal_flip.p: " in lines[1]
    assert lines[2].startswith(f"{spec}: valid, fingerprint ")
    assert len(lines) == 3
    assert cli("validate", spec, "preset:image/small").status == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "$: "),
        (b"augment: [", ":1:"),
        (b"\xff\xfe\x00", "$: "),
        (b"[1, 2]", "$: "),
    ],
    ids=["missing", "empty", "not closed", "not text", "a list"],
)
@pytest.mark.parametrize("verb", ["validate", "explain", "digest"])
def test_spec_that_is_none_is_refused(
    cli: Cli, tmp_path: Path, samples: Path, content: bytes | None, said: str, verb: str
) -> None:
    """Whatever the file holds, the message names it and the status is 2."""
    file = tmp_path / "spec.yaml"
    if content is not None:
        file.write_bytes(content)
    ran = cli(verb, file, *([samples] if verb == "digest" else []))
    assert ran.status == 2
    assert str(file) in ran.out + ran.err
    assert said in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["digest", "--bogus"], "No such option"),
        (["bogus"], "No such command"),
        (["digest"], "Missing argument"),
        (["digest", "preset:image/small", "x", "--workers", "-1"], "--workers"),
        (["digest", "preset:image/small", "x", "--epochs", "0"], "--epochs"),
        (["digest", "preset:image/small", "x", "--workers", "two"], "--workers"),
        (["ops", "--modality", "smell"], "--modality"),
        (["materialize", "preset:image/small", "x", "-o", "y", "--format", "zip"], "--format"),
        (["materialize", "preset:image/small", "x", "-o", "y", "--on-error", "shrug"], "--on-error"),
        (["ops", "nonsense"], "nonsense is not an op"),
        (["ops", "rotat"], "did you mean rotate"),
        (["digest", "preset:nope", "x"], "unknown preset"),
        (["digest", "preset:image/small", "no-such-folder"], "no-such-folder: no such file or folder"),
        (["digest", "preset:image/small", "s3://bucket/x"], "s3://bucket/x"),
        (["train", "preset:image/small", "x", "--val", "y", "--val-split", "0.5"], "--val-split"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_usage_exits_2_and_says_why(cli: Cli, arguments: list[str], said: str) -> None:
    """What is wrong before the first batch is status 2, a message, and nothing on standard output."""
    ran = cli(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert said in " ".join(ran.err.split())


def test_address_where_nothing_listens_is_refused_at_once(cli: Cli, spec: Path, samples: Path) -> None:
    """Ray itself would go on trying for minutes."""
    ran = cli("digest", spec, samples, "--address", "127.0.0.1:1")
    assert (ran.status, ran.out) == (2, "")
    assert "cannot connect to Ray at '127.0.0.1:1'" in ran.err


def test_without_arguments_the_verbs_are_listed() -> None:
    """`augflow` alone, and `--help`, show what there is."""
    alone = subprocess.run([AUGFLOW], capture_output=True, text=True, timeout=30)
    assert alone.returncode == 2
    assert "materialize" in alone.stdout + alone.stderr
    assert "Traceback" not in alone.stderr


def test_reader_that_leaves_early_is_no_failure_to_tell_of() -> None:
    """`augflow ops | head -1` ends without a word on standard error."""
    piped = subprocess.run(f"{AUGFLOW} ops | head -c 10", shell=True, capture_output=True, timeout=30)
    assert len(piped.stdout) == 10
    assert piped.stderr == b""


def test_ops_lists_and_shows(cli: Cli) -> None:
    """The catalog as lines and as JSON; one op with its parameters and defaults, by an alias too."""
    assert "horizontal_flip" in cli("ops").out
    listed = json.loads(cli("ops", "--json").out)
    assert {"rotate", "coarse_dropout"} <= set(listed["image"]["ops"])
    assert {"synonym", "eda"} <= set(listed["text"]["ops"])
    assert {"pitch_shift", "log_mel"} <= set(listed["audio"]["ops"])
    assert set(json.loads(cli("ops", "--modality", "text", "--json").out)) == {"text", "mix"}
    assert {"mixup", "cutmix"} <= set(listed["mix"])
    assert "limit = [-90, 90]" in cli("ops", "rotate").out
    shown = json.loads(cli("ops", "flip", "--json").out)
    assert shown["name"] == "horizontal_flip"
    assert json.loads(cli("ops", "rotate", "--json").out)["params"]["limit"]["required"] is False


def test_schema_accepts_the_shipped_specs(cli: Cli, repository: Path) -> None:
    """`schema` prints a valid JSON Schema that every shipped spec fits, and a wrong spec does not."""
    schema = json.loads(cli("schema").out)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    shipped = sorted((repository / "pipelines").rglob("*.yaml"))
    assert shipped
    for file in shipped:
        assert validator.is_valid(YAML(typ="safe").load(file)), file
    assert not validator.is_valid(YAML(typ="safe").load(WRONG))


def test_explain_with_and_without_a_source(cli: Cli, spec: Path, samples: Path) -> None:
    """Paths and effective p of every op; with a source, what it was taken for and the stream's prints."""
    alone = cli("explain", spec)
    assert "image/augment/rotate  p=0.5" in alone.out
    assert "fingerprint spec: " in alone.out
    told = json.loads(cli("explain", spec, samples, "--json").out)
    assert told["source"]["classes"] == ["a", "b"]
    assert told["batch"]["steps_per_epoch"] == IMAGES // 8
    assert set(told["fingerprints"]) == {"tile", "stream", "spec"}


def test_explain_tells_conditions_and_schedules(cli: Cli, tmp_path: Path) -> None:
    """What fires for whom, and from which strength to which, stands beside the op."""
    written = tmp_path / "spec.yaml"
    written.write_text(
        "version: 1\nmodality: image\naugment:\n"
        "  - rotate: {limit: {linear: [5, 30], over: [0, 10]}}\n    when: {label: {not: [six, nine]}}\n"
        "batch: {views: 2}\n"
    )
    told = cli("explain", written).out
    assert "limit=5 to 30 over epochs 0 to 10" in told
    assert "when label not in (nine, six)" in told
    assert "views=2" in told


def test_digest_tells_how_much_padding_there_was(cli: Cli, tmp_path: Path) -> None:
    """Texts of 1 and 3 words in a batch of two are one third padding."""
    spec, table = tmp_path / "spec.yaml", tmp_path / "texts.tsv"
    spec.write_text("version: 1\nmodality: text\nfinish: [{hash_tokens: {}}]\nbatch: {size: 2}\n")
    table.write_text("text\nlong\nthree short words\n")
    assert json.loads(cli("digest", spec, table, "--json").out)["padding_fraction"] == 1 / 3


def test_digest_options_choose_the_stream(cli: Cli, spec: Path, samples: Path) -> None:
    """Ranks do not change the digest; seed, epochs, evaluation and steps do."""
    whole = json.loads(cli("digest", spec, samples, "--json").out)
    assert whole["samples"] == IMAGES
    assert len(whole["steps"]) == IMAGES // 8
    assert cli("digest", spec, samples, "--world-size", 2).out == f"{whole['digest']}\n"
    variants = [["--seed", 9], ["--epochs", 2], ["--evaluate"], ["--steps", 2]]
    others = {cli("digest", spec, samples, *variant).out for variant in variants}
    assert len(others | {f"{whole['digest']}\n"}) == len(variants) + 1
    refused = cli("digest", spec, samples, "--world-size", 3)
    assert refused.status == 2
    assert "world_size 3" in refused.err


def test_train_judges_over_seeds(cli: Cli, spec: Path, samples: Path, tmp_path: Path) -> None:
    """`train --json` is one object with the promised keys; --out holds models, curves and checkpoints."""
    out = tmp_path / "run"
    base = ["train", spec, samples, "--val-split", 0.4, "--epochs", 2, "--workers", 0, "--json"]
    ran = cli(*base, "--seeds", 2, "--out", out)
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    assert {"accuracy", "mean", "std", "train_accuracy"} <= set(found)
    assert len(found["accuracy"]) == 2
    assert all(0 <= value <= 1 for value in found["accuracy"])
    assert {"verdict", "bias", "variance", "noise", "advice"} <= set(found["diagnosis"])
    assert "source: " in ran.err
    assert {file.name for file in out.iterdir()} >= {"model-0.pt", "model-1.pt", "curves.png"}
    assert (out / "seed-0" / "last.ckpt").exists()
    resumed = cli(*base, "--seeds", 2, "--out", out, "--resume")
    assert resumed.status == 0, resumed.err
    assert json.loads(resumed.out)["accuracy"] == found["accuracy"]


def test_train_plain(cli: Cli, spec: Path, samples: Path) -> None:
    """--no-augment and --no-regularize train too, and say how it went in words."""
    ran = cli("train", spec, samples, "--epochs", 1, "--workers", 0, "--no-augment", "--no-regularize")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("seed 0: ")
    assert "\nverdict: " in ran.out


def test_train_refuses_what_cannot_be_learned(cli: Cli, spec: Path, samples: Path, tmp_path: Path) -> None:
    """One class, no labels, or a place that cannot be written: status 2 and the reason."""
    single = tmp_path / "single"
    (single / "a").mkdir(parents=True)
    for file in (samples / "a").iterdir():
        (single / "a" / file.name).write_bytes(file.read_bytes())
    options = ["--epochs", 1, "--workers", 0]
    one = cli("train", spec, single, *options)
    assert (one.status, one.out) == (2, "")
    assert "one class" in one.err
    unlabeled = cli("train", spec, single / "a", *options)
    assert unlabeled.status == 2
    assert "label" in unlabeled.err
    (tmp_path / "file").touch()
    assert cli("train", spec, samples, *options, "--out", tmp_path / "file").status == 2
