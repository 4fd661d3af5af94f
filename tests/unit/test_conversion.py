"""A `Compose` as a pipeline: the same ops, parameters and chances, and a list of what is missing."""

from __future__ import annotations

import random
import re
import warnings
from typing import Any

import numpy as np
import pytest

from augflow.conversion import Conversion, from_albumentations
from augflow.sample import Boxes
from augflow.transforms.image import image_ops
from augflow.transforms.image_transform import construct
from augflow.transforms.library import albumentations

A: Any = albumentations()

NEEDED: dict[str, dict[str, Any]] = {
    "at_least_one_bbox_random_crop": {"height": 24, "width": 20},
    "center_crop": {"height": 24, "width": 20},
    "constrained_coarse_dropout": {"mask_indices": [1, 2]},
    "crop": {"x_max": 20, "y_max": 24},
    "crop_and_pad": {"px": [-4, 4]},
    "crop_non_empty_mask_if_exists": {"height": 24, "width": 20},
    "grid_elastic_deform": {"num_grid_xy": [4, 4], "magnitude": 3},
    "longest_max_size": {"max_size": 30},
    "pad_if_needed": {"min_height": 60, "min_width": 50},
    "random_crop": {"height": 24, "width": 20},
    "random_resized_crop": {"size": [24, 20]},
    "random_sized_bbox_safe_crop": {"height": 24, "width": 20},
    "random_sized_crop": {"min_max_height": [10, 30], "size": [24, 20]},
    "resize": {"height": 24, "width": 20},
    "smallest_max_size": {"max_size": 30},
}
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("affine", {"rotate": [-30, 30], "scale": [0.7, 1.3], "shear": [-5, 5], "translate_percent": 0.1}),
    ("affine", {"rotate": 10, "fit_output": True, "interpolation": "cubic", "fill": [1, 2, 3]}),
    ("coarse_dropout", {"fill": "random", "hole_height_range": [3, 9], "hole_width_range": [2, 8]}),
    ("crop_and_pad", {"percent": [-0.1, 0.1], "keep_size": False}),
    ("shift_scale_rotate", {"scale_limit": [-0.3, 0.2]}),
    ("posterize", {"num_bits": [[2, 3], [3, 4], [4, 5]]}),
    ("pad_if_needed", {"min_height": None, "min_width": None, "pad_height_divisor": 32,
                       "pad_width_divisor": 32}),
]  # fmt: skip


def picture(size: tuple[int, int] = (48, 40)) -> np.ndarray:
    """An image in which every pixel differs from its neighbors."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    return np.stack([rows * 5, columns * 6, rows + columns], axis=2).astype(np.uint8)


def ops_of(compose: Any, **sections: Any) -> list[dict[str, Any]]:
    """The items that a Compose becomes."""
    plan = from_albumentations(compose, **sections).pipeline.plan
    spec = plan.spec
    return [op.written() for field in spec.main_fields().values() for op in field.augment]


@pytest.mark.parametrize(("name", "params"), [(n, NEEDED.get(n, {})) for n in image_ops()] + OTHERS)
def test_every_op_keeps_its_parameters(name: str, params: dict[str, Any]) -> None:
    """What is read from a transform's attributes is what it was built from, over the whole catalog."""
    op = image_ops()[name]
    canonical, problems = op.check(params)
    assert not problems
    conversion = Conversion(kinds=frozenset({"keypoints"}) if name == "morphological" else ALL)
    item = conversion.op(construct(op._class.__name__, canonical), name)
    assert item is not None, conversion.unmapped
    assert op.check(item[name]) == (canonical, [])


ALL = frozenset({"mask", "boxes", "keypoints"})


def test_what_draws_nothing_gives_equal_images() -> None:
    """The pipeline's image is the Compose's, byte for byte."""
    compose = A.Compose(
        [
            A.Resize(60, 50),
            A.Sequential([A.HorizontalFlip(p=1), A.ToGray(p=1)], p=1),
            A.OneOf([A.VerticalFlip(p=0.3)], p=1),
            A.SomeOf([A.Transpose(p=1)], n=1),
            A.OneOrOther(A.InvertImg(), A.NoOp(), p=1),
            A.CenterCrop(30, 40),
        ]
    )
    converted = from_albumentations(compose)
    assert converted.unmapped == ()
    image = picture()
    assert np.array_equal(converted.pipeline(image)["image"], compose(image=image)["image"])


