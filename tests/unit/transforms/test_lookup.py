"""Names: canonical, typed, foreign, refused, unknown."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from augflow.transforms.image import image_ops, image_unusable
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.lookup import (
    OpUnavailable,
    aliases,
    catalog,
    described,
    find_op,
    resolve_op,
    unusable,
)
from augflow.transforms.names import FAMILIES

from .conftest import built, picture, run


def result(name: str, params: dict[str, Any], image: np.ndarray) -> np.ndarray:
    """The image after an op by any of its names."""
    op, translated, _ = resolve_op(name, params, "image")
    return run(built(op, translated)[0], image)


def pillow(image: np.ndarray) -> Image.Image:
    return Image.fromarray(image)


def refusal(name: str, params: dict[str, Any] | None = None) -> str:
    with pytest.raises(OpUnavailable) as caught:
        resolve_op(name, params or {}, "image")
    return str(caught.value)


@pytest.mark.parametrize("modality", FAMILIES)
def test_every_typed_name_leads_to_an_op_and_hides_none(modality: str) -> None:
    """Aliases point at ops of the catalog and are not names of ops themselves."""
    family, ops = FAMILIES[modality], set(catalog(modality))
    typed, foreign = set(family.typed), set(family.foreign)
    assert set(family.typed.values()) <= ops
    assert set(family.typed_defaults) <= typed
    assert not typed & ops
    assert not foreign & (ops | typed)
    assert not set(unusable(modality)) & (ops | typed | foreign)


@pytest.mark.parametrize("modality", FAMILIES)
def test_every_name_is_described(modality: str) -> None:
    """Each op and each other spelling of one can be told of: name, library, parameters, default p."""
    for name in (*catalog(modality), *aliases(modality)):
        found = described(name, modality)
        assert found is not None, name
        assert found.library
        assert found.summary
        assert 0 <= found.default_p <= 1
    assert described("qqqq", modality) is None


def test_an_op_of_another_modality_says_whose_it_is() -> None:
    """`rotate` on a text is no unknown op; a name that two modalities have works on both."""
    with pytest.raises(OpUnavailable, match="'rotate' is an op for image, and this field is text"):
        resolve_op("rotate", {}, "text")
    with pytest.raises(OpUnavailable, match="'pitch_shift' is an op for audio, and this field is image"):
        resolve_op("pitch_shift", {}, "image")
    assert {resolve_op("pad", {"length": 3}, modality)[0].modality for modality in ("text", "audio")} == {
        "text",
        "audio",
    }


@pytest.mark.parametrize(
    ("name", "canonical", "p"),
    [
        ("flip", "horizontal_flip", 0.5),
        ("cutout", "coarse_dropout", 0.5),
        ("noise", "gauss_noise", 0.5),
        ("blur", "blur", 0.5),
        ("crop", "crop", 1.0),
        ("grayscale", "to_gray", 0.5),
        ("random_horizontal_flip", "horizontal_flip", 0.5),
        ("random_grayscale", "to_gray", 0.1),
        ("random_channel_permutation", "channel_shuffle", 1.0),
        ("trivial_augment_wide", "trivial_augment", 1.0),
    ],
)
def test_default_p_is_the_spellings(name: str, canonical: str, p: float) -> None:
    """A typed name has the op's own p, a foreign one its library's, else 1."""
    op, _, default_p = resolve_op(name, {}, "image")
    assert (op.name, default_p) == (canonical, p)


def test_a_typed_strength_leaves_the_other_strengths_off() -> None:
    """`brightness` changes brightness alone, unless contrast is asked for."""
    _, params, _ = resolve_op("brightness", {"brightness_limit": 0.3}, "image")
    assert params == {"brightness_limit": 0.3, "contrast_limit": 0}
    _, params, _ = resolve_op("brightness", {"contrast_limit": 0.1}, "image")
    assert params == {"contrast_limit": 0.1}


def test_unknown_names_offer_close_ones() -> None:
    """A misspelled op, alias or container is offered its nearest names."""
    assert "did you mean rotate" in refusal("rotat")
    assert "random_horizontal_flip" in refusal("random_horizontal_flipp")
    assert "one_of" in refusal("oneof")
    assert refusal("qqqq") == "unknown op 'qqqq'"


def test_refused_names_say_why() -> None:
    """What exists elsewhere and cannot work here says what to do instead."""
    assert "output: {mean" in refusal("normalize")
    assert "other images" in refusal("fda")
    assert "batch: {mix: {mixup" in refusal("mixup")
    assert "works on volumes" in refusal("center_crop_3d")


def test_all_of_the_library_is_accounted_for() -> None:
    """Each public class of albumentations is an op or has a reason not to be."""
    import albumentations

    base = albumentations.BasicTransform
    public = {
        c.__name__ for c in vars(albumentations).values() if isinstance(c, type) and issubclass(c, base)
    }
    assert len(public) <= len(image_ops()) + len(image_unusable())
    assert not set(image_ops()) & set(image_unusable())
    assert len(image_ops()) == 99


def test_a_missing_library_is_a_refusal_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without albumentations its ops say what to install, and the other ops work."""

    def missing() -> Any:
        raise LibraryMissingError("install the extra `image`")

    without = {**FAMILIES, "image": replace(FAMILIES["image"], library=missing)}
    monkeypatch.setattr("augflow.transforms.lookup.FAMILIES", without)
    assert "install the extra `image`" in refusal("rotate")
    assert resolve_op("rand_augment", {}, "image")[0].name == "rand_augment"


