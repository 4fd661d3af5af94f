"""Pretrained weights from a local file into a model: what fits goes in, what does not is reported."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from augflow.errors import TrainError
from augflow.train.weights_file import read_weights

KeyMap = Mapping[str | re.Pattern[str], str | None]
"""How names of the file become names of the model; see `load_pretrained`."""

SHOWN_NAMES = 4
TRIED_PREFIXES = 32
"""So many pairs of prefixes are tried out for a hint, the most frequent first."""

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Mismatch:
    """A tensor that both sides have, in other shapes."""

    name: str
    in_file: Shape
    in_model: Shape

    def __str__(self) -> str:
        return f"{self.name} {self.in_file} in the file, {self.in_model} in the model"


@dataclass(frozen=True)
class PretrainedReport:
    """What became of each tensor; names are the model's, after `key_map`, in the order of their side."""

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    """In the model alone: left as they were."""
    unexpected: tuple[str, ...]
    """In the file alone: not used."""
    mismatched: tuple[Mismatch, ...]
    """On both sides in other shapes, as a head for other classes is: left as they were."""
    parameters_matched: int
    parameters: int
    """Single numbers in the model's parameters; buffers do not count."""

    @property
    def share(self) -> float:
        """The part of the model's parameters that came from the file, in [0, 1]."""
        return self.parameters_matched / max(1, self.parameters)

    def summary(self) -> str:
        """Two to five lines for a person."""
        tensors = len(self.matched) + len(self.missing) + len(self.mismatched)
        lines = [
            f"{len(self.matched)} of {tensors} tensors came from the file, "
            f"{self.share:.1%} of {self.parameters:,} parameters"
        ]
        for title, names in (
            ("left, other shape", self.mismatched),
            ("left, not in the file", self.missing),
            ("in the file, not used", self.unexpected),
        ):
            if names:
                lines.append(f"{title}: {_some(str(name) for name in names)}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()


def load_pretrained(model: nn.Module, path: Path | str, key_map: KeyMap | None = None) -> PretrainedReport:
    """Fill `model` with the tensors of a local file (see `read_weights`) that fit it by name and shape.

    `key_map` renames the file's keys: its entries are applied in order, each to what the one before it
    left. A string replaces a prefix (`{"module.": "", "backbone.": "blocks."}`, `{"": "cnn."}` puts one in
    front), a compiled pattern is substituted wherever it is found, and None leaves the key out (`{"fc.":
    None}`: a head of as many classes, but others). Two keys that become one are a `TrainError`.

    Device and dtype stay the model's. Either everything that matches is loaded or nothing is: where nothing
    matches, the error shows keys of both sides and the prefix that would make most of them match.
    """
    given = _renamed(read_weights(path), key_map or {}, path)
    own = _own_tensors(model)
    fits = {name: tensor for name, tensor in given.items() if name in own and tensor.shape == own[name].shape}
    mismatched = tuple(
        Mismatch(name, tuple(given[name].shape), tuple(tensor.shape))
        for name, tensor in own.items()
        if name in given and name not in fits
    )
    if not fits:
        raise TrainError(_nothing_matches(given, own, mismatched, path))
    for name, tensor in fits.items():
        _refuse_other_kind(name, tensor, own[name])
    _fill(model, fits, own)
    parameters = {name: parameter.numel() for name, parameter in model.named_parameters()}
    return PretrainedReport(
        matched=tuple(name for name in own if name in fits),
        missing=tuple(name for name in own if name not in given),
        unexpected=tuple(name for name in given if name not in own),
        mismatched=mismatched,
        parameters_matched=sum(count for name, count in parameters.items() if name in fits),
        parameters=sum(parameters.values()),
    )


def _renamed(weights: Mapping[str, Tensor], key_map: KeyMap, path: Path | str) -> dict[str, Tensor]:
    """The tensors under the names that `key_map` makes of theirs."""
    renamed: dict[str, Tensor] = {}
    origin: dict[str, str] = {}
    for key, tensor in weights.items():
        name = _rename(key, key_map)
        if name is None:
            continue
        if name in origin:
            raise TrainError(
                f"{origin[name]!r} and {key!r} of {path} both become {name!r} by key_map; map one of them "
                "elsewhere, or to None, which leaves it out"
            )
        renamed[name], origin[name] = tensor, key
    return renamed


def _rename(key: str, key_map: KeyMap) -> str | None:
    for pattern, replacement in key_map.items():
        if isinstance(pattern, str):
            if not key.startswith(pattern):
                continue
            rest = key.removeprefix(pattern)
        elif pattern.search(key):
            rest = "" if replacement is None else pattern.sub(replacement, key)
        else:
            continue
        if replacement is None:
            return None
        key = replacement + rest if isinstance(pattern, str) else rest
    return key


def _own_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, as they are in memory."""
    own = {name: value for name, value in model.state_dict().items() if isinstance(value, Tensor)}
    for name, tensor in own.items():
        if is_lazy(tensor):
            raise TrainError(f"{name} has no shape yet: run one batch through the model before loading")
        if tensor.is_meta:
            raise TrainError(f"{name} is on the meta device, without memory; call model.to_empty(device=...)")
    return own


def _refuse_other_kind(name: str, tensor: Tensor, own: Tensor) -> None:
    """Numbers of another kind would be taken over as something that they do not mean."""
    kinds = [(t.is_floating_point(), t.is_complex()) for t in (tensor, own)]
    if kinds[0] != kinds[1] or tensor.layout is not torch.strided or tensor.is_quantized:
        raise TrainError(
            f"{name} is {tensor.dtype} ({tensor.layout}) in the file and {own.dtype} in the model: quantized "
            "or sparse weights are not unpacked here; save them as floats"
        )


def _fill(model: nn.Module, fits: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    """Load, or put everything back: hooks of the model may refuse what is of the right shape."""
    before = {name: own[name].clone() for name in fits}
    try:
        model.load_state_dict(fits, strict=False)
    except BaseException:
        with torch.no_grad():
            for name, tensor in before.items():
                own[name].copy_(tensor)
        raise


def _nothing_matches(
    given: Mapping[str, Tensor],
    own: Mapping[str, Tensor],
    mismatched: tuple[Mismatch, ...],
    path: Path | str,
) -> str:
    if mismatched:
        return (
            f"no tensor of {path} fits the model: names agree, shapes do not "
            f"({_some(map(str, mismatched))}); build the model with the widths of the file"
        )
    return (
        f"no tensor of {path} fits the model. The file has {_some(given)}; the model has {_some(own)}"
        f"{_hint(given, own)}"
    )


def _hint(given: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    """The replacement of one prefix that brings most tensors to a place of their shape."""
    best, count = None, 0
    for prefixes in _prefix_pairs(given, own):
        found, wanted = prefixes
        renamed = {
            wanted + key.removeprefix(found): tensor for key, tensor in given.items() if key.startswith(found)
        }
        fitting = sum(name in own and own[name].shape == tensor.shape for name, tensor in renamed.items())
        if fitting > count:
            best, count = prefixes, fitting
    if best is None:
        return "; no renaming of a prefix helps: it is another architecture"
    found, wanted = best
    return f'; key_map={{"{found}": "{wanted}"}} would match {count} of {len(own)} (after what key_map has)'


def _prefix_pairs(given: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> list[tuple[str, str]]:
    """What stands before the common end of two names, of tensors of one shape; the most frequent first."""
    places: dict[tuple[str, torch.Size], list[list[str]]] = defaultdict(list)
    for name, tensor in own.items():
        parts = name.split(".")
        places[parts[-1], tensor.shape].append(parts)
    pairs: Counter[tuple[str, str]] = Counter()
    for key, tensor in given.items():
        parts = key.split(".")
        pairs.update(_heads(parts, other) for other in places.get((parts[-1], tensor.shape), ()))
    return [pair for pair, _ in pairs.most_common(TRIED_PREFIXES)]


def _heads(one: list[str], other: list[str]) -> tuple[str, str]:
    """Two dotted names without the parts that their ends share: `model.` and nothing of `model.0.weight` and
    `0.weight`."""
    same = 0
    while same < min(len(one), len(other)) and one[-1 - same] == other[-1 - same]:
        same += 1
    heads = (".".join(one[: len(one) - same]), ".".join(other[: len(other) - same]))
    return heads[0] and heads[0] + ".", heads[1] and heads[1] + "."


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - SHOWN_NAMES} more" if len(listed) > SHOWN_NAMES else ""
    return ", ".join(listed[:SHOWN_NAMES]) + more if listed else "none"