def outcomes(compose: Any, count: int = 3000) -> tuple[dict[bytes, float], dict[bytes, float]]:
    """How often each image comes out: of the Compose, and of its pipeline."""
    image = picture((3, 4))
    # Seeded by number, the library's ops would all draw the same.
    compose.set_random_state(np.random.default_rng(1), random.Random(1))
    pipeline = from_albumentations(compose).pipeline
    found: tuple[dict[bytes, float], dict[bytes, float]] = ({}, {})
    for number in range(count):
        results = compose(image=image)["image"], pipeline(image, sample_id=str(number))["image"]
        for counts, result in zip(found, results, strict=True):
            # Turned images have other shapes.
            key = bytes(result.shape) + result.tobytes()
            counts[key] = counts.get(key, 0) + 1 / count
    return found


@pytest.mark.parametrize(
    "compose",
    [
        A.Compose([A.HorizontalFlip(p=0.2), A.VerticalFlip(p=0.9)]),
        A.Compose([A.HorizontalFlip(p=1)], p=0.3),
        A.Compose([A.Sequential([A.HorizontalFlip(p=0.5), A.InvertImg(p=1)], p=0.4)]),
        A.Compose([A.OneOf([A.HorizontalFlip(p=0.1), A.VerticalFlip(p=0.3), A.InvertImg(p=0)], p=0.8)]),
        A.Compose([A.OneOf([A.Sequential([A.HorizontalFlip(p=0.5), A.InvertImg(p=1)], p=0.2),
                            A.OneOf([A.VerticalFlip(p=1), A.Transpose(p=3 / 4)], p=0.6)], p=1)]),
        A.Compose([A.OneOf([A.SomeOf([A.HorizontalFlip(p=1), A.VerticalFlip(p=1)], n=1, p=0.5),
                            A.InvertImg(p=0.5)], p=1)]),
        A.Compose([A.SomeOf([A.HorizontalFlip(p=1), A.VerticalFlip(p=0.5), A.InvertImg(p=0.2)], n=2, p=0.7)]),
        A.Compose([A.RandomOrder([A.HorizontalFlip(p=0.7), A.Transpose(p=0.8)], n=2, p=0.9)]),
        A.Compose([A.RandomOrder([A.HorizontalFlip(p=0.7), A.Transpose(p=1)], n=1)]),
        A.Compose([A.OneOrOther(A.HorizontalFlip(p=0.1), A.Transpose(p=0.1), p=0.3)]),
        A.Compose([A.Compose([A.HorizontalFlip(p=0.5)], p=0.5), A.Transpose(p=0)]),
    ],
)  # fmt: skip
def test_chances_are_those_of_the_compose(compose: Any) -> None:
    """The same images come out of both, each about as often: 5 standard deviations of 3,000 draws."""
    theirs, ours = outcomes(compose)
    assert set(theirs) == set(ours)
    for image, share in theirs.items():
        assert abs(share - ours[image]) < 5 * np.sqrt(2 * share * (1 - share) / 3000) + 1e-9


