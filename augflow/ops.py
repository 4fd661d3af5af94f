"""Ops as calls, for pipelines built in Python.

`ops.rotate(limit=15, p=0.5)` is the list item `{"rotate": {"limit": 15, "p": 0.5}}`; `id`, `when` and
`weight` become the item's keys, and containers take their children first, as in
`ops.one_of(ops.blur(), ops.clahe(), p=0.3)`. Values are checked when the `Pipeline` is built. The stub
beside this file lists every op for editors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from augflow.batching.mix import MIX_OPS
from augflow.spec.base import CONTAINERS, ITEM_KEYS
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.lookup import aliases, catalog
from augflow.transforms.names import FAMILIES
from augflow.wording import closest

Item = dict[str, Any]


def __getattr__(name: str) -> Callable[..., Item]:
    known = {*MIX_OPS, *CONTAINERS}.union(*(known_names(modality) for modality in FAMILIES))
    if name not in known:
        raise AttributeError(f"augflow has no op {name!r}{closest(name, known)}")
    return partial(_container if name in CONTAINERS else _item, name)


def known_names(modality: str) -> set[str]:
    """The names of a modality's ops; none where its library is not installed."""
    try:
        return {*catalog(modality), *aliases(modality)}
    except LibraryMissingError:
        return set()


def _item(name: str, /, **params: Any) -> Item:
    keys = {key: params.pop(key) for key in ITEM_KEYS if key in params}
    return {name: params, **keys}


def _container(name: str, /, *children: Item, **params: Any) -> Item:
    return _item(name, **params, transforms=list(children))
