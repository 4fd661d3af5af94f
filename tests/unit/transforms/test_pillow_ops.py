"""torchvision's ops without an equal in albumentations, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from augflow.transforms import pillow_ops
from augflow.transforms.pillow_ops import PILLOW_OPS, perspective_coefficients

from .conftest import built, keyed, picture, run

PERSPECTIVE = PILLOW_OPS["random_perspective"]


@pytest.mark.parametrize("factor", [0, 0.5, 1, 3])
def test_sharpness_is_pillows(factor: float) -> None:
    """The factor is torchvision's, which is Pillow's."""
    image = picture()
    transform, _ = built(PILLOW_OPS["random_adjust_sharpness"], {"sharpness_factor": factor})
    assert np.array_equal(
        run(transform, image), ImageEnhance.Sharpness(Image.fromarray(image)).enhance(factor)
    )


def test_perspective_sends_corners_to_their_images() -> None:
    """The coefficients map each of the four points as asked."""
    corners = np.array([[3, 2], [30, 5], [28, 40], [1, 44]])
    images = np.array([[0, 0], [39, 0], [39, 47], [0, 47]])
    a, b, c, d, e, f, g, h = perspective_coefficients(corners, images)
    for (x, y), expected in zip(corners, images, strict=True):
        scale = g * x + h * y + 1
        assert [(a * x + b * y + c) / scale, (d * x + e * y + f) / scale] == pytest.approx(
            list(expected), abs=1e-6
        )


def test_perspective_moves_corners_inward() -> None:
    """Each corner ends within distortion_scale times half the side, and outside it is filled."""
    image = np.full((48, 40, 1), 200, np.uint8)
    transform, _ = built(PERSPECTIVE, {"distortion_scale": 0.5, "interpolation": "nearest", "fill": 0})
    for name in "abcdef":
        inside = run(transform, image, name)[:, :, 0] == 200
        assert inside[12:36, 10:30].all()
        assert not inside.all()
    still, _ = built(PERSPECTIVE, {"distortion_scale": 0})
    assert (run(still, image) == 200).all()


def test_perspective_reaches_the_whole_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every whole shift from none to the most comes up, at every corner, for x and y alike."""
    seen = []

    def recorded(corners: np.ndarray, images: np.ndarray) -> tuple[float, ...]:
        seen.append(np.abs(corners - images))
        return perspective_coefficients(corners, images)

    monkeypatch.setattr(pillow_ops, "perspective_coefficients", recorded)
    transform, _ = built(PERSPECTIVE, {"distortion_scale": 0.5})
    for i in range(300):
        run(transform, picture(16, 24), str(i))
    shifts = np.array(seen)
    for corner in range(4):
        assert set(shifts[:, corner, 0]) == set(range(7))
        assert set(shifts[:, corner, 1]) == set(range(5))


def test_floats_are_refused_clearly() -> None:
    """Pillow works on 8 bits; a float image is an error that says so."""
    transform, _ = built(PERSPECTIVE, {})
    with pytest.raises(TypeError, match="works on uint8 images of 1 or 3 channels, got float32"):
        transform({"image": picture(dtype="float32")}, keyed())
