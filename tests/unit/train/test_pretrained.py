from __future__ import annotations

import os
import random
import re
import sys

import pytest
import safetensors.torch
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train import Mismatch, load_pretrained, save_model, weights_file, weights_sha256


def network(classes: int = 3, seed: int = 0) -> nn.Sequential:
    """A convolution, a batch norm and a head; its weights are a function of the seed."""
    torch.manual_seed(seed)
    parts = (nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, classes))
    model = nn.Sequential()
    for name, part in zip(("conv", "norm", "classify"), parts, strict=True):
        model.add_module(name, part)
    model.norm.running_mean.normal_()
    return model


def prefixed(state: dict, prefix: str) -> dict:
    return {prefix + name: tensor for name, tensor in state.items()}


@pytest.fixture
def saved(tmp_path):
    """Write what is given, as a torch file that is named as nothing known."""

    def write(content, name="weights.dat"):
        torch.save(content, tmp_path / name)
        return tmp_path / name

    return write


@pytest.mark.parametrize(
    "form", ["plain", "state_dict", "model", "lightning", "legacy", "safetensors", "ours"]
)
def test_every_form_of_file_gives_its_weights(form, tmp_path, saved):
    """What the file holds decides, not its ending; after loading, both models have the same bytes."""
    trained, path = network(seed=1), tmp_path / "weights.dat"
    state = trained.state_dict()
    if form == "safetensors":
        safetensors.torch.save_file(state, path)
    elif form == "legacy":
        torch.save(state, path, _use_new_zipfile_serialization=False)
    elif form == "ours":
        save_model(type("Report", (), {"model": trained, "classes": ("a",), "fingerprint": "f"}), path)
    elif form == "lightning":
        saved({"epoch": 3, "state_dict": prefixed(state, "model."), "optimizer_states": [{"lr": 0.1}]})
    else:
        saved(state if form == "plain" else {"epoch": 3, form: state})
    model = network(seed=2)
    report = load_pretrained(model, path, {"model.": ""})
    assert weights_sha256(model) == weights_sha256(trained)
    assert (report.share, report.missing, report.unexpected, report.mismatched) == (1.0, (), (), ())


def test_a_head_of_other_classes_is_left_and_reported(saved):
    """Everything else is loaded, the head stays to the bit, and the report counts by hand."""
    model, trained = network(5, seed=2), network(3, seed=1)
    state = trained.state_dict() | {"extra.weight": torch.ones(2)}
    del state["norm.bias"]
    head = model.classify.weight.clone()
    report = load_pretrained(model, saved(state))
    assert torch.equal(model.classify.weight, head)
    assert torch.equal(model.conv.weight, trained.conv.weight)
    assert torch.equal(model.norm.running_mean, trained.norm.running_mean)
    assert report.matched == (
        *("conv.weight", "conv.bias", "norm.weight"),
        *("norm.running_mean", "norm.running_var", "norm.num_batches_tracked"),
    )
    assert report.missing == ("norm.bias",)
    assert report.unexpected == ("extra.weight",)
    assert report.mismatched == (
        Mismatch("classify.weight", (3, 4), (5, 4)),
        Mismatch("classify.bias", (3,), (5,)),
    )
    assert (report.parameters_matched, report.parameters) == (36 + 4 + 4, 36 + 4 + 4 + 4 + 20 + 5)
    assert str(report).splitlines() == [
        "6 of 9 tensors came from the file, 60.3% of 73 parameters",
        "left, other shape: classify.weight (3, 4) in the file, (5, 4) in the model, "
        "classify.bias (3,) in the file, (5,) in the model",
        "left, not in the file: norm.bias",
        "in the file, not used: extra.weight",
    ]


def test_the_model_keeps_its_dtype(saved):
    """Weights of double precision are rounded into a model of single precision."""
    model, trained = network(seed=2), network(seed=1).double()
    load_pretrained(model, saved(trained.state_dict()))
    assert model.conv.weight.dtype == torch.float32
    assert weights_sha256(model) == weights_sha256(trained.float())