def test_modalities_have_ops_of_their_own() -> None:
    """An image op is not found among sounds, nor a text op among images."""
    assert find_op("rotate", "audio") is None
    assert find_op("synonym", "image") is None
    assert find_op("synonym", "text") is not None


@pytest.mark.parametrize(
    ("name", "params", "words"),
    [
        ("random_rotation", {"degree": 30}, "did you mean degrees"),
        ("random_rotation", {}, "degrees: is required"),
        ("random_rotation", {"degrees": [30, -30]}, "write [-30, 30]"),
        ("random_affine", {"degrees": 10, "shear": 10}, "shears before it rotates"),
        ("random_erasing", {"value": 3}, "write erasing"),
        ("random_posterize", {"bits": 9}, "bits"),
        ("random_solarize", {"threshold": 300}, "at most 255"),
        ("random_flip", {"mode": "horizontal_and_vertical"}, "write horizontal_flip and vertical_flip"),
        ("random_zoom", {"height_factor": 1.5}, "height_factor"),
    ],
)
def test_foreign_parameters_are_checked_as_their_library_names_them(
    name: str, params: dict[str, Any], words: str
) -> None:
    """A wrong foreign parameter is refused under its own name."""
    assert words in refusal(name, params)


def test_random_rotation_turns_as_torchvision() -> None:
    """Counter-clockwise about the center, nearest pixel: what Pillow's rotate gives."""
    image = picture()
    ours = result("random_rotation", {"degrees": [20, 20]}, image)
    differing = (ours != np.array(pillow(image).rotate(20))).any(axis=2).mean()
    assert differing < 0.002  # ties at half pixels


@pytest.mark.parametrize(
    ("params", "angle", "scale", "shear"),
    [
        ({"degrees": [20, 20]}, 20, 1.0, (0, 0)),
        ({"degrees": [20, 20], "scale": [0.8, 0.8]}, 20, 0.8, (0, 0)),
        ({"degrees": 0, "shear": [12, 12]}, 0, 1.0, (12, 0)),
        ({"degrees": 0, "shear": [0, 0, 12, 12], "scale": [1.2, 1.2]}, 0, 1.2, (0, 12)),
    ],
)
def test_random_affine_maps_as_torchvision(
    params: dict[str, Any], angle: float, scale: float, shear: tuple[float, float]
) -> None:
    """Clockwise rotation, one scale, shears in degrees: torchvision's inverse matrix given to Pillow."""
    image = picture()
    height, width = image.shape[:2]
    rot, sx, sy = np.radians([angle, *shear])
    a = np.cos(rot - sy) / np.cos(sy)
    b = -np.cos(rot - sy) * np.tan(sx) / np.cos(sy) - np.sin(rot)
    c = np.sin(rot - sy) / np.cos(sy)
    d = -np.sin(rot - sy) * np.tan(sx) / np.cos(sy) + np.cos(rot)
    inverse = np.array([[d, -b], [-c, a]]) / scale
    center = np.array([width / 2, height / 2])
    offset = center - inverse @ center
    matrix = (*inverse[0], offset[0], *inverse[1], offset[1])
    expected = np.array(pillow(image).transform((width, height), Image.Transform.AFFINE, matrix))
    differing = (result("random_affine", params, image) != expected).any(axis=2).mean()
    assert differing < 0.002


