"""What is drawn over an image: boxes with their classes, masks, keypoints, and where mixing pasted."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PIL import Image

from augflow.preview.markup import Html, data_uri, tag
from augflow.sample import Array, Boxes, Keypoints

COLORS = (
    *("#ff5d5d", "#4fb3ff", "#ffd23f", "#5ee087", "#ff8ad8"),
    *("#ff9f40", "#9d8cff", "#3fe0d0", "#c3e04b", "#ff7fa3"),
)
"""Bright ones, as they lie on photos; a class keeps its color."""

OPACITY = 0.4

LABEL_PX = 11
"""The height of a label's letters on the screen."""

LETTER, PLATE = 0.62, 1.25
"""The width of a letter and the height of what it stands on, as shares of its height."""

TOLD_CLASSES, TOLD_VALUES = 6, 12
"""So many classes of boxes, and values of a mask, are told below an image."""

MASK_SIDE = 256
"""Masks are shown at most so large."""


@dataclass(frozen=True)
class Mark:
    """A place of an image, y0, x0, y1, x1 in pixels, and what it is."""

    box: tuple[int, int, int, int]
    about: str


class Covered(Protocol):
    """An image with what belongs over it."""

    @property
    def followers(self) -> Mapping[str, Any]:
        """What follows the image, by field name."""
        ...

    @property
    def marks(self) -> Sequence[Mark]:
        """Places to point out."""
        ...


def layers(shown: Covered, size: tuple[int, int], wide: int, classes: Sequence[str]) -> list[Html]:
    """The layers over an image of `size` (height, width) that is `wide` CSS pixels wide."""
    height, width = size
    unit = width / wide
    found: list[Html] = []
    drawn: list[Html] = []
    for name, value in shown.followers.items():
        if isinstance(value, Boxes):
            if value.masks is not None and len(value.masks):
                found.append(_picture(_instances(value.masks, value.labels), name))
            drawn.append(tag("g", list(_boxes(value, unit, size, classes)), class_="boxes"))
        elif isinstance(value, Keypoints):
            drawn.append(tag("g", list(_points(value, unit)), class_="points"))
        elif isinstance(value, np.ndarray) and value.ndim == 2:
            found.append(_picture(_mask(value), name))
    drawn.extend(tag("g", _mark(mark), class_="marks") for mark in shown.marks)
    if drawn:
        about = "; ".join(counted(name, value, classes) for name, value in shown.followers.items())
        label = {"role": "img", "aria_label": about} if about else {"aria_hidden": "true"}
        found.append(tag("svg", drawn, viewBox=f"0 0 {width} {height}", **label))
    return found


def counted(name: str, value: Any, classes: Sequence[str]) -> str:
    """What follows an image, in words."""
    if isinstance(value, Boxes):
        names = Counter(class_name(int(label), classes) for label in value.labels)
        told = ", ".join(f"{count} {name}" for name, count in names.most_common(TOLD_CLASSES))
        more = ", ..." if len(names) > TOLD_CLASSES else ""
        return f"{name}: {told}{more}" if told else f"{name}: none"
    if isinstance(value, Keypoints):
        return f"{name}: {int(value.visible.sum())} of {len(value.points)} visible"
    values = np.unique(value)
    told = ", ".join(map(str, values[:TOLD_VALUES]))
    return f"{name}: {told}{', ...' if len(values) > TOLD_VALUES else ''}"


def class_name(label: int, classes: Sequence[str]) -> str:
    """The name of a class; its number where it has none."""
    return classes[label] if 0 <= label < len(classes) else f"class {label}"


def color_of(label: int) -> str:
    """The color of a class."""
    return COLORS[label % len(COLORS)]


