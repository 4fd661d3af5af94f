"""The fields of one sample through their ops: each field by its own list, what follows an image with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from augflow.errors import BadSampleError
from augflow.plan import FieldPlan
from augflow.sample import FOLLOWERS, Boxes, Fields
from augflow.transforms.chain import Passage, Step


def run_field(passage: Passage, field: FieldPlan, steps: Sequence[Step], values: Fields) -> Fields:
    """The values of a sample after the steps of one field.

    The frames of a video, (T, H, W, C), all start from the same keys, and so draw the same.
    """
    value = values[field.name]
    if not steps:
        return values
    if field.name == field.modality and len(values) == 1 and (field.modality != "image" or value.ndim == 3):
        return passage.run(steps, values)  # as below, without the copies
    if field.modality == "image" and value.ndim == 4:
        if field.followers:
            reason = f"{field.followers[0].name} follows {field.name}, which is a video; give images"
            raise BadSampleError(passage.place, reason)
        frames = [passage.run(steps, {"image": frame})["image"] for frame in value]
        return {**values, field.name: np.stack(frames)}
    seen: Fields = {field.modality: value}
    if field.followers:
        seen[FOLLOWERS] = {follower.name: values[follower.name] for follower in field.followers}
    seen = passage.run(steps, seen)
    return {**values, field.name: seen[field.modality], **seen.get(FOLLOWERS, {})}


def with_limits(fields: Sequence[FieldPlan], values: Fields) -> Fields:
    """The values of a sample, its boxes with the limits that the spec sets."""
    found: dict[str, Any] = dict(values)
    for field in fields:
        for follower in field.followers:
            value = found[follower.name]
            if isinstance(value, Boxes):
                found[follower.name] = replace(
                    value, min_area=follower.min_area, min_visibility=follower.min_visibility
                )
    return found
