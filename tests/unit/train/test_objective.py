from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import augflow
from augflow.errors import TrainError
from augflow.spec.regularize import RegularizeSpec
from augflow.train import StreamLoader
from augflow.train.objective import Objective

from ..memory import Memory, pictures, texts

N, K = 32, 3
IMAGE = {"version": 1, "modality": "image", "batch": {"size": 16}, "output": {"dtype": "float32"}}
TEXT = {
    "version": 1,
    "modality": "text",
    "finish": [{"hash_tokens": {"buckets": 50}}],
    "batch": {"size": 16},
}


def first_batch(spec: dict[str, Any], mix: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
    """A plan and the first batch of its stream."""
    fields = texts(N) if spec["modality"] == "text" else [{"image": p["image"]} for p in pictures(N)]
    data = Memory(fields, [n % K for n in range(N)], ("a", "b", "c"))
    stream = augflow.load({**spec, "batch": {**spec["batch"], "mix": mix}}).stream(data)
    return stream.plan, next(iter(StreamLoader(stream)))


class Reader(nn.Module):
    """Embeddings, their mean over real words, a linear layer; it keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 4)
        self.classify = nn.Linear(4, K)
        self.seen: list[tuple[Tensor, Tensor]] = []

    def embed_tokens(self, tokens: Tensor, mask: Tensor) -> Tensor:
        return self.embed(tokens) * mask.unsqueeze(-1)

    def forward_embedded(self, embedded: Tensor, mask: Tensor) -> Tensor:
        self.seen.append((embedded, mask))
        return self.classify(embedded.sum(1) / mask.sum(1, keepdim=True))

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        return self.forward_embedded(self.embed_tokens(tokens, mask), mask)


class Half(nn.Module):
    """A linear layer over pixels with dropout before it."""

    def __init__(self, dropout: float = 0.0) -> None:
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.classify = nn.LazyLinear(K)
        self.seen: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(images)
        return self.classify(self.drop(images.flatten(1)))


def test_the_plain_objective_is_the_cross_entropy_of_valid_rows() -> None:
    """Padding does not count, and smoothing is torch's own."""
    plan, batch = first_batch(IMAGE)
    batch["valid"][10:] = False
    model = Half()
    outcome = Objective(model, plan, RegularizeSpec(label_smoothing=0.2))(batch)
    logits = model(batch["image"])
    expected = F.cross_entropy(logits[:10], batch["target"][:10], label_smoothing=0.2)
    torch.testing.assert_close(outcome.objective, expected)
    assert outcome.losses.shape == (16,)


def test_the_penalty_is_added_once() -> None:
    """Elastic net: l1 * |w| and half of l2 * w * w, of the weights alone."""
    plan, batch = first_batch(IMAGE)
    model = Half()
    plain = Objective(model, plan, RegularizeSpec())(batch).objective
    both = Objective(model, plan, RegularizeSpec(l1=0.01, l2=0.1))(batch).objective
    weight = model.classify.weight
    expected = plain + 0.01 * weight.abs().sum() + 0.05 * weight.square().sum()
    torch.testing.assert_close(both, expected)


def test_r_drop_holds_two_passes_against_each_other() -> None:
    """The mean of two cross entropies, and alpha times the mean of both divergences."""
    plan, batch = first_batch(IMAGE)
    model = Half(dropout=0.5)
    model(batch["image"])  # makes the lazy layer
    torch.manual_seed(3)
    outcome = Objective(model, plan, RegularizeSpec(r_drop=2.0, dropout=0.5))(batch)
    torch.manual_seed(3)
    one, two = model(batch["image"]), model(batch["image"])
    assert not torch.equal(one, two)
    p, q = one.softmax(1), two.softmax(1)
    divergence = (p * (p / q).log()).sum(1) + (q * (q / p).log()).sum(1)
    entropy = F.cross_entropy(one, batch["target"]) + F.cross_entropy(two, batch["target"])
    torch.testing.assert_close(outcome.objective, entropy / 2 + 2.0 * divergence.mean() / 2)


def test_noise_has_the_asked_for_deviation_and_the_input_stays() -> None:
    """Images are made noisy, and never in place."""
    plan, batch = first_batch(IMAGE)
    before = batch["image"].clone()
    model = Half()
    objective = Objective(model, plan, RegularizeSpec(input_noise=0.5))
    objective(batch)
    noise = model.seen[0] - batch["image"]
    # The relative error of a deviation over n values is 1 / sqrt(2 n); four of them.
    assert noise.std().item() == pytest.approx(0.5, rel=4 / (2 * noise.numel()) ** 0.5)
    assert torch.equal(batch["image"], before)


def test_noise_on_texts_is_on_real_embeddings() -> None:
    """Padding stays zero, every real word is moved."""
    plan, batch = first_batch(TEXT)
    model = Reader()
    Objective(model, plan, RegularizeSpec(input_noise=0.5))(batch)
    embedded, mask = model.seen[0]
    moved = (embedded - model.embed_tokens(batch["text"], mask)).abs().sum(-1) > 0
    assert torch.equal(moved, mask)
    assert not mask.all()


def test_embeddings_are_mixed_where_the_model_mixes() -> None:
    """The stream's partner and lam mix embeddings and targets; tokens stay as they are."""
    plan, batch = first_batch(TEXT, {"mixup": {"alpha": 1.0}, "by": "model"})
    model = Reader()
    outcome = Objective(model, plan, RegularizeSpec())(batch)
    embedded, mask = model.seen[0]
    own = model.embed_tokens(batch["text"], batch["text_mask"])
    for row in range(16):
        lam, partner = batch["lam"][row], int(batch["partner"][row])
        torch.testing.assert_close(embedded[row], lam * own[row] + (1 - lam) * own[partner])
        expected = lam * batch["target"][row] + (1 - lam) * batch["target"][partner]
        torch.testing.assert_close(outcome.target[row], expected)
        assert torch.equal(mask[row], batch["text_mask"][row] | batch["text_mask"][partner])
    assert (batch["lam"] < 1).all()


@pytest.mark.parametrize(
    ("spec", "mix", "regularize", "message"),
    [
        (TEXT, {"mixup": {}, "by": "model"}, {}, "Half has no embed_tokens"),
        (TEXT, None, {"input_noise": 0.1}, "Half has no embed_tokens"),
        (TEXT, {"cutmix": {}, "by": "model"}, {}, "of text knows mixup, not cutmix"),
        (IMAGE, {"cutout": {}, "by": "model"}, {}, "of image knows mixup and cutmix, not cutout"),
    ],
)
def test_what_a_model_cannot_do_is_refused(spec: Any, mix: Any, regularize: Any, message: str) -> None:
    """Before the first step, with the remedy."""
    plan, _ = first_batch(spec, mix)
    with pytest.raises(TrainError, match=message):
        Objective(Half(), plan, RegularizeSpec(**regularize))
