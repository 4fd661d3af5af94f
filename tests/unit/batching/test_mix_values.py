"""What mixing does to sounds, spectrograms, texts and what follows an image, as a stream delivers it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import augflow
from augflow.batching.mix import Cutmix, Cutout, Mixed, Mixup
from augflow.batching.mix_values import extent_of, mix_value
from augflow.batching.words import word_spans
from augflow.errors import CollateError, SpecError
from augflow.sample import UNLABELED, Audio, Padded

from ..memory import Memory, assert_resumes_everywhere, pictures, sounds, stream, texts, world_digest

N = 32
LABELS = [n % 4 for n in range(N)]
CLASSES = ("a", "b", "c", "d")


def spec(modality: str, mix: Any, finish: Any = (), **sections: Any) -> dict[str, Any]:
    return {"modality": modality, "finish": list(finish), "batch": {"size": 16, "mix": mix}, **sections}


def memory(fields: Any, **changes: Any) -> Memory:
    return Memory(fields, LABELS, CLASSES, **changes)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def expected_target(batch: Any, row: int, data: Memory) -> np.ndarray:
    """What the columns say about the label, in float32."""
    lam, partner = batch["lam"][row], batch["partner"][row]
    eye = np.eye(4, dtype=np.float32)
    own, other = (eye[data.labels[batch["index"][at]]] for at in (row, partner))
    return lam * own + (np.float32(1) - lam) * other


def test_sounds_are_blended_as_loud_as_the_own() -> None:
    """mixup: the partner is brought to the own root mean square and weighed with 1 - lam, as far as it
    reaches; lam and target are exact."""
    data = memory(sounds(N))
    seen = set()
    for batch in stream(spec("audio", {"mixup": {"alpha": 1.0}}), data):
        for row in range(16):
            own, other = (
                data.fields[batch["index"][at]]["audio"].samples for at in (row, batch["partner"][row])
            )
            lam = float(batch["lam"][row])
            length = int(batch["audio_length"][row])
            assert length == own.shape[1]
            shared = min(length, other.shape[1])
            expected = lam * own.astype(np.float64)
            expected[:, :shared] += (1 - lam) * other[:, :shared] * (rms(own) / rms(other))
            assert np.allclose(batch["audio"][row][:, :length], np.clip(expected, -1, 1), atol=1e-6)
            assert np.array_equal(batch["target"][row], expected_target(batch, row, data))
            assert not batch["box"][row].any()
            seen.add(length <= other.shape[1])
    assert seen == {True, False}


def test_blended_sounds_stay_in_range() -> None:
    """A peak that matching would lift above full scale is cut to it."""
    own = Audio(np.full((1, 100), 0.9, np.float32), 8000)
    spike = np.zeros((1, 100), np.float32)
    spike[0, 5] = 1
    mixed, _ = mix_value(Mixed(Mixup(), 1, 0.5, (0, 0, 0, 0)), own, Audio(spike, 8000))
    assert mixed.samples.max() == 1
    assert mixed.samples.dtype == np.float32


def test_silence_is_not_amplified() -> None:
    """A silent or empty sound has no loudness to be matched with: weights alone count."""
    own, silent = Audio(np.full((1, 50), 0.5, np.float32), 8000), Audio(np.zeros((1, 50), np.float32), 8000)
    empty = Audio(np.zeros((1, 0), np.float32), 8000)
    half = Mixed(Mixup(), 1, 0.5, (0, 0, 0, 0))
    assert np.allclose(mix_value(half, own, silent)[0].samples, 0.25)
    assert np.allclose(mix_value(half, silent, own)[0].samples, 0.25)
    assert np.allclose(mix_value(half, own, empty)[0].samples, 0.25)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (sounds(1, rate=16000)[0], r"\d+ Hz and 1 channels, the other \d+ Hz and 1; add resample and mono"),
        (
            sounds(1, channels=2)[0],
            r"8000 Hz and \d channels, the other 8000 Hz and \d; add resample and mono",
        ),
    ],
)
def test_sounds_of_other_rates_or_channels_cannot_be_mixed(other: Any, said: str) -> None:
    """The error names both samples and the remedy."""
    data = memory([*sounds(N - 1), other])
    with pytest.raises(CollateError, match=rf"'sample \d+' and 'sample \d+' cannot be mixed: .*{said}"):
        list(stream(spec("audio", {"mixup": {}}), data))


@pytest.mark.parametrize("mel", [False, True])
def test_cutmix_pastes_a_stretch_of_time(mel: bool) -> None:
    """lam is exactly the share of own samples (or frames) that is left, also where the partner is shorter
    than what would be pasted, and `box` is where the paste stands."""
    finish = [{"log_mel": {"n_mels": 6, "n_fft": 128, "window_ms": 16, "hop_ms": 4}}] if mel else []
    mix = {"cutmix": {}, "at": "finish"} if mel else {"cutmix": {}}
    data = memory(sounds(N))
    plain = {k: v for b in stream(spec("audio", None, finish), data) for k, v in own_rows(b).items()}
    short = False
    for batch in stream(spec("audio", mix, finish), data):
        for row in range(16):
            length = int(batch["audio_length"][row])
            value = batch["audio"][row][..., :length]
            own, other = (plain[batch["id"][at]] for at in (row, batch["partner"][row]))
            _, first, one, last = batch["box"][row].tolist()
            assert batch["lam"][row] == np.float32(1 - (last - first) / length)
            assert np.array_equal(batch["target"][row], expected_target(batch, row, data))
            if one == 0:
                assert np.array_equal(value, own)
                continue
            keep = np.ones(length, bool)
            keep[first:last] = False
            assert np.array_equal(value[..., keep], own[..., keep])
            start = min(first, other.shape[-1] - (last - first))
            assert np.array_equal(value[..., first:last], other[..., start : start + last - first])
            short |= last - first == other.shape[-1] < length
    assert short or mel


def own_rows(batch: Any) -> dict[str, np.ndarray]:
    """The rows without padding, by id."""
    lengths = batch["audio_length"]
    return {name: batch["audio"][row][..., : lengths[row]] for row, name in enumerate(batch["id"])}


def test_spectrograms_are_blended_at_finish() -> None:
    """mixup after log_mel: decibels are averaged frame by frame as far as both reach."""
    finish = [{"log_mel": {"n_mels": 6, "n_fft": 128, "window_ms": 16, "hop_ms": 4}}]
    data = memory(sounds(N))
    plain = {k: v for b in stream(spec("audio", None, finish), data) for k, v in own_rows(b).items()}
    for batch in stream(spec("audio", {"mixup": {"alpha": 1.0}, "at": "finish"}, finish), data):
        for row, value in enumerate(own_rows(batch).values()):
            own, other = (plain[batch["id"][at]] for at in (row, batch["partner"][row]))
            shared = min(own.shape[1], other.shape[1])
            expected = own.copy()
            lam = batch["lam"][row]
            expected[:, :shared] = lam * own[:, :shared] + (np.float32(1) - lam) * other[:, :shared]
            assert np.allclose(value, expected, atol=1e-5)


def test_a_cut_in_a_sound_is_silent_and_keeps_the_label() -> None:
    """cutout: `size` of the time, clipped at the ends, is 0."""
    data = memory(sounds(N))
    for batch in stream(spec("audio", {"cutout": {"size": 0.4}}), data):
        assert np.array_equal(batch["partner"], np.arange(16))
        assert (batch["lam"] == 1).all()
        for row, value in enumerate(own_rows(batch).values()):
            own = data.fields[batch["index"][row]]["audio"].samples
            _, first, _, last = batch["box"][row]
            assert 0 < last - first <= round(0.4 * own.shape[1])
            assert not value[:, first:last].any()
            assert np.array_equal(
                np.delete(value, slice(first, last), 1), np.delete(own, slice(first, last), 1)
            )


def test_texts_keep_their_bytes_outside_the_span() -> None:
    """cutmix: words `box` of the row are the partner's, the others are the own ones with all that stands
    between them, and lam is the share of own words."""
    odd = [
        "don't  stop,\n the film",
        "电影很好看 really",
        "a\tb  c d e",
        "  one 3.5% two…  ",
        "ラーメンを食べる",
        "x",
    ]
    fields = [{"text": odd[n % len(odd)] if n % 2 else item["text"]} for n, item in enumerate(texts(N))]
    data = memory(fields)
    pasted = 0
    for batch in stream(spec("text", {"cutmix": {}}), data):
        for row in range(16):
            own, other = (fields[batch["index"][at]]["text"] for at in (row, batch["partner"][row]))
            text, lam = batch["text"][row], batch["lam"][row]
            _, first, one, last = batch["box"][row].tolist()
            assert np.array_equal(batch["target"][row], expected_target(batch, row, data))
            if not one:
                assert (text, lam) == (own, 1)
                continue
            pasted += 1
            spans = word_spans(text)
            words = [text[a:b] for a, b in spans]
            mine, theirs = ([t[a:b] for a, b in word_spans(t)] for t in (own, other))
            kept = len(words) - (last - first)
            assert lam == np.float32(kept / len(words))
            tail = kept - first
            assert words[:first] == mine[:first]
            assert words[last:] == (mine[-tail:] if tail else [])
            assert "".join(words[first:last]) in "".join(theirs)
            before = own[: word_spans(own)[first][0]]
            after = own[word_spans(own)[-tail - 1][1] :] if tail else own[word_spans(own)[-1][1] :]
            assert text.startswith(before)
            assert text.endswith(after)
    assert pasted > 20


@pytest.mark.parametrize(
    ("own", "partner", "box", "expected", "lam"),
    [
        ("a b c d", "w x y z", (1, 3), "a x y d", 0.5),
        ("a b  c d", "w", (1, 3), "a w d", 2 / 3),  # a shorter partner gives what it has
        ("a  b\n", "x y", (0, 2), "x y\n", 0.0),
        ("我喜欢", "good film", (1, 2), "我film欢", 2 / 3),
        ("我abc", "电影 good", (0, 1), "电abc", 0.5),
        ("我abc", "good film", (0, 1), "good abc", 0.5),  # two words must not become one
        ("abc我", "good film", (1, 2), "abc film", 0.5),
    ],
)
def test_a_span_of_words_gives_way(own: str, partner: str, box: Any, expected: str, lam: float) -> None:
    """Words are runs without white space, and single ideographs and kana."""
    text, mixed = mix_value(Mixed(Cutmix(), 1, 0.0, (0, box[0], 1, box[1])), own, partner)
    assert text == expected
    assert mixed.lam == pytest.approx(lam)
    assert len(word_spans(text)) == len(word_spans(own)) - (box[1] - box[0]) + mixed.box[3] - mixed.box[1]


def test_a_text_without_words_is_left_alone() -> None:
    """Neither mixed nor said to be: partner its own, lam 1, no box."""
    data = memory([{"text": "" if n % 2 else "a b c d"} for n in range(N)])
    for batch in stream(spec("text", {"cutmix": {}}), data):
        for row in range(16):
            other = data.fields[batch["index"][batch["partner"][row]]]["text"]
            own = data.fields[batch["index"][row]]["text"]
            if not own or not other or batch["partner"][row] == row:
                assert (batch["text"][row], batch["lam"][row], batch["partner"][row]) == (own, 1, row)
                assert not batch["box"][row].any()
                assert batch["target"][row].max() == 1


def test_words_are_never_blended() -> None:
    """mixup of texts is refused with what can be done, and allowed where the model does it."""
    with pytest.raises(
        SpecError, match=r"\$\.batch\.mix: mixup does not mix text: words cannot be blended; use cut"
    ):
        augflow.load(spec("text", {"mixup": {}}))
    with pytest.raises(SpecError, match="cutout does not mix text"):
        augflow.load(spec("text", {"one_of": {"transforms": [{"cutmix": {}}, {"cutout": {}}]}}))
    data = memory(texts(N))
    for batch in stream(spec("text", {"mixup": {"alpha": 1.0}, "by": "model"}), data):
        assert (batch["partner"] != np.arange(16)).all()
        assert ((batch["lam"] >= 0) & (batch["lam"] <= 1)).all()
        assert [batch["text"][row] for row in range(16)] == [data.fields[i]["text"] for i in batch["index"]]
        assert (batch["target"].max(axis=1) == 1).all()


def test_padded_rows_are_mixed_by_the_model_alone() -> None:
    """Padding must not be pasted: the worker says so, the model is told lam and partner."""
    finish = [{"hash_tokens": {}}, {"pad": {"length": 12}}]
    mix = {"cutmix": {}, "at": "finish"}
    with pytest.raises(
        CollateError, match="they are padded already; leave `pad` out, or mix before `finish`"
    ):
        list(stream(spec("text", mix, finish), memory(texts(N))))
    for batch in stream(spec("text", {**mix, "by": "model"}, finish), memory(texts(N))):
        assert (batch["box"][:, 3] <= batch["text_length"]).all()
    assert extent_of(Padded(np.zeros(12, np.int64), 5), "text") == (5,)


@pytest.mark.parametrize(("kind", "classes"), [("regression", ("x", "y")), ("multi_label", CLASSES)])
@pytest.mark.parametrize("mix", [{"mixup": {"alpha": 1.0}}, {"cutmix": {}}])
def test_numbers_and_several_labels_mix_linearly(kind: str, classes: tuple[str, ...], mix: Any) -> None:
    """target = lam * own + (1 - lam) * partner, in float32, exactly."""
    rng = np.random.default_rng(0)
    made = rng.normal(size=(N, 2)) if kind == "regression" else rng.integers(0, 2, (N, 4))
    targets = made.astype(np.float32)
    data = Memory(pictures(N), [UNLABELED] * N, classes, targets, kind)
    for batch in stream(spec("image", mix), data):
        lam = batch["lam"][:, None]
        own, other = targets[batch["index"]], targets[batch["index"][batch["partner"]]]
        assert np.array_equal(batch["target"], lam * own + (np.float32(1) - lam) * other)
        assert (batch["label"] == UNLABELED).all()


@pytest.mark.parametrize(
    ("data", "modality", "mix"),
    [
        (sounds(40), "audio", {"cutmix": {}}),
        (texts(40), "text", {"cutmix": {}}),
        (sounds(40), "audio", {"mixup": {}}),
    ],
)
def test_mixed_streams_keep_the_promise(data: Any, modality: str, mix: Any) -> None:
    """Equal bytes for every world size, and after every resume."""
    held = Memory(data, [k % 4 for k in range(40)], CLASSES)
    found = {world_digest(spec(modality, mix), held, world, drop_last=False) for world in (1, 2, 4)}
    assert len(found) == 1
    assert_resumes_everywhere(spec(modality, mix), held, drop_last=False)


def test_what_is_mixed_is_not_changed() -> None:
    """Neither the own value nor the partner's is written to."""
    rng = np.random.default_rng(0)
    values: list[Any] = [rng.normal(size=(6, 30)).astype(np.float32), np.arange(30)]
    for value in values:
        value.flags.writeable = False
        for op in (Mixup(), Cutmix(), Cutout()) if value.ndim == 2 else (Cutmix(),):
            found, _ = mix_value(Mixed(op, 1, 0.5, (0, 3, 1, 9)), value, value[..., ::-1])
            assert not np.shares_memory(found, value)
