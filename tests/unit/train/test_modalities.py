"""Texts, sounds and several fields: as tensors, through the reference models, and back from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import augflow
from augflow.errors import TrainError
from augflow.sample import UNLABELED, Audio
from augflow.train import (
    FitOptions,
    SpectrogramCNN,
    StreamLoader,
    TextCNN,
    evaluate,
    fit,
    load_model,
    model_inputs,
    save_model,
)

from ..memory import Memory, boxed, pictures, sounds, texts

N = 64
OPTIONS = FitOptions(epochs=6, lr=0.01, device="cpu")
MEL = {"log_mel": {"n_mels": 16, "n_fft": 256, "window_ms": 32, "hop_ms": 16}}
TEXT = {
    "modality": "text",
    "augment": [{"random_swap": {}}],
    "finish": [{"hash_tokens": {"buckets": 200}}],
    "batch": {"size": 16},
    "regularize": {"dropout": 0.2},
}
AUDIO = {"modality": "audio", "augment": [{"gain": {}}], "finish": [MEL], "batch": {"size": 16}}


def reviews() -> Memory:
    """Texts whose class is told by one word."""
    fields = [
        {"text": f"{item['text']} {('awful', 'lovely')[n % 2]} film"} for n, item in enumerate(texts(N))
    ]
    return Memory(fields, [n % 2 for n in range(N)], ("bad", "good"))


def tones() -> Memory:
    """Sounds of different lengths, low or high."""
    rng = np.random.default_rng(0)
    fields = []
    for n in range(N):
        times = np.arange(rng.integers(1200, 2400)) / 8000
        wave = 0.5 * np.sin(2 * np.pi * (300, 1500)[n % 2] * times) + 0.01 * rng.normal(size=len(times))
        fields.append({"audio": Audio(wave[None].astype(np.float32), 8000)})
    return Memory(fields, [n % 2 for n in range(N)], ("low", "high"))


CASES = pytest.mark.parametrize(
    ("spec", "make", "kind"),
    [(TEXT, reviews, TextCNN), (AUDIO, tones, SpectrogramCNN)],
    ids=["text", "audio"],
)


@CASES
@pytest.mark.parametrize("mix", [None, {"cutmix": {"p": 0.5}}, {"mixup": {"p": 0.5}, "by": "model"}])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_reference_model_learns_what_is_easy(
    spec: Any, make: Any, kind: Any, mix: Any, tmp_path: Path
) -> None:
    """It tells one word or one pitch apart, mixed or not, and is the same model after saving."""
    pipeline = augflow.load({**spec, "batch": {"size": 16, "mix": mix}})
    data = make()
    val = pipeline.stream(data, train=False)
    report = fit(pipeline.stream(data), val, options=OPTIONS)
    assert isinstance(report.model, kind)
    assert report.val_accuracy is not None
    assert report.val_accuracy > 0.95
    save_model(report, tmp_path / "model.pt")
    model, classes = load_model(tmp_path / "model.pt")
    assert classes == data.classes
    assert evaluate(model, val).accuracy == report.val_accuracy
    batch = next(iter(StreamLoader(pipeline.stream(data, train=False))))
    inputs = model_inputs(batch, pipeline.plan)
    assert torch.equal(model(*inputs), report.model.eval()(*inputs))


def test_padding_does_not_change_what_the_text_model_says() -> None:
    """More padding, in a batch of longer texts, leaves the logits of the shorter."""
    torch.manual_seed(0)
    model = TextCNN(3, 50).eval()
    tokens = torch.randint(1, 50, (4, 7))
    lengths = torch.tensor([7, 5, 2, 1])
    mask = torch.arange(7) < lengths[:, None]
    tokens[~mask] = 0
    longer = torch.nn.functional.pad(tokens, (0, 9))
    wider = torch.nn.functional.pad(mask, (0, 9))
    assert torch.allclose(model(tokens, mask), model(longer, wider), atol=1e-6)
    assert torch.allclose(model(tokens[3:, :1], mask[3:, :1]), model(tokens, mask)[3:], atol=1e-6)


def test_the_text_model_takes_texts_without_tokens() -> None:
    """A batch of empty texts has no columns, and still an answer."""
    model = TextCNN(2, 50).eval()
    empty = model(torch.zeros(3, 0, dtype=torch.int64), torch.zeros(3, 0, dtype=torch.bool))
    assert empty.shape == (3, 2)
    assert torch.isfinite(empty).all()


def test_the_sound_model_normalizes_real_frames_alone() -> None:
    """Padding has no part in mean and deviation, and a silent spectrogram is no division by zero."""
    model = SpectrogramCNN(2).eval()
    value = torch.randn(2, 8, 20)
    mask = torch.ones(2, 20, dtype=torch.bool)
    mask[1, 10:] = False
    loud = value.clone()
    loud[1, :, 10:] = 1e4
    assert torch.equal(model(value, mask), model(loud, mask))
    assert torch.isfinite(model(torch.zeros(2, 8, 20), mask)).all()
    assert torch.isfinite(model(value, torch.zeros_like(mask))).all()
    with pytest.raises(TrainError, match=r"spectrograms are \(N, mels, frames\), got \(2, 1, 8, 20\)"):
        model(value[:, None], mask)


def test_every_column_becomes_a_tensor_of_its_kind() -> None:
    """Lengths int64, masks bool, tokens int64, texts lists; images normalized in every view."""
    parts = zip(pictures(N), sounds(N), texts(N), strict=True)
    data = Memory([{**one, **two, **three} for one, two, three in parts], [0] * N, ("a",))
    fields = {
        "image": {"modality": "image", "augment": [{"rotate": {}}]},
        "audio": {"modality": "audio"},
        "text": {"modality": "text"},
    }
    spec = {"fields": fields, "batch": {"size": 8, "views": 2}, "output": {"mean": "half", "std": "half"}}
    pipeline = augflow.load(spec)
    (batch, plain) = (
        next(iter(made)) for made in (StreamLoader(pipeline.stream(data)), pipeline.stream(data))
    )
    for name in ("image", "image_view1"):
        assert batch[name].shape == (8, 3, 12, 10)
        expected = (plain[name].astype(np.float32) / 255 - 0.5) / 0.5
        assert np.allclose(batch[name].permute(0, 2, 3, 1).numpy(), expected, atol=1e-6)
    assert batch["audio"].dtype == torch.float32
    assert batch["audio_mask"].dtype == torch.bool
    assert batch["audio_length"].dtype == torch.int64
    assert batch["text"] == plain["text"].tolist()
    evaluated = next(iter(StreamLoader(pipeline.stream(data, train=False))))
    assert "image_view1" not in evaluated


def test_what_follows_an_image_is_not_normalized() -> None:
    """Masks stay class ids, boxes pixels."""
    fields = {"image": {"modality": "image"}, "mask": {"follows": "image"}, "boxes": {"follows": "image"}}
    pipeline = augflow.load(
        {"fields": fields, "batch": {"size": 8}, "output": {"mean": "imagenet", "std": "imagenet"}}
    )
    batch = next(iter(StreamLoader(pipeline.stream(Memory(boxed(16))))))
    assert batch["mask"].dtype == torch.uint8
    assert batch["boxes"].shape[2] == 4
    assert batch["boxes_label"].dtype == torch.int64


def test_videos_come_with_channels_before_height() -> None:
    """(N, T, H, W, C) becomes (N, T, C, H, W), normalized as images are."""
    data = Memory([{"image": np.stack([one["image"]] * 3)} for one in pictures(16)])
    pipeline = augflow.load(
        {"modality": "image", "batch": {"size": 8}, "output": {"mean": "half", "std": "half"}}
    )
    plain = next(iter(pipeline.stream(data)))["image"]
    found = next(iter(StreamLoader(pipeline.stream(data))))["image"]
    assert found.shape == (8, 3, 3, 12, 10)
    assert np.allclose(found.permute(0, 1, 3, 4, 2).numpy(), (plain / 255 - 0.5) / 0.5, atol=1e-6)


@pytest.mark.parametrize(
    ("spec", "make", "said"),
    [
        ({**TEXT, "finish": []}, reviews, "the texts arrive as words; end `finish` with hash_tokens"),
        ({**AUDIO, "finish": []}, tones, "takes spectrograms; add `log_mel: {}` to finish"),
        ({**TEXT, "batch": {"size": 16, "ragged": "offsets"}}, reviews, "set `batch: {ragged: pad}`"),
        ({**TEXT, "batch": {"size": 16, "views": 2}}, reviews, "one view of a sample, and the spec has 2"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_a_model_cannot_take_says_what_to_change(spec: Any, make: Any, said: str) -> None:
    """Words, waveforms, offsets and second views are errors with the key to set."""
    with pytest.raises(TrainError) as caught:
        fit(augflow.load(spec).stream(make()), None, options=OPTIONS)
    assert said in str(caught.value)


@pytest.mark.parametrize(("kind", "classes"), [("regression", ("x", "y")), ("multi_label", ("a", "b"))])
def test_fit_trains_classifiers_and_says_so(kind: str, classes: tuple[str, ...]) -> None:
    """Numbers and several labels are for a loop of one's own."""
    data = Memory(pictures(N), [UNLABELED] * N, classes, np.ones((N, 2), np.float32), kind)
    pipeline = augflow.load({"modality": "image", "batch": {"size": 16}})
    with pytest.raises(
        TrainError, match=f"fit trains classifiers, and the targets are {kind}; read the stream with"
    ):
        fit(pipeline.stream(data), None, options=OPTIONS)


def test_a_model_of_ones_own_gets_tokens_and_mask_or_waveform_and_mask() -> None:
    """`forward` takes what `model_inputs` gives."""

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.classify = torch.nn.Linear(1, 2)

        def forward(self, value: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            assert value.shape[-1] == mask.shape[-1]
            kept = value.float() * mask.view(len(value), *[1] * (value.ndim - 2), -1)
            return self.classify(kept.flatten(1).mean(1, keepdim=True))

    for spec, make in ((TEXT, reviews), ({**AUDIO, "finish": []}, tones)):
        made = augflow.load(spec).stream(make())
        report = fit(made, None, model=Pooled(), options=FitOptions(epochs=1, device="cpu"))
        assert len(report.history) == 1
