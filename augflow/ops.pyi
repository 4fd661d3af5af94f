# Generated from the catalog by `make stubs`; a test keeps it current.
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Item = dict[str, Any]

def one_of(*children: Item, p: float = ..., id: str = ..., weight: float = ...) -> Item: ...
def some_of(*children: Item, n: int = ..., p: float = ..., id: str = ..., weight: float = ...) -> Item: ...
def random_order(*children: Item, p: float = ..., id: str = ..., weight: float = ...) -> Item: ...
def additive_noise(
    *,
    noise_type: Literal['uniform', 'gaussian', 'laplace', 'beta'] = ...,
    spatial_mode: Literal['constant', 'per_pixel', 'shared'] = ...,
    noise_params: Mapping[str, Any] | None = ...,
    approximation: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def advanced_blur(
    *,
    blur_limit: Sequence[int] | int = ...,
    sigma_x_limit: Sequence[float] | float = ...,
    sigma_y_limit: Sequence[float] | float = ...,
    rotate_limit: Sequence[float] | float = ...,
    beta_limit: Sequence[float] | float = ...,
    noise_limit: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def affine(
    *,
    scale: Sequence[float] | float | Mapping[str, Any] = ...,
    translate_percent: Sequence[float] | float | Mapping[str, Any] | None = ...,
    translate_px: Sequence[float] | float | Mapping[str, Any] | None = ...,
    rotate: Sequence[float] | float = ...,
    shear: Sequence[float] | float | Mapping[str, Any] = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fit_output: bool = ...,
    keep_ratio: bool = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    balanced_scale: bool = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def auto_contrast(
    *,
    cutoff: float = ...,
    ignore: int | None = ...,
    method: Literal['cdf', 'pil'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def blur(
    *,
    blur_limit: Sequence[int] | int = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def center_crop(
    *,
    height: int,
    width: int,
    pad_if_needed: bool = ...,
    pad_position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def channel_dropout(
    *,
    channel_drop_range: Sequence[int] = ...,
    fill: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def channel_shuffle(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def chromatic_aberration(
    *,
    primary_distortion_limit: Sequence[float] | float = ...,
    secondary_distortion_limit: Sequence[float] | float = ...,
    mode: Literal['green_purple', 'red_blue', 'random'] = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def clahe(
    *,
    clip_limit: Sequence[float] | float = ...,
    tile_grid_size: Sequence[int] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def coarse_dropout(
    *,
    num_holes_range: Sequence[int] = ...,
    hole_height_range: Sequence[float] | Sequence[int] = ...,
    hole_width_range: Sequence[float] | Sequence[int] = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] = ...,
    fill_mask: Sequence[float] | float | None = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def color_jitter(
    *,
    brightness: Sequence[float] | float = ...,
    contrast: Sequence[float] | float = ...,
    saturation: Sequence[float] | float = ...,
    hue: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def crop(
    *,
    x_min: int = ...,
    y_min: int = ...,
    x_max: int = ...,
    y_max: int = ...,
    pad_if_needed: bool = ...,
    pad_position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def crop_and_pad(
    *,
    px: int | Sequence[int] | Sequence[int | Sequence[int]] | None = ...,
    percent: float | Sequence[float] | Sequence[float | Sequence[float]] | None = ...,
    keep_size: bool = ...,
    sample_independently: bool = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def d4(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def defocus(
    *,
    radius: Sequence[float] | float = ...,
    alias_blur: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def downscale(
    *,
    scale_range: Sequence[float] = ...,
    interpolation_pair: Mapping[str, Any] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def elastic_transform(
    *,
    alpha: float = ...,
    sigma: float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    approximate: bool = ...,
    same_dxdy: bool = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    noise_distribution: Literal['gaussian', 'uniform'] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def emboss(
    *,
    alpha: Sequence[float] = ...,
    strength: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def equalize(
    *,
    mode: Literal['cv', 'pil'] = ...,
    by_channels: bool = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def erasing(
    *,
    scale: Sequence[float] = ...,
    ratio: Sequence[float] = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] = ...,
    fill_mask: Sequence[float] | float | None = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def fancy_pca(
    *,
    alpha: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def frequency_masking(
    *,
    freq_mask_param: int = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def gauss_noise(
    *,
    std_range: Sequence[float] = ...,
    mean_range: Sequence[float] = ...,
    per_channel: bool = ...,
    noise_scale_factor: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def gaussian_blur(
    *,
    blur_limit: Sequence[int] | int = ...,
    sigma_limit: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def glass_blur(
    *,
    sigma: float = ...,
    max_delta: int = ...,
    iterations: int = ...,
    mode: Literal['fast', 'exact'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def grid_distortion(
    *,
    num_steps: int = ...,
    distort_limit: Sequence[float] | float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    normalized: bool = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def grid_dropout(
    *,
    ratio: float = ...,
    random_offset: bool = ...,
    unit_size_range: Sequence[int] | None = ...,
    holes_number_xy: Sequence[int] | None = ...,
    shift_xy: Sequence[int] = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] = ...,
    fill_mask: Sequence[float] | float | None = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def grid_elastic_deform(
    *,
    num_grid_xy: Sequence[int],
    magnitude: int,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def he_stain(
    *,
    method: Literal['preset', 'random_preset', 'vahadane', 'macenko'] = ...,
    preset: Literal['ruifrok', 'macenko', 'standard', 'high_contrast', 'h_heavy', 'e_heavy', 'dark', 'light'] | None = ...,
    intensity_scale_range: Sequence[float] = ...,
    intensity_shift_range: Sequence[float] = ...,
    augment_background: bool = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def horizontal_flip(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def hue_saturation_value(
    *,
    hue_shift_limit: Sequence[float] | float = ...,
    sat_shift_limit: Sequence[float] | float = ...,
    val_shift_limit: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def illumination(
    *,
    mode: Literal['linear', 'corner', 'gaussian'] = ...,
    intensity_range: Sequence[float] = ...,
    effect_type: Literal['brighten', 'darken', 'both'] = ...,
    angle_range: Sequence[float] = ...,
    center_range: Sequence[float] = ...,
    sigma_range: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def image_compression(
    *,
    compression_type: Literal['jpeg', 'webp'] = ...,
    quality_range: Sequence[int] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def invert_img(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def iso_noise(
    *,
    color_shift: Sequence[float] = ...,
    intensity: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def longest_max_size(
    *,
    max_size: int | Sequence[int] | None = ...,
    max_size_hw: Sequence[int | None] | None = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def median_blur(
    *,
    blur_limit: Sequence[int] | int = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def morphological(
    *,
    scale: Sequence[float] | float = ...,
    operation: Literal['erosion', 'dilation'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def motion_blur(
    *,
    blur_limit: Sequence[int] | int = ...,
    allow_shifted: bool = ...,
    angle_range: Sequence[float] = ...,
    direction_range: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def multiplicative_noise(
    *,
    multiplier: Sequence[float] = ...,
    per_channel: bool = ...,
    elementwise: bool = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def no_op(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def optical_distortion(
    *,
    distort_limit: Sequence[float] | float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mode: Literal['camera', 'fisheye'] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def pad(
    *,
    padding: int | Sequence[int] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def pad_if_needed(
    *,
    min_height: int | None = ...,
    min_width: int | None = ...,
    pad_height_divisor: int | None = ...,
    pad_width_divisor: int | None = ...,
    position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def perspective(
    *,
    scale: Sequence[float] | float = ...,
    keep_size: bool = ...,
    fit_output: bool = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def piecewise_affine(
    *,
    scale: Sequence[float] | float = ...,
    nb_rows: Sequence[int] | int = ...,
    nb_cols: Sequence[int] | int = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    absolute_scale: bool = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def pixel_dropout(
    *,
    dropout_prob: float = ...,
    per_channel: bool = ...,
    drop_value: Sequence[float] | float | None = ...,
    mask_drop_value: Sequence[float] | float | None = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def planckian_jitter(
    *,
    mode: Literal['blackbody', 'cied'] = ...,
    temperature_limit: Sequence[int] | None = ...,
    sampling_method: Literal['uniform', 'gaussian'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def plasma_brightness_contrast(
    *,
    brightness_range: Sequence[float] = ...,
    contrast_range: Sequence[float] = ...,
    plasma_size: int = ...,
    roughness: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def plasma_shadow(
    *,
    shadow_intensity_range: Sequence[float] = ...,
    roughness: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def posterize(
    *,
    num_bits: int | Sequence[int] | Sequence[Sequence[int]] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def rand_augment(
    *,
    num_ops: int = ...,
    magnitude: int = ...,
    num_magnitude_bins: int = ...,
    fill: float | Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_adjust_sharpness(
    *,
    sharpness_factor: float,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_brightness_contrast(
    *,
    brightness_limit: Sequence[float] | float = ...,
    contrast_limit: Sequence[float] | float = ...,
    brightness_by_max: bool = ...,
    ensure_safe_range: bool = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_crop(
    *,
    height: int,
    width: int,
    pad_if_needed: bool = ...,
    pad_position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_crop_from_borders(
    *,
    crop_left: float = ...,
    crop_right: float = ...,
    crop_top: float = ...,
    crop_bottom: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_fog(
    *,
    alpha_coef: float = ...,
    fog_coef_range: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_gamma(
    *,
    gamma_limit: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_gravel(
    *,
    gravel_roi: Sequence[float] = ...,
    number_of_patches: int = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_grid_shuffle(
    *,
    grid: Sequence[int] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_perspective(
    *,
    distortion_scale: float = ...,
    interpolation: Literal['nearest', 'bilinear', 'bicubic'] = ...,
    fill: float | Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_rain(
    *,
    slant_range: Sequence[float] = ...,
    drop_length: int | None = ...,
    drop_width: int = ...,
    drop_color: Sequence[int] = ...,
    blur_value: int = ...,
    brightness_coefficient: float = ...,
    rain_type: Literal['drizzle', 'heavy', 'torrential', 'default'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_resized_crop(
    *,
    size: Sequence[int],
    scale: Sequence[float] = ...,
    ratio: Sequence[float] = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_rotate90(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_scale(
    *,
    scale_limit: Sequence[float] | float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_shadow(
    *,
    shadow_roi: Sequence[float] = ...,
    num_shadows_limit: Sequence[int] = ...,
    shadow_dimension: int = ...,
    shadow_intensity_range: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_sized_crop(
    *,
    min_max_height: Sequence[float] | float,
    size: Sequence[int],
    w2h_ratio: float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_snow(
    *,
    brightness_coeff: float = ...,
    snow_point_range: Sequence[float] = ...,
    method: Literal['bleach', 'texture'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_sun_flare(
    *,
    flare_roi: Sequence[float] = ...,
    src_radius: int = ...,
    src_color: Sequence[int] = ...,
    angle_range: Sequence[float] = ...,
    num_flare_circles_range: Sequence[int] = ...,
    method: Literal['overlay', 'physics_based'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def random_tone_curve(
    *,
    scale: float = ...,
    per_channel: bool = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def resize(
    *,
    height: int,
    width: int,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def rgb_shift(
    *,
    r_shift_limit: Sequence[float] | float = ...,
    g_shift_limit: Sequence[float] | float = ...,
    b_shift_limit: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def ringing_overshoot(
    *,
    blur_limit: Sequence[int] | int = ...,
    cutoff: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def rotate(
    *,
    limit: Sequence[float] | float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    crop_border: bool = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def safe_rotate(
    *,
    limit: Sequence[float] | float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float | None = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def salt_and_pepper(
    *,
    amount: Sequence[float] = ...,
    salt_vs_pepper: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def sharpen(
    *,
    alpha: Sequence[float] = ...,
    lightness: Sequence[float] = ...,
    method: Literal['kernel', 'gaussian'] = ...,
    kernel_size: int = ...,
    sigma: float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def shift_scale_rotate(
    *,
    shift_limit: Sequence[float] | float = ...,
    scale_limit: Sequence[float] | float = ...,
    rotate_limit: Sequence[float] | float = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    shift_limit_x: Sequence[float] | float | None = ...,
    shift_limit_y: Sequence[float] | float | None = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def shot_noise(
    *,
    scale_range: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def smallest_max_size(
    *,
    max_size: int | Sequence[int] | None = ...,
    max_size_hw: Sequence[int | None] | None = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def solarize(
    *,
    threshold_range: Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def spatter(
    *,
    mean: Sequence[float] | float = ...,
    std: Sequence[float] | float = ...,
    gauss_sigma: Sequence[float] | float = ...,
    cutout_threshold: Sequence[float] | float = ...,
    intensity: Sequence[float] | float = ...,
    mode: Literal['rain', 'mud'] = ...,
    color: Sequence[int] | None = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def square_symmetry(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def superpixels(
    *,
    p_replace: Sequence[float] | float = ...,
    n_segments: Sequence[float] | float = ...,
    max_size: int | None = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def thin_plate_spline(
    *,
    scale_range: Sequence[float] = ...,
    num_control_points: int = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float = ...,
    fill_mask: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def time_masking(
    *,
    time_mask_param: int = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def time_reverse(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def to_gray(
    *,
    num_output_channels: int = ...,
    method: Literal['weighted_average', 'from_lab', 'desaturation', 'average', 'max', 'pca'] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def to_rgb(
    *,
    num_output_channels: int = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def to_sepia(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def transpose(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def trivial_augment(
    *,
    num_magnitude_bins: int = ...,
    fill: float | Sequence[float] = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def unsharp_mask(
    *,
    blur_limit: Sequence[int] | int = ...,
    sigma_limit: Sequence[float] | float = ...,
    alpha: Sequence[float] | float = ...,
    threshold: int = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def vertical_flip(
    *,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def xy_masking(
    *,
    num_masks_x: Sequence[int] | int = ...,
    num_masks_y: Sequence[int] | int = ...,
    mask_x_length: Sequence[int] | int = ...,
    mask_y_length: Sequence[int] | int = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] = ...,
    fill_mask: Sequence[float] | float | None = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def zoom_blur(
    *,
    max_factor: Sequence[float] | float = ...,
    step_factor: Sequence[float] | float = ...,
    p: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def mixup(
    *,
    p: float = ...,
    per: Literal['sample', 'tile'] = ...,
    alpha: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def cutmix(
    *,
    p: float = ...,
    per: Literal['sample', 'tile'] = ...,
    alpha: float = ...,
    id: str = ...,
    weight: float = ...,
) -> Item: ...
def brightness(**params: Any) -> Item: ...
def brightness_contrast(**params: Any) -> Item: ...
def channel_drop(**params: Any) -> Item: ...
def compression(**params: Any) -> Item: ...
def contrast(**params: Any) -> Item: ...
def cutout(**params: Any) -> Item: ...
def elastic(**params: Any) -> Item: ...
def fisheye(**params: Any) -> Item: ...
def flip(**params: Any) -> Item: ...
def flip_horizontal(**params: Any) -> Item: ...
def flip_left_right(**params: Any) -> Item: ...
def flip_lr(**params: Any) -> Item: ...
def flip_ud(**params: Any) -> Item: ...
def flip_up_down(**params: Any) -> Item: ...
def flip_vertical(**params: Any) -> Item: ...
def fog(**params: Any) -> Item: ...
def gamma(**params: Any) -> Item: ...
def gaussian_noise(**params: Any) -> Item: ...
def gray(**params: Any) -> Item: ...
def grayscale(**params: Any) -> Item: ...
def hflip(**params: Any) -> Item: ...
def histogram_equalization(**params: Any) -> Item: ...
def hsv(**params: Any) -> Item: ...
def hue(**params: Any) -> Item: ...
def hue_saturation(**params: Any) -> Item: ...
def identity(**params: Any) -> Item: ...
def invert(**params: Any) -> Item: ...
def jitter(**params: Any) -> Item: ...
def jpeg(**params: Any) -> Item: ...
def jpeg_compression(**params: Any) -> Item: ...
def mirror(**params: Any) -> Item: ...
def noise(**params: Any) -> Item: ...
def noop(**params: Any) -> Item: ...
def padding(**params: Any) -> Item: ...
def pixelate(**params: Any) -> Item: ...
def rain(**params: Any) -> Item: ...
def randaugment(**params: Any) -> Item: ...
def random_affine(**params: Any) -> Item: ...
def random_autocontrast(**params: Any) -> Item: ...
def random_brightness(**params: Any) -> Item: ...
def random_channel_permutation(**params: Any) -> Item: ...
def random_contrast(**params: Any) -> Item: ...
def random_equalize(**params: Any) -> Item: ...
def random_erase(**params: Any) -> Item: ...
def random_erasing(**params: Any) -> Item: ...
def random_flip(**params: Any) -> Item: ...
def random_grayscale(**params: Any) -> Item: ...
def random_horizontal_flip(**params: Any) -> Item: ...
def random_invert(**params: Any) -> Item: ...
def random_posterize(**params: Any) -> Item: ...
def random_rotation(**params: Any) -> Item: ...
def random_solarize(**params: Any) -> Item: ...
def random_translation(**params: Any) -> Item: ...
def random_vertical_flip(**params: Any) -> Item: ...
def random_zoom(**params: Any) -> Item: ...
def rotate90(**params: Any) -> Item: ...
def rotation(**params: Any) -> Item: ...
def saturation(**params: Any) -> Item: ...
def scale(**params: Any) -> Item: ...
def sepia(**params: Any) -> Item: ...
def shadow(**params: Any) -> Item: ...
def sharpness(**params: Any) -> Item: ...
def snow(**params: Any) -> Item: ...
def speckle_noise(**params: Any) -> Item: ...
def trivial_augment_wide(**params: Any) -> Item: ...
def trivialaugment(**params: Any) -> Item: ...
def vflip(**params: Any) -> Item: ...
