from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.spec.regularize import DropBlockSpec, RegularizeSpec
from augflow.train import (
    ConvBlock,
    DropBlock2d,
    DropPath,
    EmbeddingModel,
    LayerOptions,
    ResidualBlock,
    ResidualCNN,
    SpectrogramCNN,
    TextCNN,
    replace_norm,
)
from augflow.train.norms import NORMS
from augflow.train.reference import architecture_of, rebuild, reference_model

ALL = LayerOptions("group", 4, 0.1, 0.2, 0.3, 3, 0.4)


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


def kinds(model, kind):
    return [module for module in model.modules() if isinstance(module, kind)]


@pytest.mark.parametrize("norm", NORMS)
def test_the_image_model_takes_every_norm_and_many_sizes(norm):
    """Any side gives (N, K); a bias stands only where no norm follows; five convolutions 3x3."""
    model = ResidualCNN(5, 1, LayerOptions(norm))
    for side in (16, 33):
        assert model(torch.randn(2, 1, side, side)).shape == (2, 5)
    convolutions = kinds(model, nn.Conv2d)
    assert all((module.bias is None) == (norm != "none") for module in convolutions)
    assert [module.kernel_size[0] for module in convolutions].count(3) == 5
    assert 0.28e6 < count(model) < 0.3e6


def test_resnet_18_is_the_same_class():
    """With the widths of the CIFAR papers it has 17 convolutions, 3 shortcuts and 11,173,962 numbers."""
    model = ResidualCNN(10, 3, stem_stride=1, widths=(64, 64, 128, 256, 512), blocks=2)
    assert model.stages(model.stem(torch.rand(1, 3, 32, 32))).shape == (1, 512, 4, 4)
    sizes = [module.kernel_size[0] for module in kinds(model, nn.Conv2d)]
    assert (sizes.count(3), sizes.count(1)) == (17, 3)
    assert count(model) == 11_173_962


def test_the_norm_stands_between_convolution_and_activation():
    """The order inside a block is convolution, norm, activation, also where the norm is another one."""
    for norm, kind in (("batch", "BatchNorm2d"), ("layer", "GroupNorm")):
        block = ConvBlock(3, 8, 1, LayerOptions(norm))
        assert [type(module).__name__ for module in block.children()] == ["Conv2d", kind, "ReLU"]
        x = torch.randn(2, 3, 5, 5)
        torch.testing.assert_close(block(x), block.norm(block.conv(x)).relu())


@pytest.mark.parametrize(("channels", "stride"), [(4, 1), (4, 2), (6, 1)])
def test_a_residual_block_is_the_papers(channels, stride):
    """relu(shortcut + norm(conv(relu(norm(conv))))), with a shortcut of its own only where shapes differ."""
    block = ResidualBlock(4, channels, stride, LayerOptions("layer"))
    x = torch.randn(2, 4, 7, 7)
    first, second = block.first, block.second
    branch = second.norm(second.conv(first.norm(first.conv(x)).relu()))
    same = channels == 4 and stride == 1
    shortcut = x if same else block.shortcut.norm(block.shortcut.conv(x))
    torch.testing.assert_close(block(x), (shortcut + branch).relu())
    assert isinstance(block.shortcut, nn.Identity) == same


def test_a_dropped_path_leaves_the_shortcut():
    """A sample whose branch is dropped is the rectified shortcut, and the others are not."""
    block = ResidualBlock(4, 4, 1, LayerOptions("layer", drop_path=0.5))
    x = torch.randn(64, 4, 5, 5)
    alone = (block(x) - x.relu()).abs().amax((1, 2, 3)) < 1e-6
    assert 0 < int(alone.sum()) < 64


def test_each_key_of_the_spec_has_its_place():
    """All dropouts, depth by its rule, norm and groups stand where and as the spec says, and no more."""
    model = ResidualCNN(3, options=ALL, blocks=2)
    assert [(m.rate, m.size) for m in kinds(model, DropBlock2d)] == [(0.3, 3)] * 2
    assert [m.p for m in kinds(model, nn.Dropout2d)] == [0.2] * 2
    assert [m.p for m in kinds(model, nn.Dropout)] == [0.1]
    assert [m.rate for m in kinds(model, DropPath)] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert {m.num_groups for m in kinds(model, nn.GroupNorm)} == {4}
    plain = ResidualCNN(3)
    assert not kinds(plain, (DropBlock2d, nn.Dropout2d))
    assert {m.rate for m in kinds(plain, DropPath)} == {0.0}
    sound = SpectrogramCNN(3, ALL)
    assert repr(sound.cnn) == repr(ResidualCNN(3, 1, ALL, stem_stride=1))
    deep = ResidualCNN(3, options=ALL, widths=(8, 8, 16, 16))
    assert [len(kinds(stage, DropBlock2d)) for stage in deep.stages] == [0, 1, 1]


