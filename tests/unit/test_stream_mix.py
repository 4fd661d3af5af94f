"""Mixing as a stream delivers it: pixels, labels and columns agree, for every dtype, tile and order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import augflow
from augflow.stream import BatchStream
from augflow.transforms import registered
from augflow.transforms.registered import op

N = 200
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 8, 8, 3), np.uint8)


def stream(mix: Any, n: int = N, size: int = 16, **options: Any) -> BatchStream:
    dtype = options.pop("dtype", "uint8")
    spec = {
        "modality": "image",
        "augment": options.pop("augment", []),
        "finish": options.pop("finish", []),
        "batch": {"size": size, "mix": mix},
        "output": {"dtype": dtype},
    }
    pixels = PIXELS if dtype == "uint8" else (PIXELS / np.float32(255)).astype(np.float32)
    return augflow.load(spec).stream((pixels[:n], np.arange(n)), **options)


def expected(batch: augflow.Batch, row: int, source: np.ndarray = PIXELS) -> np.ndarray:
    """The row's pixels made again from source, partner, lam and box, in the arithmetic of the promise."""
    own, other = source[batch["index"][row]], source[batch["index"][batch["partner"][row]]]
    y0, x0, y1, x1 = batch["box"][row]
    if y1 > y0:
        image = own.copy()
        image[y0:y1, x0:x1] = other[y0:y1, x0:x1]
        return image
    lam = batch["lam"][row]
    blended = lam * own.astype(np.float32) + (np.float32(1) - lam) * other.astype(np.float32)
    return np.rint(blended).astype(np.uint8) if own.dtype == np.uint8 else blended


BOTH = {"one_of": {"p": 0.8, "transforms": [{"mixup": {"alpha": 1.0}}, {"cutmix": {}}]}}


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_pixels_and_labels_are_mixed_by_what_the_columns_say(dtype: str) -> None:
    """Every row can be made again from the unmixed samples: partner, lam and box tell the truth."""
    source = PIXELS if dtype == "uint8" else (PIXELS / np.float32(255)).astype(np.float32)
    kinds = set()
    for batch in stream(BOTH, dtype=dtype):
        assert batch["image"].dtype == dtype
        assert np.allclose(batch["target"].sum(axis=1), 1, atol=1e-6)
        for row in range(batch.size):
            assert np.allclose(batch["image"][row], expected(batch, row, source), rtol=0, atol=1e-7)
            partner, lam = batch["partner"][row], batch["lam"][row]
            target = np.zeros(N, np.float32)
            target[batch["label"][row]] += lam
            target[batch["label"][partner]] += np.float32(1) - lam
            assert np.array_equal(batch["target"][row], target)
            mixed = "cutmix" if batch["box"][row].any() else "mixup" if partner != row else "none"
            kinds.add(mixed)
            if mixed == "none":
                assert lam == 1
            if mixed == "cutmix":
                y0, x0, y1, x1 = batch["box"][row].tolist()
                assert lam == np.float32(1 - (y1 - y0) * (x1 - x0) / 64)
    assert kinds == {"none", "mixup", "cutmix"}


def test_a_mixed_row_reads_its_partner_unmixed() -> None:
    """Chains would blend three images: with p 1 every partner is itself mixed, and none shows through."""
    for batch in stream({"mixup": {"alpha": 1.0}}):
        assert (batch["partner"] != np.arange(16)).all()
        for row in range(16):
            assert np.array_equal(batch["image"][row], expected(batch, row))
            assert np.count_nonzero(batch["target"][row]) == 2


@pytest.mark.parametrize("rest", [1, 2, 3, 7])
def test_a_short_last_tile_mixes_among_itself(rest: int) -> None:
    """The last tile of an epoch may be odd; a lone sample is left unmixed, nobody meets itself."""
    last = list(stream({"mixup": {"alpha": 1.0}}, n=16 + rest, drop_last=False))[-1]
    assert last.size == rest
    assert sorted(last["partner"].tolist()) == list(range(rest))
    if rest == 1:
        assert last["lam"].tolist() == [1]
        assert np.array_equal(last["image"][0], PIXELS[last["index"][0]])
    else:
        assert (last["partner"] != np.arange(rest)).all()
    assert all(np.array_equal(last["image"][row], expected(last, row)) for row in range(rest))