@pytest.mark.parametrize("bits", [1, 3, 7])
def test_random_posterize_counts_bits_as_pillow(bits: int) -> None:
    """The bits that stay are the same."""
    image = picture()
    assert np.array_equal(
        result("random_posterize", {"bits": bits}, image), ImageOps.posterize(pillow(image), bits)
    )


@pytest.mark.parametrize("threshold", [0, 1, 77, 128, 255])
def test_random_solarize_counts_in_levels(threshold: int) -> None:
    """The threshold in 0..255 inverts the same pixels as Pillow's."""
    image = picture()
    assert np.array_equal(
        result("random_solarize", {"threshold": threshold}, image),
        ImageOps.solarize(pillow(image), threshold),
    )


def test_random_grayscale_weighs_as_pillow() -> None:
    """Luma of ITU-R 601 on all three channels, within rounding."""
    image = picture()
    gray = np.array(pillow(image).convert("L"))[:, :, None].astype(int)
    assert np.abs(result("random_grayscale", {}, image).astype(int) - gray).max() <= 1


def test_random_autocontrast_is_pillows_within_rounding() -> None:
    """The histogram is stretched channel by channel."""
    image = picture() // 2 + 20
    expected = np.array(ImageOps.autocontrast(pillow(image))).astype(int)
    assert np.abs(result("random_autocontrast", {}, image).astype(int) - expected).max() <= 1


def test_random_equalize_is_near_pillows() -> None:
    """albumentations' Pillow mode counts a level with those below it: a few levels off."""
    image = picture()
    expected = np.array(ImageOps.equalize(pillow(image))).astype(int)
    assert np.abs(result("random_equalize", {}, image).astype(int) - expected).mean() < 5


def test_gaussian_noise_takes_shares_of_the_range() -> None:
    """sigma 0.1 of torchvision is a tenth of 255."""
    noise = result("gaussian_noise", {"sigma": 0.1}, np.full((64, 64, 3), 128, np.uint8))
    assert abs(noise.std() / 255 - 0.1) < 0.005


def test_jpeg_quality_is_pillows_scale() -> None:
    """A quality of 50 loses about as much as Pillow's 50."""
    image = picture()
    buffer = io.BytesIO()
    pillow(image).save(buffer, "JPEG", quality=50)
    theirs = np.abs(np.array(Image.open(buffer)).astype(int) - image).mean()
    ours = np.abs(result("jpeg", {"quality": 50}, image).astype(int) - image).mean()
    assert ours == pytest.approx(theirs, rel=0.1)


def test_random_erasing_swaps_the_ratio() -> None:
    """torchvision's ratio is height to width, albumentations' width to height."""
    _, params, _ = resolve_op("random_erasing", {"ratio": [2.0, 4.0]}, "image")
    assert params["ratio"] == [0.25, 0.5]


def test_random_translation_moves_down_and_right() -> None:
    """Keras' positive factors move the image down and right; reflect repeats the edge pixel."""
    image = picture()
    down = result(
        "random_translation",
        {"height_factor": [0.25, 0.25], "width_factor": 0, "fill_mode": "nearest"},
        image,
    )
    assert np.array_equal(down[12:], image[:-12])
    right = result("random_translation", {"height_factor": 0, "width_factor": [0.25, 0.25]}, image)
    assert np.array_equal(right[:, 10:], image[:, :-10])
    assert np.array_equal(right[:, :10][:, ::-1], image[:, :10])


def test_random_zoom_zooms_out_for_positive_factors() -> None:
    """A factor of 1 halves the picture about its center."""
    image = np.zeros((40, 40, 1), np.uint8)
    image[:, 20:] = 200
    image[:2] = 255
    zoomed = result("random_zoom", {"height_factor": [1, 1], "fill_mode": "constant"}, image)
    assert zoomed[:9].max() == 0
    assert zoomed[12:28, 22:28].min() == 200


def test_random_brightness_adds_a_share_of_the_range() -> None:
    """0.2 of Keras adds 51 levels."""
    image = picture()
    expected = np.clip(image + 0.2 * 255, 0, 255).round().astype(np.uint8)
    assert np.array_equal(result("random_brightness", {"factor": [0.2, 0.2]}, image), expected)
