"""Rows that differ in length: padded, end to end, or refused, and equal in all forms."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.batching.assembly import Assembler, Collate
from augflow.batching.positions import Positions
from augflow.batching.ragged import cut_row
from augflow.batching.rows import FieldRows, empty_columns, put_rows
from augflow.errors import CollateError
from augflow.sample import Audio, Boxes

from ..memory import Memory, boxed, digest, marks, pictures, rows_of, sounds, stream, texts

N = 24
LABELS = [n % 2 for n in range(N)]
CLASSES = ("a", "b")
TOKENS = [{"hash_tokens": {"buckets": 500}}]
DETECTION = {
    "image": {"modality": "image", "augment": [{"horizontal_flip": {}}]},
    "boxes": {"follows": "image"},
    "keypoints": {"follows": "image"},
}


def data(kind: str) -> Memory:
    made = {
        "text": lambda: texts(N),
        "audio": lambda: sounds(N),
        "mel": lambda: sounds(N),
        "boxes": lambda: boxed(N, masks=True),
    }
    return Memory(made[kind](), LABELS, CLASSES)


def spec(kind: str, form: str = "pad", size: int = 8) -> dict[str, Any]:
    batch = {"size": size, "ragged": form}
    if kind == "text":
        return {"modality": "text", "augment": [{"random_swap": {}}], "finish": TOKENS, "batch": batch}
    if kind == "boxes":
        return {"fields": DETECTION, "batch": batch}
    finish = [{"log_mel": {"n_mels": 8, "n_fft": 128, "window_ms": 16, "hop_ms": 8}}] if kind == "mel" else []
    return {"modality": "audio", "augment": [{"gain": {}}], "finish": finish, "batch": batch}


KINDS = ("text", "audio", "mel", "boxes")
FIELD = {"text": "text", "audio": "audio", "mel": "audio", "boxes": "boxes"}
AXIS = {"text": 1, "audio": -1, "mel": -1, "boxes": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_padded_rows_have_length_and_mask_and_the_fill_of_their_kind(kind: str) -> None:
    """As long as the longest; behind a row 0 for tokens and samples, its least value for spectrograms in
    decibels, no class for boxes."""
    name, axis = FIELD[kind], AXIS[kind]
    differing = False
    for batch in stream(spec(kind), data(kind)):
        lengths = batch[f"{name}_length"]
        assert lengths.dtype == np.int64
        assert batch[name].shape[axis] == lengths.max()
        differing |= len(set(lengths.tolist())) > 1
        mask = batch[f"{name}_mask"]
        assert mask.dtype == np.bool_
        for row, length in enumerate(lengths):
            assert mask[row].tolist() == [True] * length + [False] * (lengths.max() - length)
            padding = np.moveaxis(batch[name][row], axis if axis < 0 else 0, 0)[length:]
            fill = batch[name][row].min() if kind == "mel" else 0
            assert (padding == fill).all()
            if kind == "boxes":
                assert (batch["boxes_label"][row, length:] == -1).all()
                assert not batch["boxes_weight"][row, length:].any()
                assert not batch["boxes_instance"][row, length:].any()
    assert differing


@pytest.mark.parametrize("kind", KINDS)
def test_offsets_hold_the_same_rows_end_to_end(kind: str) -> None:
    """Row i of the values is what padding would have been put behind."""
    name, axis = FIELD[kind], AXIS[kind]
    ends = ["", "_label", "_weight", "_instance"] if kind == "boxes" else [""]
    pairs = zip(stream(spec(kind), data(kind)), stream(spec(kind, "offsets"), data(kind)), strict=True)
    for padded, loose in pairs:
        offsets, lengths = loose[f"{name}_offsets"], padded[f"{name}_length"]
        assert offsets.dtype == np.int64
        assert np.diff(offsets).tolist() == lengths.tolist()
        assert offsets[0] == 0
        assert f"{name}_mask" not in loose
        for end in ends:
            along = axis if axis < 0 else 0
            whole = np.moveaxis(loose[name + end], along, 0)
            assert len(whole) == offsets[-1]
            for row, length in enumerate(lengths):
                own = np.moveaxis(padded[name + end][row], along, 0)[:length]
                assert np.array_equal(whole[offsets[row] : offsets[row + 1]], own)


@pytest.mark.parametrize("kind", KINDS)
def test_refused_rows_name_two_samples_and_the_remedy(kind: str) -> None:
    """With `refuse`, different lengths are an error; equal lengths are as in any form."""
    said = r"must agree in shape and dtype: \w+ of 's\d+' is .*, of 's\d+' .*; add pad or duration"
    with pytest.raises(CollateError, match=said):
        list(stream(spec(kind, "refuse"), data(kind)))
    even = data(kind)
    even.fields = [even.fields[3]] * N
    if kind != "text":  # whose swapped words need not stay as many
        pairs = zip(stream(spec(kind, "refuse"), even), stream(spec(kind), even), strict=True)
        assert all(marks(one) == marks(other) for one, other in pairs)


@pytest.mark.parametrize("kind", KINDS)
def test_the_digest_does_not_depend_on_padding(kind: str) -> None:
    """All forms and batch sizes hash the same rows: form and padding are of the batch, not of the sample."""
    order = {"shuffle": False, "drop_last": False}
    found = {
        digest(stream(spec(kind, form, size), data(kind), **order))
        for form in ("pad", "offsets")
        for size in (1, 5, 8, 24)
    }
    assert len(found) == 1
    even = spec(kind, "refuse", 1)
    assert found == {digest(stream(even, data(kind), **order))}


@pytest.mark.parametrize("form", ["pad", "offsets"])
def test_the_op_pad_gives_one_length_and_counts_what_is_real(form: str) -> None:
    """Tokens are filled up or cut to `length`; end to end, padding is gone again."""
    made = spec("text", form)
    made["finish"] = [*TOKENS, {"pad": {"length": 10}}]
    bare = rows_of(stream(spec("text"), data("text")))
    for batch in stream(made, data("text")):
        for row, name in enumerate(batch["id"]):
            tokens = bare[name]["text"][: bare[name]["text_length"]][:10]
            assert batch["text_length"][row] == len(tokens)
            assert np.array_equal(cut_row("text", batch, row, augflow.load(made).plan.ragged), tokens)
        if form == "pad":
            assert batch["text"].shape == (8, 10)
            assert (batch["text"][~batch["text_mask"]] == 0).all()
        else:
            assert batch["text"].shape == (batch["text_length"].sum(),)
    assert digest(stream(made, data("text"))) == digest(stream({**made, "batch": {"size": 8}}, data("text")))


def test_pad_works_on_sounds_and_spectrograms_with_the_value_given() -> None:
    """Samples or frames, after whatever else `finish` does."""
    for finish, value in (
        ([], 0.0),
        ([{"log_mel": {"n_mels": 8, "n_fft": 128, "window_ms": 16, "hop_ms": 8}}], -80.0),
    ):
        made = {
            "modality": "audio",
            "finish": [*finish, {"pad": {"length": 9, "value": value}}],
            "batch": {"size": 8},
        }
        for batch in stream(made, data("audio")):
            assert batch["audio"].shape[-1] == 9
            for row in range(8):
                assert (batch["audio"][row][..., batch["audio_length"][row] :] == value).all()


def test_words_cannot_be_padded() -> None:
    """`pad` before tokens says what is missing, with the sample."""
    made = {"modality": "text", "finish": [{"pad": {"length": 4}}], "batch": {"size": 8}}
    with pytest.raises(augflow.OpError, match="pad works on tokens; put hash_tokens or tokenize before it"):
        next(iter(stream(made, data("text"))))


def test_a_batch_without_any_box_is_still_a_batch() -> None:
    """Zero rows everywhere: (N, 0, 4) with lengths 0, or no values and offsets of zeros."""
    for form, shape in (("pad", (8, 0, 4)), ("offsets", (0, 4))):
        batch = next(iter(stream(spec("boxes", form), Memory(boxed(N, most=0, masks=True)))))
        assert batch["boxes"].shape == shape
        assert not batch["boxes_length"].any()
        assert batch["boxes_instance"].shape[-2:] == (32, 24)
        if form == "pad":
            assert batch["boxes_mask"].shape == (8, 0)
        else:
            assert batch["boxes_offsets"].tolist() == [0] * 9


def test_texts_without_words_have_no_tokens() -> None:
    """An empty text is a row of length 0, alone or among others; its batch may have no column at all."""
    empty = Memory([{"text": ""}] * 8 + [{"text": " \n"}] * 8)
    for batch in stream(spec("text"), empty):
        assert batch["text"].shape == (8, 0)
        assert batch["text_mask"].shape == (8, 0)
    mixed = Memory([{"text": ""}, {"text": "a good film"}] * 8)
    for batch in stream(spec("text"), mixed):
        assert sorted(set(batch["text_length"].tolist())) == [0, 3]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            sounds(1, channels=2)[0],
            r"audio of 's\d+' is \(\d, \d+\) float32, of 's\d+' \(\d, \d+\) float32; add mono",
        ),
        (
            sounds(1, rate=16000)[0],
            r"audio of 's\d+' has \d+ Hz, of 's\d+' \d+ Hz; add `resample: {sample_rate",
        ),
    ],
)
@pytest.mark.parametrize("form", ["pad", "offsets", "refuse"])
def test_sounds_that_do_not_fit_together_are_refused(other: Any, said: str, form: str) -> None:
    """Channels and rates must agree in a batch: the error names two samples, their values and the remedy."""
    same = Audio(np.ones((1, 300), np.float32), 8000)
    fields = [{"audio": same}] * 7 + [other]
    if form == "refuse" and "mono" in said:
        said = r"audio of 's\d+' is \(\d, \d+\) float32, of 's\d+' \(\d, \d+\) float32; add"
    with pytest.raises(CollateError, match=said):
        next(iter(stream(spec("audio", form), Memory(fields, LABELS[:8], CLASSES))))


def test_a_field_may_be_named_like_what_stands_beside_a_sound() -> None:
    """`room_sample_rate` is an image here, and compared with nothing."""
    fields = {"room_sample_rate": {"modality": "image"}}
    made = Memory([{"room_sample_rate": one["image"]} for one in pictures(N)])
    assert next(iter(stream({"fields": fields, "batch": {"size": 8}}, made)))["room_sample_rate"].ndim == 4


def test_texts_stay_texts() -> None:
    """Words arrive as Python strings in an object array, byte for byte, and survive pickling."""
    odd = ["don't  ", "\u00e9e\u0301", "👩‍👩‍👧\n", "", "\ud800" + "x", "电影", "a\x00b", "שלום"]
    batch = next(
        iter(stream({"modality": "text", "batch": {"size": 8}}, Memory([{"text": text} for text in odd])))
    )
    assert batch["text"].dtype == object
    assert all(type(text) is str for text in batch["text"])
    assert sorted(batch["text"]) == sorted(odd)
    assert "text_length" not in batch
    assert marks(pickle.loads(pickle.dumps(batch))) == marks(batch)


def test_rows_of_texts_and_arrays_never_share_a_column() -> None:
    """Whichever comes first, the other is an error and not a broadcast."""
    tokens = {"text": np.arange(3), "text_length": np.int64(3)}
    for first, second in (({"text": "a"}, tokens), (tokens, {"text": "a"})):
        rows = FieldRows()
        rows.start(2)
        rows.put(0, first)
        with pytest.raises(CollateError, match="'here': samples of a batch must have the same columns"):
            rows.put(1, second, "here")


def test_tasks_with_other_columns_make_no_batch() -> None:
    """What one task has and another has not would be memory that nobody wrote."""
    assembler = Assembler(Collate(Positions(4, 4, False)), 0)
    plain = {**empty_columns(2, 1), "text": np.zeros((2, 3), np.int64)}
    assembler.take(plain, 0)
    with pytest.raises(CollateError, match="some are without text_length"):
        assembler.take({**plain, "text_length": np.ones(2, np.int64)}, 0)


def test_loose_rows_own_their_memory() -> None:
    """A row that was put stays as it was, though the memory that it came from is used again."""
    column: Any = np.zeros((4, 2), np.float32)
    memory = np.ones((1, 3), np.float32)
    column = put_rows(column, 0, np.full((1, 2), 5, np.float32))
    column = put_rows(column, 1, memory)
    memory[:] = 9
    assert column[0].tolist() == [5, 5]
    assert column[1].tolist() == [1, 1, 1]


def test_masks_of_boxes_are_there_for_all_or_none() -> None:
    """A sample whose boxes have no instance masks among others that do is an error."""
    fields = boxed(N, masks=True)
    own = fields[7]["boxes"]
    fields[7] = {**fields[7], "boxes": Boxes(own.corners, own.labels, own.weights)}
    with pytest.raises(CollateError, match="some are without boxes_instance"):
        list(stream(spec("boxes"), Memory(fields)))


def test_padding_is_reported() -> None:
    """`padding_fraction` is the share of padded cells."""
    found = stream(spec("text"), data("text"))
    batches = list(found)
    cells = sum(batch["text_mask"].size for batch in batches)
    empty = sum(int((~batch["text_mask"]).sum()) for batch in batches)
    assert found.stats()["padding_fraction"] == empty / cells > 0
    assert stream(spec("text", "offsets"), data("text")).stats()["padding_fraction"] == 0