def test_a_key_map_is_applied_in_order(saved):
    """Prefixes, patterns and None, each on what the one before it left."""
    trained = network(seed=1).state_dict()
    state = {f"module.net.{name.replace('norm', 'bn1')}": tensor for name, tensor in trained.items()}
    model = network(seed=2)
    key_map = {"module.": "", "net.": "", re.compile(r"^bn\d\."): "norm.", "classify.": None, "conv": "conv"}
    report = load_pretrained(model, saved(state), key_map)
    assert report.missing == ("classify.weight", "classify.bias")
    assert (report.unexpected, len(report.matched)) == ((), 7)
    with pytest.raises(TrainError, match="no tensor"):
        load_pretrained(model, saved(state), {"net.": "", "module.": ""})
    load_pretrained(model, saved(state), {re.compile("bn|running"): None, "module.net.": ""})


def test_two_keys_for_one_place_are_refused(saved):
    """Which of them would win is not left to their order in the file."""
    state = network(seed=1).state_dict()
    path = saved(state | prefixed(state, "ema."))
    with pytest.raises(TrainError, match=r"'conv.weight' and 'ema.conv.weight' .* both become 'conv.weight'"):
        load_pretrained(network(), path, {"ema.": ""})


@pytest.mark.parametrize(
    ("found", "wanted"), [("module.", ""), ("", "backbone."), ("encoder.net.", "backbone."), ("", "")]
)
def test_where_nothing_matches_the_error_knows_the_prefix(found, wanted, saved):
    """The key map that the message proposes is the one that loads every tensor."""
    model = nn.Sequential()
    inner = network(seed=2)
    if wanted:
        model.add_module(wanted.rstrip("."), inner)
    else:
        model = inner
    state = (
        {name: torch.ones(7) for name in ("a.b", "c")} if found == wanted else network(seed=1).state_dict()
    )
    path, before = saved(prefixed(state, found)), weights_sha256(model)
    with pytest.raises(TrainError) as caught:
        load_pretrained(model, path)
    assert weights_sha256(model) == before
    if found == wanted:
        assert "The file has a.b, c; the model has conv.weight, conv.bias" in str(caught.value)
        assert "another architecture" in str(caught.value)
        return
    assert f'key_map={{"{found}": "{wanted}"}} would match 9 of 9' in str(caught.value)
    assert load_pretrained(model, path, {found: wanted}).share == 1


def test_names_alike_and_shapes_all_different(saved):
    """The message speaks of widths, not of prefixes."""
    state = {name: torch.zeros(1, 1) for name in network().state_dict()}
    with pytest.raises(TrainError, match=r"shapes do not \(conv.weight \(1, 1\) in the file, \(4, 1, 3, 3\)"):
        load_pretrained(network(), saved(state))


def test_loading_is_all_or_nothing(saved):
    """A model whose hook refuses the last tensor has its own weights again, the first ones too."""
    model = network(seed=2)

    def refuse(*_):
        raise RuntimeError("not this one")

    model.classify.register_load_state_dict_pre_hook(refuse)
    before = weights_sha256(model)
    with pytest.raises(RuntimeError, match="not this one"):
        load_pretrained(model, saved(network(seed=1).state_dict()))
    assert weights_sha256(model) == before


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (torch.ones(4, 1, 3, 3, dtype=torch.int8), "quantized"),
        (torch.ones(4, 1, 3, 3).to_sparse(), "quantized or sparse"),
        (torch.ones(4, 1, 3, 3, dtype=torch.complex64), "complex64"),
    ],
)
def test_numbers_of_another_kind_are_refused(tensor, says, saved):
    """Scaled integers are no weights; the model stays as it is."""
    model = network(seed=2)
    before = weights_sha256(model)
    with pytest.raises(TrainError, match=says):
        load_pretrained(model, saved(network(seed=1).state_dict() | {"conv.weight": tensor}))
    assert weights_sha256(model) == before