def test_options_are_those_of_the_spec():
    """Every key that is about layers arrives, whatever it is called there."""
    spec = RegularizeSpec(
        norm="group",
        norm_groups=4,
        dropout=0.1,
        channel_dropout=0.2,
        drop_block=DropBlockSpec(rate=0.3, size=3),
        drop_path=0.4,
    )
    assert LayerOptions.of(spec) == ALL
    assert LayerOptions.of(RegularizeSpec()) == LayerOptions()
    assert LayerOptions().drop_block_size == DropBlockSpec(rate=0.1).size


@pytest.mark.parametrize("model", [ResidualCNN(3, 1, ALL, widths=(8, 16), blocks=2), SpectrogramCNN(3, ALL)])
def test_a_model_is_rebuilt_from_plain_values(model):
    """The architecture names all that makes the model: another one with it takes its weights and agrees."""
    made = rebuild(type(model).__name__, architecture_of(model))
    made.load_state_dict(model.state_dict())
    x = torch.randn(2, 1, 16, 16)
    inputs = (x,) if isinstance(model, ResidualCNN) else (x[:, 0], torch.ones(2, 16, dtype=torch.bool))
    assert torch.equal(made.eval()(*inputs), model.eval()(*inputs))
    assert repr(made) == repr(model)


def test_a_changed_model_is_no_reference_model():
    """After `replace_norm` the architecture would build another model, so there is none."""
    model = ResidualCNN(2, options=LayerOptions("layer"))
    assert architecture_of(model) == model.architecture
    state = torch.get_rng_state()
    assert architecture_of(replace_norm(model, "group")) is None
    assert torch.equal(torch.get_rng_state(), state)
    assert architecture_of(nn.Linear(2, 2)) is None


def test_models_that_cannot_be_are_refused():
    """One class, no stage, no block."""
    for make in (ResidualCNN, lambda classes: TextCNN(classes, 9), SpectrogramCNN):
        with pytest.raises(TrainError, match="at least 2 classes, got 1"):
            make(1)
    for options in ({"widths": (8,)}, {"blocks": 0}):
        with pytest.raises(TrainError, match="a stem and a stage, and 1 block"):
            ResidualCNN(2, **options)


@pytest.mark.parametrize("norm", NORMS)
def test_padding_does_not_change_what_a_text_is_said_to_be(norm):
    """More padding, and values in it, leave the logits with every norm; instance norm is refused."""
    if norm == "instance":
        with pytest.raises(TrainError, match="norm: instance normalizes each channel over its positions"):
            TextCNN(3, 50, LayerOptions(norm))
        return
    model = TextCNN(3, 50, LayerOptions(norm)).eval()
    tokens = torch.randint(1, 50, (4, 9))
    mask = torch.arange(9) < torch.tensor([9, 5, 2, 0])[:, None]
    expected = model(tokens * mask, mask)
    wider = nn.functional.pad(mask, (0, 6))
    noise = torch.randint(1, 50, (4, 15))
    noise[:, :9][mask] = tokens[mask]
    torch.testing.assert_close(model(noise, wider), expected)
    embedded = model.embed_tokens(noise, wider)
    assert embedded.shape == (4, 15, 96)
    assert bool((embedded[~wider] == 0).all())
    embedded = embedded + 7 * ~wider[..., None]
    torch.testing.assert_close(model.forward_embedded(embedded, wider), expected)
    torch.testing.assert_close(model(tokens[1:2, :5], mask[1:2, :5]), expected[1:2])


def test_a_texts_channels_are_dropped_whole():
    """Channel dropout zeroes a channel of the embedding over all words of a text."""
    model = TextCNN(2, 50, LayerOptions(channel_dropout=0.5))
    assert (model.dropout.p, model.vocabulary) == (0.0, 50)
    assert isinstance(model, EmbeddingModel)
    assert not isinstance(ResidualCNN(2), EmbeddingModel)
    seen = []
    model.filters[0].register_forward_pre_hook(lambda _module, args: seen.append(args[0]))
    model.forward_embedded(torch.ones(6, 5, 96), torch.ones(6, 5, dtype=torch.bool))
    real = seen[0][..., 5:-5]
    assert torch.equal(real.amin(2), real.amax(2))
    assert real.unique().tolist() == [0, 2]
    assert not torch.equal(real[0], real[1])


@pytest.mark.parametrize(("key", "value"), [("drop_block", 0.1), ("drop_path", 0.2)])
def test_a_key_without_a_place_is_named(key, value):
    """A text has no maps and no residual branches: the key and the model are named."""
    with pytest.raises(TrainError, match=rf"regularize\.{key} \({value}\) has no place in TextCNN: it drops"):
        TextCNN(2, 50, replace(LayerOptions(), **{key: value}))


def test_the_image_models_options_come_from_the_stream(make_stream):
    """Channels, classes, stride by size, and every key of the spec."""
    for side, stride in ((32, 1), (33, 2)):
        stream = make_stream(np.zeros((8, side, side, 3), np.uint8), np.zeros(8, int))
        model = reference_model(stream, RegularizeSpec(norm="group", drop_path=0.2))
        options = asdict(LayerOptions("group", drop_path=0.2))
        assert model.architecture["options"] == options
        assert (model.stem.conv.in_channels, model.stem.conv.stride) == (3, (stride, stride))
        assert model.classify.out_features == 10
