"""A dataset before `finish`: words in place of tokens, sounds in place of spectrograms."""

from __future__ import annotations

import json
from pathlib import Path

import augflow
from augflow.materialize import MaterializeOptions, materialize


def test_words_are_written_where_the_stream_gives_tokens(tmp_path: Path) -> None:
    """Without `finish` the texts themselves are on disk, augmented as the stream augments them."""
    table = tmp_path / "texts.tsv"
    table.write_text("text\tlabel\n" + "".join(f"a very good film, number {n}\tpos\n" for n in range(12)))
    spec = {"modality": "text", "augment": [{"random_swap": {}}], "batch": {"size": 4}}
    pipeline = augflow.Pipeline(**spec, finish=[{"hash_tokens": {}}])
    options = MaterializeOptions(finish=False, format="jsonl")
    materialize(pipeline, str(table), tmp_path / "out", options)
    lines = (tmp_path / "out" / "samples.jsonl").read_text().splitlines()
    with augflow.Pipeline(**spec).stream(str(table)) as stream:
        delivered = [text for batch in stream for text in batch["text"]]
    assert [json.loads(line)["text"] for line in lines] == delivered
    assert any(text != delivered[0] for text in delivered)
    with pipeline.stream(str(tmp_path / "out")) as again:
        assert again.peek()["text"].dtype.kind == "i"
