"""An existing `albumentations.Compose` as a pipeline, with what has no place in one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from augflow.pipeline import Pipeline
from augflow.transforms.catalog import Op
from augflow.transforms.image import ImageOp, image_ops, image_unusable, snake_case
from augflow.transforms.library import albumentations

Item = dict[str, Any]

KINDS = {"mask": "mask", "masks": "mask", "bboxes": "boxes", "keypoints": "keypoints"}
"""What albumentations calls what follows an image, and what it is here."""

BYTES = 255.0

ROUNDED = 12
"""Decimals, of numbers that were taken apart again."""


@dataclass(frozen=True)
class Converted:
    """A pipeline, and what of the `Compose` it leaves out or does otherwise, a sentence each."""

    pipeline: Pipeline
    unmapped: tuple[str, ...]


def from_albumentations(compose: Any, **sections: Any) -> Converted:
    """The pipeline that does what an `albumentations.Compose`, or one transform, does.

    Its ops become `augment`, with the parameters in force and the same chances: the `p` of what a OneOf
    chooses from become weights. A Normalize becomes `output`, `bbox_params` and `keypoint_params` become
    fields that follow the image. `sections` are those of the spec, such as `batch={"size": 64}`, and go
    before what is found. Draws are augflow's own: the same distributions, other images.

    Raises `TypeError` for what is no transform, `SpecError` for sections that are wrong.
    """
    library = albumentations()
    if not isinstance(compose, library.BaseCompose | library.BasicTransform):
        raise TypeError(f"takes an albumentations.Compose or a transform, got {type(compose).__name__}")
    conversion = Conversion()
    followers = conversion.followers(compose)
    given = {name: dict(value) for name, value in sections.pop("fields", {}).items()}
    kinds = {one.get("kind") or KINDS.get(name, name) for name, one in {**followers, **given}.items()}
    conversion.kinds = frozenset(kinds) & {"mask", "boxes", "keypoints"}
    items = conversion.sequence([compose], "")
    found: dict[str, Any] = {"modality": "image", "augment": items}
    if followers or given:
        found = {"fields": {"image": found, **followers, **given}}
    seed = getattr(compose, "seed", None)
    if seed is not None:
        found["seed"] = seed
    if conversion.output:
        found["output"] = conversion.output
    return Converted(Pipeline(**{**found, **sections}), tuple(conversion.unmapped))


@dataclass
class Conversion:
    """One `Compose` on its way into a spec."""

    kinds: frozenset[str] = frozenset()
    """What follows the image."""
    output: dict[str, Any] = field(default_factory=dict)
    unmapped: list[str] = field(default_factory=list)

    def leave(self, place: str, reason: str) -> list[Item]:
        """Nothing, and why."""
        self.unmapped.append(f"{place}: {reason}")
        return []

    def sequence(self, transforms: Iterable[Any], place: str) -> list[Item]:
        """The items of transforms one after another, each by its own `p`."""
        items: list[Item] = []
        for number, transform in enumerate(transforms):
            here = _place(place, number, transform)
            if self.output and not _is_packing(transform):
                self.unmapped.append(f"{here}: stands after the normalization, which comes last here")
            items += self.step(transform, here)
        return items

    def step(self, transform: Any, place: str) -> list[Item]:
        """A transform in a sequence."""
        if transform.p <= 0 and type(transform).__name__ != "OneOrOther":
            return []
        if isinstance(transform, albumentations().BasicTransform):
            item = self.op(transform, place)
            return [_with(item, p=float(transform.p))] if item else []
        if _is_sequence(transform):
            items = self.sequence(transform.transforms, place)
            return items if transform.p >= 1 or not items else [_all_of(items, transform.p)]
        return self.container(transform, place)

    def container(self, transform: Any, place: str) -> list[Item]:
        """A OneOf, SomeOf and the like as a container with its own `p`."""
        kind = type(transform).__name__
        if kind == "OneOf":
            weights = [float(child.p) for child in transform.transforms]
            children = self.chosen(transform.transforms, weights, place)
            return _container("one_of", children, p=float(transform.p))
        if kind == "OneOrOther":
            ends = [transform.transforms[0], transform.transforms[-1]]
            children = self.chosen(ends, [float(transform.p), 1 - float(transform.p)], place)
            return _container("one_of", children, p=1.0)
        if kind not in ("SomeOf", "RandomOrder"):
            return self.leave(place, "there is no such container here")
        if transform.replace and transform.n > 1:
            return self.leave(place, "replace=True may take a transform twice, which no container here does")
        return self.some_of(transform, place)

    def some_of(self, transform: Any, place: str) -> list[Item]:
        """n of the children, each by its own `p`; in a RandomOrder in any order."""
        p, count = float(transform.p), len(transform.transforms)
        children = [
            self.step(child, _place(place, number, child))
            for number, child in enumerate(transform.transforms)
        ]
        if type(transform).__name__ == "RandomOrder" and transform.n == count:
            return _container("random_order", [item for items in children for item in items], p=p)
        if type(transform).__name__ == "RandomOrder" and transform.n > 1:
            self.unmapped.append(f"{place}: those that are chosen keep the order of the list")
        # A transform that is left out keeps its share of the choice.
        kept = [_chosen(items) if items else {"no_op": {}} for items in children]
        if not any(children):
            return []
        return _container("some_of", kept, n=min(transform.n, count), p=p)

    def chosen(self, children: Sequence[Any], weights: Sequence[float], place: str) -> list[Item]:
        """Children of a one_of, which fire without a `p` of their own; those of weight 0 are never chosen."""
        items = []
        for number, (child, weight) in enumerate(zip(children, weights, strict=True)):
            here = _place(place, number, child)
            if weight <= 0:
                continue
            if isinstance(child, albumentations().BasicTransform):
                found = self.op(child, here)
                made = [found] if found else []
            elif _is_sequence(child):
                made = self.sequence(child.transforms, here)
            elif type(child).__name__ == "OneOf":
                made = [_without_p(item) for item in self.container(child, here)]
            else:
                made = self.step(child, here)
            # A transform that is left out keeps its share of the choice.
            items.append({**(_chosen(made) if made else {"no_op": {}}), "weight": weight})
        return items

    def op(self, transform: Any, place: str) -> Item | None:
        """The item of one transform without its `p`; None where it has none."""
        name = snake_case(type(transform).__name__)
        if _is_packing(transform):
            self.packing(transform, place)
            return None
        op = image_ops().get(name)
        if op is None or type(transform) is not getattr(albumentations(), type(transform).__name__, None):
            self.leave(place, image_unusable().get(name, "it is none of the library's own; see @augflow.op"))
            return None
        written = _parameters(transform, op)
        canonical, problems = op.check(written)
        for problem in problems:
            self.leave(place, f"{problem.name}: {problem.message}" if problem.name else problem.message)
        if problems or not self.can_follow(op, canonical, place):
            return None
        return {name: _written(op, canonical)}

    def can_follow(self, op: Op, params: dict[str, Any], place: str) -> bool:
        """Whether what follows the image can come along, and all is there that the op draws from."""
        if lost := sorted(self.kinds - op.carries):
            self.leave(place, f"it cannot move {' and '.join(lost)} as it moves the pixels")
        needed = op.needs(params) if isinstance(op, ImageOp) else frozenset()
        if missing := sorted(needed - self.kinds):
            fields = ", ".join(f"{kind}: {{follows: image}}" for kind in missing)
            self.leave(place, f"it draws from {' and '.join(missing)}; give fields={{{fields}}}")
        return not lost and not missing

    def packing(self, transform: Any, place: str) -> None:
        """Normalizing and turning into floats and tensors: what `output` says, and the loader does."""
        kind = type(transform).__name__
        if kind == "ToFloat":
            self.output["dtype"] = "float32"
        elif kind == "Normalize":
            if transform.normalization != "standard" or transform.max_pixel_value != BYTES or transform.p < 1:
                rule = "only normalization='standard' with max_pixel_value=255 and p=1 has an equal, `output`"
                self.leave(place, f"{rule}; got {transform.normalization!r}, {transform.max_pixel_value}")
                return
            self.output |= {name: _numbers(getattr(transform, name)) for name in ("mean", "std")}

    def followers(self, compose: Any) -> dict[str, Item]:
        """Fields that follow the image, as the processors and additional targets of a Compose say."""
        found: dict[str, Item] = {}
        processors = getattr(compose, "processors", {})
        if "bboxes" in processors:
            found["boxes"] = {"follows": "image"} | self.box_limits(processors["bboxes"].params)
        if "keypoints" in processors:
            found["keypoints"] = {"follows": "image"}
            self.unmapped.append("keypoint_params: points outside the image stay in the list, not visible")
        for name, target in getattr(compose, "_additional_targets", {}).items():
            if target in KINDS:
                found[name] = {"follows": "image", "kind": KINDS[target]}
            else:
                self.unmapped.append(
                    f"additional_targets: {name!r} is another {target}; only one has the ops"
                )
        return found

    def box_limits(self, params: Any) -> Item:
        """The limits that boxes have here."""
        for name, off in (("min_width", 0), ("min_height", 0), ("max_accept_ratio", None)):
            if getattr(params, name) != off:
                self.unmapped.append(f"bbox_params: there is no {name} here, got {getattr(params, name)}")
        if not params.check_each_transform:
            self.unmapped.append("bbox_params: limits hold after each op, not once at the end")
        limits = {"min_area": float(params.min_area), "min_visibility": float(params.min_visibility)}
        return {name: value for name, value in limits.items() if value}


def _place(outer: str, number: int, transform: Any) -> str:
    name = type(transform).__name__
    return f"{outer}[{number}].{name}" if outer else name


def _is_sequence(transform: Any) -> bool:
    return type(transform).__name__ in ("Compose", "Sequential", "ReplayCompose")


def _is_packing(transform: Any) -> bool:
    return type(transform).__name__ in ("Normalize", "ToFloat", "ToTensorV2", "ToTensor3D")


def _parameters(transform: Any, op: Op) -> dict[str, Any]:
    """The parameters in force: attributes, which a Compose may have changed."""
    found = {name: getattr(transform, name) for name in op.params if hasattr(transform, name)}
    if op.name == "shift_scale_rotate":
        # The attribute holds the scale itself.
        found["scale_limit"] = [round(end - 1, ROUNDED) for end in found["scale_limit"]]
    return found


def _written(op: Op, canonical: dict[str, Any]) -> dict[str, Any]:
    """Parameters without those that go without saying."""
    needed = {name: canonical[name] for name, param in op.params.items() if param.required}
    defaults, problems = op.check(needed)
    if problems:
        return canonical
    return {name: value for name, value in canonical.items() if name in needed or value != defaults[name]}


def _numbers(value: Any) -> list[float]:
    return [float(number) for number in (value if isinstance(value, Sequence) else [value])]


def _with(item: Item, **params: Any) -> Item:
    """The item with more parameters."""
    ((name, body),) = item.items()
    return {name: {**body, **params}}


def _without_p(item: Item) -> Item:
    ((name, body),) = item.items()
    return {name: {key: value for key, value in body.items() if key != "p"}}


def _container(name: str, children: list[Item], **params: Any) -> list[Item]:
    return [{name: {**params, "transforms": children}}] if children else []


def _all_of(items: list[Item], p: float) -> Item:
    """All items, in their order, together by one chance."""
    return {"some_of": {"n": len(items), "p": float(p), "transforms": [_chosen([item]) for item in items]}}


def _chosen(items: list[Item]) -> Item:
    """Items as one child of a container that chooses, which must not have a `p`: it fires when chosen, and
    what it holds goes by its own."""
    if len(items) == 1:
        ((_, body),) = items[0].items()
        if body.get("p", 1.0) >= 1:
            return _without_p(items[0])
        return {"random_order": {"transforms": items}}
    return _without_p(_all_of(items, 1.0))