def test_packing_becomes_output() -> None:
    """Normalize and ToFloat are the wire's and the loader's business, and ToTensorV2 nobody's."""
    compose = A.Compose(
        [A.HorizontalFlip(), A.ToFloat(), A.Normalize(mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6))]
    )
    converted = from_albumentations(compose)
    output = converted.pipeline.plan.spec.output
    assert (output.dtype, output.mean, output.std) == ("float32", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert converted.unmapped == ()
    late = from_albumentations(A.Compose([A.Normalize(), A.HorizontalFlip()]))
    assert late.unmapped == (
        "Compose[1].HorizontalFlip: stands after the normalization, which comes last here",
    )
    other = from_albumentations(A.Normalize(normalization="image"))
    assert "only normalization='standard'" in other.unmapped[0]
    assert other.pipeline.plan.spec.output.mean is None
    mine = from_albumentations(compose, output={"dtype": "uint8"})
    assert mine.pipeline.plan.spec.output.mean is None


def same(image: np.ndarray, **_params: Any) -> np.ndarray:
    """A user's function."""
    return image


class Home(A.HorizontalFlip):  # type: ignore[misc]
    """A user's own."""


class Invert(A.ImageOnlyTransform):  # type: ignore[misc]
    """A user's own."""

    def apply(self, img: np.ndarray, **params: Any) -> np.ndarray:
        """Invert."""
        return 255 - img


@pytest.mark.parametrize(
    ("transform", "message"),
    [
        (A.Lambda(image=same, p=1), "it takes Python functions; register yours"),
        (A.SelectiveChannelTransform([A.Blur()]), "there is no such container here"),
        (A.SomeOf([A.HorizontalFlip(), A.VerticalFlip()], n=2, replace=True), "replace=True may take"),
        (Home(), "it is none of the library's own; see @augflow.op"),
        (Invert(), "it is none of the library's own; see @augflow.op"),
        (A.FromFloat(), "an image stays uint8"),
        (A.MaskDropout(), r"it draws from mask; give fields=\{mask: \{follows: image\}\}"),
        (A.RandomSizedBBoxSafeCrop(20, 20), "it draws from boxes"),
    ],
)
def test_what_has_no_place_is_listed(transform: Any, message: str) -> None:
    """Each with where it stands and why; the rest is there."""
    converted = from_albumentations(A.Compose([A.Blur(p=0.5), transform]))
    (told,) = converted.unmapped
    assert told.startswith(f"Compose[1].{type(transform).__name__}: ")
    assert re.search(message, told)
    assert [step.op for step in converted.pipeline.plan.fields[0].augment] == ["blur"]


def test_what_is_left_out_keeps_its_share() -> None:
    """The other choices do not become more likely."""
    own = A.Lambda(image=same, p=0.6)
    (item,) = ops_of(A.Compose([A.OneOf([A.Blur(p=0.2), own], p=1)]))
    assert item["one_of"]["transforms"][1] == {"no_op": {}, "weight": 0.6}


def test_an_order_that_cannot_be_drawn_is_listed() -> None:
    """Two of three in any order become two of three in the order of the list."""
    flips = [A.HorizontalFlip(p=1), A.VerticalFlip(p=1), A.Transpose(p=1)]
    converted = from_albumentations(A.Compose([A.RandomOrder(flips, n=2)]))
    assert converted.unmapped == ("Compose[0].RandomOrder: those that are chosen keep the order of the list",)


def test_boxes_and_keypoints_follow() -> None:
    """Their parameters become fields with limits; what they have beside is listed."""
    boxes = A.BboxParams("coco", label_fields=["names"], min_area=4, min_visibility=0.5, min_width=2)
    compose = A.Compose(
        [A.Crop(0, 0, 20, 20, p=1), A.Morphological(p=1)],
        bbox_params=boxes,
        keypoint_params=A.KeypointParams("xy"),
        additional_targets={"depth": "mask", "other": "image"},
    )
    converted = from_albumentations(compose)
    fields = converted.pipeline.plan.spec.fields
    assert (fields["boxes"].min_area, fields["boxes"].min_visibility) == (4, 0.5)
    assert fields["keypoints"].follows == "image"
    assert fields["depth"].kind == "mask"
    told = "\n".join(converted.unmapped)
    assert "there is no min_width here, got 2" in told
    assert "'other' is another image" in told
    assert "Morphological: it cannot move boxes and mask" in told


def test_the_same_boxes_survive() -> None:
    """Boxes, labels and limits of a deterministic Compose and of its pipeline agree."""
    corners = np.array([[2, 2, 12, 12], [15, 15, 35, 30], [30, 5, 39, 9], [0, 40, 10, 48]], np.float32)
    compose = A.Compose(
        [A.HorizontalFlip(p=1), A.Crop(0, 0, 30, 40, p=1), A.Resize(80, 60)],
        bbox_params=A.BboxParams("pascal_voc", label_fields=["labels"], min_visibility=0.3, min_area=5),
    )
    theirs = compose(image=picture(), bboxes=corners, labels=[0, 1, 2, 3])
    pipeline = from_albumentations(compose).pipeline
    ours = pipeline({"image": picture(), "boxes": Boxes(corners, np.arange(4), np.ones(4, np.float32))})
    assert np.array_equal(theirs["image"], ours["image"])
    assert list(ours["boxes"].labels) == [int(label) for label in theirs["labels"]]
    assert np.allclose(ours["boxes"].corners, theirs["bboxes"], atol=1e-3)


def test_sections_go_before_what_is_found() -> None:
    """A batch, an evaluation, a seed of one's own; a Compose's seed is taken otherwise."""
    compose = A.Compose([A.HorizontalFlip()], seed=7)
    assert from_albumentations(compose).pipeline.plan.spec.seed == 7
    spec = from_albumentations(compose, seed=3, batch={"size": 64}, name="mine").pipeline.plan.spec
    assert (spec.seed, spec.batch.size, spec.name) == (3, 64, "mine")
    masks = from_albumentations(A.MaskDropout(p=1), fields={"mask": {"follows": "image"}})
    assert masks.unmapped == ()


def test_changed_mask_interpolation_is_seen() -> None:
    """A Compose sets it on its transforms after they were built."""
    (item,) = ops_of(A.Compose([A.Resize(8, 8)], mask_interpolation=1))
    assert item["resize"]["mask_interpolation"] == 1


def test_what_is_no_transform_is_refused() -> None:
    """A list is not a Compose."""
    with pytest.raises(TypeError, match=r"takes an albumentations.Compose or a transform, got list"):
        from_albumentations([A.Blur()])


def test_a_replay_compose_is_a_compose() -> None:
    """Its replaying is what streams do anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compose = A.ReplayCompose([A.HorizontalFlip(p=1)])
    assert np.array_equal(from_albumentations(compose).pipeline(picture())["image"], picture()[:, ::-1])