def _boxes(boxes: Boxes, unit: float, size: tuple[int, int], classes: Sequence[str]) -> Iterator[Html]:
    """Every frame, large ones first, then names where they do not cover each other."""
    order = np.argsort(-(boxes.corners[:, 2:] - boxes.corners[:, :2]).prod(axis=1), kind="stable")
    taken: list[Plate] = []
    names: list[Html] = []
    for row in order:
        label = int(boxes.labels[row])
        name = class_name(label, classes)
        if boxes.weights[row] < 1:
            name = f"{name} {boxes.weights[row]:.2f}"
        x0, y0, x1, y1 = (float(value) for value in boxes.corners[row])
        color = color_of(label)
        told = tag("title", f"{name}: {', '.join(map(_short, (x0, y0, x1, y1)))}")
        yield tag("rect", told, **_rect(x0, y0, x1 - x0, y1 - y0), class_="box", stroke=color)
        plate = Plate.above((x0, y0), len(name), LABEL_PX * unit, size)
        if not any(plate.covers(other) for other in taken):
            taken.append(plate)
            names.extend(plate.drawn(name, color))
    yield from names


@dataclass(frozen=True)
class Plate:
    """Where the name of a box stands, and the height of its letters; all in pixels of the image."""

    left: float
    top: float
    width: float
    letters: float

    @classmethod
    def above(cls, corner: tuple[float, float], count: int, letters: float, size: tuple[int, int]) -> Plate:
        """For `count` letters above a box at a corner (x, y); inside of it where there is no room."""
        x, y = corner
        width = min((count * LETTER + 0.6) * letters, size[1])
        height = PLATE * letters
        return cls(min(max(x, 0.0), size[1] - width), y - height if y >= height else y, width, letters)

    def covers(self, other: Plate) -> bool:
        """Whether the two share a place."""
        apart = self.left >= other.left + other.width or other.left >= self.left + self.width
        return not apart and abs(self.top - other.top) < PLATE * self.letters

    def drawn(self, name: str, color: str) -> Iterator[Html]:
        """The plate, and the name on it."""
        yield tag("rect", **_rect(self.left, self.top, self.width, PLATE * self.letters), fill=color)
        x, y = self.left + 0.3 * self.letters, self.top + 0.95 * self.letters
        yield tag("text", name, x=_short(x), y=_short(y), font_size=_short(self.letters))


def _points(points: Keypoints, unit: float) -> Iterator[Html]:
    for (x, y), label, visible in zip(points.points, points.labels, points.visible, strict=True):
        about = f"point {int(label)}: {_short(float(x))}, {_short(float(y))}"
        # A point names the middle of a pixel, and the drawing counts from its edge.
        place = {"cx": _short(float(x) + 0.5), "cy": _short(float(y) + 0.5), "r": _short(3.5 * unit)}
        if visible:
            yield tag("circle", tag("title", about), **place, fill=color_of(int(label)))
        else:
            told = tag("title", f"{about}, not visible")
            yield tag("circle", told, **place, stroke=color_of(int(label)), class_="hidden")


def _mark(mark: Mark) -> Html:
    y0, x0, y1, x1 = mark.box
    return tag("g", tag("title", mark.about), tag("rect", **_rect(x0, y0, x1 - x0, y1 - y0), class_="mark"))


def _rect(x: float, y: float, width: float, height: float) -> dict[str, str]:
    return {"x": _short(x), "y": _short(y), "width": _short(width), "height": _short(height)}


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _mask(mask: Array) -> Array:
    """Colors (H, W, 4) of a mask; 0 is nothing."""
    painted: Array = _palette()[np.asarray(mask, np.int64) % len(COLORS)]
    painted[mask == 0] = 0
    return painted


def _instances(masks: Array, labels: Array) -> Array:
    """Colors (H, W, 4) of the masks of instances, those of small boxes on top."""
    painted = np.zeros((*masks.shape[1:], 4), np.uint8)
    palette = _palette()
    for row in np.argsort(-masks.sum(axis=(1, 2)), kind="stable"):
        painted[masks[row] > 0] = palette[int(labels[row]) % len(COLORS)]
    return painted


def _palette() -> Array:
    colors = [[int(color[place : place + 2], 16) for place in (1, 3, 5)] for color in COLORS]
    return np.array([[*color, round(255 * OPACITY)] for color in colors], np.uint8)


def _picture(painted: Array, name: str) -> Html:
    image = Image.fromarray(painted)
    if max(image.size) > MASK_SIDE:
        scale = MASK_SIDE / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.NEAREST)
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return tag("img", src=data_uri("image/png", stream.getvalue()), alt=name, class_="mask small")
