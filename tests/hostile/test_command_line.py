"""The command line on hostile input: an exit status, a message, no traceback, no escape."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from augflow.cli import app

Picture = Callable[..., Path]
SPEC = "version: 1\nmodality: image\nbatch: {size: 1}\n"

SOURCES = [
    "?split=train",
    "data?",
    "data?split",
    "data?split=",
    "data?nothing=1",
    "data?split=a&split=b",
    "data?kind=pickle",
    "data?masks=/dev/zero",
    "data?boxes=../../../../etc/passwd",
    "data?label=\x1b[2J",
    "x-{1.." + "9" * 5000 + "}.tar",
    "x-{0..999}{0..999}{0..999}.tar",
    "x-{a,b",
    "{}{}{}.tar",
    "a" * 5000,
    "line\nbreak",
    "\x1b[31mred",
    os.fsdecode(b"\xff\xfe"),
    "file:///dev/zero",
    "file://nowhere",
    "no-such-scheme://x/y.csv",
    "zip://a.csv::data/a/1.png",
    "memory://",
    "::",
    "preset:image/photos",
    "ring",
    "pipe.csv",
    "/dev/zero",
    "/proc/self/mem",
]


@pytest.mark.parametrize("source", SOURCES, ids=range(len(SOURCES)))
def test_any_source(
    source: str,
    tmp_path: Path,
    picture: Picture,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What may stand behind a path, and what a path may be: found wrong before the first batch."""
    monkeypatch.chdir(tmp_path)
    picture("data/a/1.png")
    (tmp_path / "s.yaml").write_text(SPEC)
    (tmp_path / "ring").symlink_to("ring")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SystemExit) as ended:
        app(["digest", "s.yaml", source], prog_name="augflow")
    out, err = capfd.readouterr()
    assert ended.value.code == 2, err
    assert out == ""
    assert "Traceback" not in err
    assert err.strip()
    assert "\x1b" not in err