def test_models_without_memory_are_refused(saved):
    """A lazy layer has no shape, a meta tensor no bytes; torch takes both in silence or with a riddle."""
    path = saved(network(seed=1).state_dict())
    with pytest.raises(TrainError, match="run one batch"):
        load_pretrained(nn.Sequential(nn.LazyLinear(3)), path)
    with pytest.raises(TrainError, match="meta device"):
        load_pretrained(network().to("meta"), path)


@pytest.mark.parametrize(
    "name",
    ["timm/resnet18.a1_in1k", "hf://x/y", "hf-hub:timm/resnet18", "https://host/weights.pth", "s3://b/k.pt"],
)
def test_what_is_on_a_network_is_not_fetched(name):
    """The error says that no connection is opened, and how to get a file."""
    with pytest.raises(TrainError, match="opens no connection: download"):
        load_pretrained(network(), name)


def test_a_local_file_may_be_named_like_the_hub(tmp_path, monkeypatch, saved):
    """What is there is read; a misspelled path is a missing file and no hub name."""
    (tmp_path / "timm").mkdir()
    monkeypatch.chdir(tmp_path)
    os.replace(saved(network(seed=1).state_dict()), "timm/resnet18")
    assert load_pretrained(network(), "timm/resnet18").share == 1
    os.link("timm/resnet18", "hf:weights")
    assert load_pretrained(network(), "hf:weights").share == 1
    for missing in ("timm/resnet19", "elsewhere/weights.pt", tmp_path / "none"):
        with pytest.raises(TrainError, match="cannot be read: No such file"):
            load_pretrained(network(), missing)


def test_what_is_no_regular_file_is_refused(tmp_path, saved):
    """Pipes, folders and files of more than 32 GiB, each with its remedy."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TrainError, match="a pipe, device or socket"):
        load_pretrained(network(), tmp_path / "pipe")
    saved({}, "model.ckpt")
    with pytest.raises(TrainError, match=r"is a folder; name the file in it: model\.ckpt"):
        load_pretrained(network(), tmp_path)
    with (tmp_path / "holes.pt").open("wb") as file:
        file.truncate(weights_file.MAX_FILE_BYTES + 1)
    with pytest.raises(TrainError, match="above the limit"):
        load_pretrained(network(), tmp_path / "holes.pt")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"epoch": 3, "lr": 0.1}, "no named tensors.*'epoch', 'lr'"),
        ([torch.ones(1)], "holds a list"),
        ({0: torch.ones(1)}, "no named tensors"),
        (nn.Linear(1, 1), "can run anything"),
    ],
)
def test_torch_files_without_weights_are_refused(content, says, saved):
    """A whole pickled model is among them: it is not built."""
    with pytest.raises(TrainError, match=says):
        load_pretrained(network(), saved(content))


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_damaged_files_are_an_error_of_augflow(form, tmp_path):
    """Cut short or with bytes turned over anywhere: a TrainError, or weights if a number was hit."""
    path, state = tmp_path / "weights", network(seed=1).state_dict()
    if form == "safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "zip")
    whole, draw, refused = path.read_bytes(), random.Random(0), 0
    for turn in range(60):
        damaged = bytearray(whole[: draw.randrange(len(whole))] if turn % 3 == 0 else whole)
        for _ in range(min(3, len(damaged))):
            damaged[draw.randrange(len(damaged))] ^= draw.randrange(1, 256)
        path.write_bytes(damaged)
        try:
            load_pretrained(network(), path)
        except TrainError:
            refused += 1
    assert refused >= 20


def test_text_is_no_weights_file(tmp_path):
    """An error page that was saved as weights is shown by its first bytes."""
    (tmp_path / "page.safetensors").write_text("<html>not found</html>")
    with pytest.raises(TrainError, match=r"is no weights file: it starts with b'<html>not'"):
        load_pretrained(network(), tmp_path / "page.safetensors")


def test_without_the_library_the_error_names_the_extra(tmp_path, monkeypatch):
    """safetensors is needed by its files alone."""
    safetensors.torch.save_file(network().state_dict(), tmp_path / "weights")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(TrainError, match="install the extra `train`"):
        load_pretrained(network(), tmp_path / "weights")
