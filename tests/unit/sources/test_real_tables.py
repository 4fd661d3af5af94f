"""Real tables: sounds with labels.csv, sentences with stray quotes, utterances with newlines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from augflow.sources import FieldRequest, Source, open_source

TEXT = (FieldRequest("text", "text"),)


def texts(source: Source) -> list[str]:
    return [source.read(index).fields["text"] for index in range(len(source))]


def test_recordings_open_as_they_are(test_data: Path) -> None:
    """A real folder of sounds with labels.csv: classes, splits, other columns, and sounds."""
    audio = (FieldRequest("audio", "audio"),)
    source = open_source(f"{test_data / 'fsdd'}?split=train", fields=audio)
    assert "600 sounds of 10 classes" in source.description
    assert source.columns == ("speaker", "index")
    sample = source.read(0)
    assert sample.id == "recordings/0_george_10.wav"
    assert (sample.label, dict(sample.row)) == (0, {"speaker": "george", "index": "10"})
    sound = sample.fields["audio"]
    assert (sound.sample_rate, sound.samples.dtype, sound.samples.shape[0]) == (8000, np.float32, 1)
    assert len(open_source(f"{test_data / 'fsdd'}?split=test", fields=audio)) == 180


@pytest.mark.parametrize(("name", "rows"), [("train", 8_000), ("test", 1_200)])
def test_sentences_with_stray_quotes_keep_every_byte(test_data: Path, name: str, rows: int) -> None:
    """A real .tsv without quoting is found to be one, and every row is the bytes of its line."""
    file = test_data / "text" / "mr" / f"{name}.tsv"
    source = open_source(file, fields=TEXT)
    assert len(source) == rows
    assert "quoting off (with quoting on, line" in source.description
    lines = file.read_bytes().split(b"\n")[1:-1]
    read = (source.read(index) for index in range(rows))
    assert [f"{sample.fields['text']}\t{source.classes[sample.label]}".encode() for sample in read] == lines


def test_utterances_with_newlines(test_data: Path) -> None:
    """A real .jsonl keeps newlines inside texts, blanks at their ends, and double blanks."""
    file = test_data / "text" / "snips" / "train.jsonl"
    source = open_source(file, fields=TEXT)
    entries = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert texts(source) == [entry["text"] for entry in entries]
    assert sum("\n" in text for text in texts(source)) == 137