def test_partners_stay_in_their_tile() -> None:
    """A batch of two tiles mixes within each: bytes depend on the tile alone."""
    for batch in stream(BOTH, size=32):
        assert (batch["partner"] // 16 == np.arange(32) // 16).all()


def test_a_tiles_bytes_do_not_depend_on_the_batch() -> None:
    """The same tiles in batches of 16, 32 and 48 are the same rows."""
    found = [
        np.concatenate([b["image"] for b in stream(BOTH, n=96, size=size)]).tobytes() for size in (16, 32, 48)
    ]
    assert len(set(found)) == 1


def test_the_same_index_gets_another_lambda_each_epoch() -> None:
    """Unshuffled, position 0 holds the same sample; what it is mixed with and how much changes."""
    found = stream({"mixup": {"alpha": 1.0}}, shuffle=False)
    lams = [[float(b["lam"][15]) for b in found] for _ in range(6)]
    assert len({lam for epoch in lams for lam in epoch}) == 6 * 12


def test_labels_of_a_thousand_classes_stay_exact() -> None:
    """Labels are int64 and targets float32: nothing is rounded to 1000 on the way."""
    pixels = np.zeros((1000, 2, 2, 3), np.uint8)
    spec = {"modality": "image", "batch": {"size": 40, "mix": {"mixup": {"p": 0.5}}}}
    seen = set()
    for batch in augflow.load(spec).stream((pixels, np.arange(1000))):
        assert batch["target"].shape == (40, 1000)
        assert np.array_equal(batch["label"], batch["index"])
        whole = batch["lam"] == 1
        assert np.array_equal(batch["target"][whole].argmax(axis=1), batch["label"][whole])
        seen |= set(batch["label"].tolist())
    assert seen == set(range(1000))


def test_cutout_keeps_the_labels() -> None:
    """Pixels are erased; target, lam and partner say unmixed."""
    for batch in stream({"cutout": {"size": 0.5, "fill": 7}}):
        assert (batch["lam"] == 1).all()
        assert np.array_equal(batch["partner"], np.arange(16))
        assert np.array_equal(batch["target"].argmax(axis=1), batch["label"])
        for row, (y0, x0, y1, x1) in enumerate(batch["box"].tolist()):
            image = PIXELS[batch["index"][row]].copy()
            image[y0:y1, x0:x1] = 7
            assert np.array_equal(batch["image"][row], image)


def test_mixing_by_the_model_leaves_pixels_and_targets_alone() -> None:
    """The columns say what to mix; they are those that the worker would have used."""
    left, done = list(stream({**BOTH, "by": "model"})), list(stream(BOTH))
    for batch, worker in zip(left, done, strict=True):
        assert np.array_equal(batch["image"], PIXELS[batch["index"]])
        assert np.array_equal(batch["target"], np.eye(N, dtype=np.float32)[batch["label"]])
        for name in ("partner", "lam", "box", "index"):
            assert np.array_equal(batch[name], worker[name])
        for row in range(16):
            assert np.array_equal(worker["image"][row], expected(batch, row))


def test_mixing_stands_before_finish_or_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """`at: finish` mixes what finish has made; by default finish gets what was mixed."""
    monkeypatch.setattr(registered, "_registered", dict(registered._registered))

    @op(name="halved_here")
    def halved(image: np.ndarray) -> np.ndarray:
        return image // 2

    finish = [{"halved_here": {}}]
    mix = {"mixup": {"alpha": 1.0}}
    for batch in stream(mix, finish=finish, n=16):
        for row in range(16):
            assert np.array_equal(batch["image"][row], expected(batch, row) // 2)
    for batch in stream({**mix, "at": "finish"}, finish=finish, n=16):
        for row in range(16):
            assert np.array_equal(batch["image"][row], expected(batch, row, PIXELS // 2))


def test_unlabeled_samples_mix_their_pixels() -> None:
    """Without classes the target has no columns and everything else is as ever."""
    spec = {"modality": "image", "batch": {"size": 16, "mix": {"mixup": {"alpha": 1.0}}}}
    batch = next(iter(augflow.load(spec).stream(PIXELS)))
    assert batch["target"].shape == (16, 0)
    assert set(batch["label"].tolist()) == {-1}
    assert all(np.array_equal(batch["image"][row], expected(batch, row)) for row in range(16))


def test_augmentation_comes_before_mixing() -> None:
    """Each of the two images of a row is augmented by its own draws first."""
    augment = [{"horizontal_flip": {"p": 0.5}}]
    mixed = next(iter(stream({"mixup": {"alpha": 1.0}}, augment=augment)))
    apart = next(iter(stream({"mixup": {"alpha": 1.0}, "by": "model"}, augment=augment)))
    source = np.zeros_like(PIXELS)
    source[apart["index"]] = apart["image"]
    assert all(np.array_equal(mixed["image"][row], expected(mixed, row, source)) for row in range(16))
