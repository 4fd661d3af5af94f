# Generated from the catalog by `make stubs`; a test keeps it current.
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Item = dict[str, Any]
Schedule = Mapping[Literal["linear", "over"], Sequence[Any]]

def one_of(
    *children: Item,
    p: float = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def some_of(
    *children: Item,
    n: int = ...,
    p: float = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_order(
    *children: Item,
    p: float = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def add_background_noise(
    *,
    sounds_path: str | Sequence[str],
    min_snr_db: float | Schedule = ...,
    max_snr_db: float | Schedule = ...,
    noise_rms: Literal['relative', 'absolute'] = ...,
    min_absolute_rms_db: float | Schedule = ...,
    max_absolute_rms_db: float | Schedule = ...,
    lru_cache_size: int | None | Schedule = ...,
    sounds_path_sha256: str | None = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def add_color_noise(
    *,
    min_snr_db: float | Schedule = ...,
    max_snr_db: float | Schedule = ...,
    min_f_decay: float | Schedule = ...,
    max_f_decay: float | Schedule = ...,
    p_apply_a_weighting: float | Schedule = ...,
    n_fft: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def add_gaussian_noise(
    *,
    min_amplitude: float | Schedule = ...,
    max_amplitude: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def add_gaussian_snr(
    *,
    min_snr_db: float | Schedule = ...,
    max_snr_db: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def add_short_noises(
    *,
    sounds_path: str | Sequence[str],
    min_snr_db: float | Schedule = ...,
    max_snr_db: float | Schedule = ...,
    min_time_between_sounds: float | Schedule = ...,
    max_time_between_sounds: float | Schedule = ...,
    noise_rms: Literal['absolute', 'relative', 'relative_to_whole_input'] = ...,
    min_absolute_noise_rms_db: float | Schedule = ...,
    max_absolute_noise_rms_db: float | Schedule = ...,
    add_all_noises_with_same_level: bool = ...,
    include_silence_in_noise_rms_estimation: bool = ...,
    burst_probability: float | Schedule = ...,
    min_pause_factor_during_burst: float | Schedule = ...,
    max_pause_factor_during_burst: float | Schedule = ...,
    min_fade_in_time: float | Schedule = ...,
    max_fade_in_time: float | Schedule = ...,
    min_fade_out_time: float | Schedule = ...,
    max_fade_out_time: float | Schedule = ...,
    signal_gain_in_db_during_noise: float | None | Schedule = ...,
    signal_gain_db_during_noise: float | None | Schedule = ...,
    lru_cache_size: int | None | Schedule = ...,
    sounds_path_sha256: str | None = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def additive_noise(
    *,
    noise_type: Literal['uniform', 'gaussian', 'laplace', 'beta'] = ...,
    spatial_mode: Literal['constant', 'per_pixel', 'shared'] = ...,
    noise_params: Mapping[str, Any] | None = ...,
    approximation: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def adjust_duration(
    *,
    duration_samples: int | None | Schedule = ...,
    duration_seconds: float | None | Schedule = ...,
    padding_mode: Literal['silence', 'wrap', 'reflect'] = ...,
    padding_position: Literal['start', 'end'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def advanced_blur(
    *,
    blur_limit: Sequence[int] | int | Schedule = ...,
    sigma_x_limit: Sequence[float] | float | Schedule = ...,
    sigma_y_limit: Sequence[float] | float | Schedule = ...,
    rotate_limit: Sequence[float] | float | Schedule = ...,
    beta_limit: Sequence[float] | float | Schedule = ...,
    noise_limit: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def aeda(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    punc_ratio: float | Schedule = ...,
    marks: Sequence[str] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def affine(
    *,
    scale: Sequence[float] | float | Mapping[str, Any] | Schedule = ...,
    translate_percent: Sequence[float] | float | Mapping[str, Any] | None | Schedule = ...,
    translate_px: Sequence[float] | float | Mapping[str, Any] | None | Schedule = ...,
    rotate: Sequence[float] | float | Schedule = ...,
    shear: Sequence[float] | float | Mapping[str, Any] | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fit_output: bool = ...,
    keep_ratio: bool = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    balanced_scale: bool = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def air_absorption(
    *,
    min_temperature: float | Schedule = ...,
    max_temperature: float | Schedule = ...,
    min_humidity: float | Schedule = ...,
    max_humidity: float | Schedule = ...,
    min_distance: float | Schedule = ...,
    max_distance: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def aliasing(
    *,
    min_sample_rate: int | Schedule = ...,
    max_sample_rate: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def antonym(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    senses: int | Schedule = ...,
    table: str | None = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def apply_impulse_response(
    *,
    ir_path: str | Sequence[str],
    lru_cache_size: int | Schedule = ...,
    leave_length_unchanged: bool = ...,
    ir_path_sha256: str | None = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def at_least_one_bbox_random_crop(
    *,
    height: int | Schedule,
    width: int | Schedule,
    erosion_factor: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def auto_contrast(
    *,
    cutoff: float | Schedule = ...,
    ignore: int | None | Schedule = ...,
    method: Literal['cdf', 'pil'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def band_pass_filter(
    *,
    min_center_freq: float | Schedule = ...,
    max_center_freq: float | Schedule = ...,
    min_bandwidth_fraction: float | Schedule = ...,
    max_bandwidth_fraction: float | Schedule = ...,
    min_rolloff: int | Schedule = ...,
    max_rolloff: int | Schedule = ...,
    zero_phase: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def band_stop_filter(
    *,
    min_center_freq: float | Schedule = ...,
    max_center_freq: float | Schedule = ...,
    min_bandwidth_fraction: float | Schedule = ...,
    max_bandwidth_fraction: float | Schedule = ...,
    min_rolloff: int | Schedule = ...,
    max_rolloff: int | Schedule = ...,
    zero_phase: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def bbox_safe_random_crop(
    *,
    erosion_rate: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def bit_crush(
    *,
    min_bit_depth: int | Schedule = ...,
    max_bit_depth: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def blur(
    *,
    blur_limit: Sequence[int] | int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def center_crop(
    *,
    height: int | Schedule,
    width: int | Schedule,
    pad_if_needed: bool = ...,
    pad_position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def channel_dropout(
    *,
    channel_drop_range: Sequence[int] | Schedule = ...,
    fill: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def channel_shuffle(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def chromatic_aberration(
    *,
    primary_distortion_limit: Sequence[float] | float | Schedule = ...,
    secondary_distortion_limit: Sequence[float] | float | Schedule = ...,
    mode: Literal['green_purple', 'red_blue', 'random'] = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def clahe(
    *,
    clip_limit: Sequence[float] | float | Schedule = ...,
    tile_grid_size: Sequence[int] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def clip(
    *,
    a_min: float | Schedule = ...,
    a_max: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def clipping_distortion(
    *,
    min_percentile_threshold: int | Schedule = ...,
    max_percentile_threshold: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def coarse_dropout(
    *,
    num_holes_range: Sequence[int] | Schedule = ...,
    hole_height_range: Sequence[float] | Sequence[int] | Schedule = ...,
    hole_width_range: Sequence[float] | Sequence[int] | Schedule = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] | Schedule = ...,
    fill_mask: Sequence[float] | float | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def color_jitter(
    *,
    brightness: Sequence[float] | float | Schedule = ...,
    contrast: Sequence[float] | float | Schedule = ...,
    saturation: Sequence[float] | float | Schedule = ...,
    hue: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def constrained_coarse_dropout(
    *,
    num_holes_range: Sequence[int] | Schedule = ...,
    hole_height_range: Sequence[float] | Schedule = ...,
    hole_width_range: Sequence[float] | Schedule = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] | Schedule = ...,
    fill_mask: Sequence[float] | float | None | Schedule = ...,
    mask_indices: Sequence[int] | None | Schedule = ...,
    bbox_labels: Sequence[str | int | float] | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def crop(
    *,
    x_min: int | Schedule = ...,
    y_min: int | Schedule = ...,
    x_max: int | Schedule = ...,
    y_max: int | Schedule = ...,
    pad_if_needed: bool = ...,
    pad_position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def crop_and_pad(
    *,
    px: int | Sequence[int] | Sequence[int | Sequence[int]] | None | Schedule = ...,
    percent: float | Sequence[float] | Sequence[float | Sequence[float]] | None | Schedule = ...,
    keep_size: bool = ...,
    sample_independently: bool = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def crop_non_empty_mask_if_exists(
    *,
    height: int | Schedule,
    width: int | Schedule,
    ignore_values: Sequence[int] | None | Schedule = ...,
    ignore_channels: Sequence[int] | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def d4(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def defocus(
    *,
    radius: Sequence[float] | float | Schedule = ...,
    alias_blur: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def downscale(
    *,
    scale_range: Sequence[float] | Schedule = ...,
    interpolation_pair: Mapping[str, Any] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def duration(
    *,
    seconds: float | Schedule,
    align: Literal['start', 'center', 'end'] = ...,
    pad: Literal['zero', 'repeat', 'reflect'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def eda(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    senses: int | Schedule = ...,
    table: str | None = ...,
    alpha_sr: float | Schedule = ...,
    alpha_ri: float | Schedule = ...,
    alpha_rs: float | Schedule = ...,
    alpha_rd: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def elastic_transform(
    *,
    alpha: float | Schedule = ...,
    sigma: float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    approximate: bool = ...,
    same_dxdy: bool = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    noise_distribution: Literal['gaussian', 'uniform'] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def emboss(
    *,
    alpha: Sequence[float] | Schedule = ...,
    strength: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def equalize(
    *,
    mode: Literal['cv', 'pil'] = ...,
    by_channels: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def erasing(
    *,
    scale: Sequence[float] | Schedule = ...,
    ratio: Sequence[float] | Schedule = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] | Schedule = ...,
    fill_mask: Sequence[float] | float | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def fancy_pca(
    *,
    alpha: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def frequency_masking(
    *,
    freq_mask_param: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def gain(
    *,
    min_gain_db: float | Schedule = ...,
    max_gain_db: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def gain_transition(
    *,
    min_gain_db: float | Schedule = ...,
    max_gain_db: float | Schedule = ...,
    min_duration: float | int | Schedule = ...,
    max_duration: float | int | Schedule = ...,
    duration_unit: Literal['fraction', 'samples', 'seconds'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def gauss_noise(
    *,
    std_range: Sequence[float] | Schedule = ...,
    mean_range: Sequence[float] | Schedule = ...,
    per_channel: bool = ...,
    noise_scale_factor: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def gaussian_blur(
    *,
    blur_limit: Sequence[int] | int | Schedule = ...,
    sigma_limit: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def glass_blur(
    *,
    sigma: float | Schedule = ...,
    max_delta: int | Schedule = ...,
    iterations: int | Schedule = ...,
    mode: Literal['fast', 'exact'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def grid_distortion(
    *,
    num_steps: int | Schedule = ...,
    distort_limit: Sequence[float] | float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    normalized: bool = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def grid_dropout(
    *,
    ratio: float | Schedule = ...,
    random_offset: bool = ...,
    unit_size_range: Sequence[int] | None | Schedule = ...,
    holes_number_xy: Sequence[int] | None | Schedule = ...,
    shift_xy: Sequence[int] | Schedule = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] | Schedule = ...,
    fill_mask: Sequence[float] | float | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def grid_elastic_deform(
    *,
    num_grid_xy: Sequence[int] | Schedule,
    magnitude: int | Schedule,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def hash_tokens(
    *,
    buckets: int | Schedule = ...,
    max_length: int | None | Schedule = ...,
    lower: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def he_stain(
    *,
    method: Literal['preset', 'random_preset', 'vahadane', 'macenko'] = ...,
    preset: Literal['ruifrok', 'macenko', 'standard', 'high_contrast', 'h_heavy', 'e_heavy', 'dark', 'light'] | None = ...,
    intensity_scale_range: Sequence[float] | Schedule = ...,
    intensity_shift_range: Sequence[float] | Schedule = ...,
    augment_background: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def high_pass_filter(
    *,
    min_cutoff_freq: float | Schedule = ...,
    max_cutoff_freq: float | Schedule = ...,
    min_rolloff: int | Schedule = ...,
    max_rolloff: int | Schedule = ...,
    zero_phase: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def high_shelf_filter(
    *,
    min_center_freq: float | Schedule = ...,
    max_center_freq: float | Schedule = ...,
    min_gain_db: float | Schedule = ...,
    max_gain_db: float | Schedule = ...,
    min_q: float | Schedule = ...,
    max_q: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def horizontal_flip(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def hue_saturation_value(
    *,
    hue_shift_limit: Sequence[float] | float | Schedule = ...,
    sat_shift_limit: Sequence[float] | float | Schedule = ...,
    val_shift_limit: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def illumination(
    *,
    mode: Literal['linear', 'corner', 'gaussian'] = ...,
    intensity_range: Sequence[float] | Schedule = ...,
    effect_type: Literal['brighten', 'darken', 'both'] = ...,
    angle_range: Sequence[float] | Schedule = ...,
    center_range: Sequence[float] | Schedule = ...,
    sigma_range: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def image_compression(
    *,
    compression_type: Literal['jpeg', 'webp'] = ...,
    quality_range: Sequence[int] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def invert_img(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def iso_noise(
    *,
    color_shift: Sequence[float] | Schedule = ...,
    intensity: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def keyboard(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    aug_char_p: float | Schedule = ...,
    aug_char_min: int | Schedule = ...,
    aug_char_max: int | None | Schedule = ...,
    min_char: int | Schedule = ...,
    include_special_char: bool = ...,
    include_numeric: bool = ...,
    include_upper_case: bool = ...,
    lang: Literal['de', 'en', 'es', 'fr', 'he', 'it', 'nl', 'pl', 'th', 'tr', 'uk'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def limiter(
    *,
    min_threshold_db: float | Schedule = ...,
    max_threshold_db: float | Schedule = ...,
    min_attack: float | Schedule = ...,
    max_attack: float | Schedule = ...,
    min_release: float | Schedule = ...,
    max_release: float | Schedule = ...,
    threshold_mode: Literal['relative_to_signal_peak', 'absolute'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def log_mel(
    *,
    n_mels: int | Schedule = ...,
    window_ms: float | Schedule = ...,
    hop_ms: float | Schedule = ...,
    n_fft: int | None | Schedule = ...,
    f_min_hz: float | Schedule = ...,
    f_max_hz: float | None | Schedule = ...,
    floor_db: float | Schedule = ...,
    scale: Literal['slaney', 'htk'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def longest_max_size(
    *,
    max_size: int | Sequence[int] | None | Schedule = ...,
    max_size_hw: Sequence[int | None] | None | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def loudness_normalization(
    *,
    min_lufs: float | Schedule = ...,
    max_lufs: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def loudness_normalize(
    *,
    rms_db: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def low_pass_filter(
    *,
    min_cutoff_freq: float | Schedule = ...,
    max_cutoff_freq: float | Schedule = ...,
    min_rolloff: int | Schedule = ...,
    max_rolloff: int | Schedule = ...,
    zero_phase: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def low_shelf_filter(
    *,
    min_center_freq: float | Schedule = ...,
    max_center_freq: float | Schedule = ...,
    min_gain_db: float | Schedule = ...,
    max_gain_db: float | Schedule = ...,
    min_q: float | Schedule = ...,
    max_q: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def mask_dropout(
    *,
    max_objects: Sequence[float] | float | Schedule = ...,
    fill: float | Literal['inpaint_telea', 'inpaint_ns'] | Schedule = ...,
    fill_mask: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def median_blur(
    *,
    blur_limit: Sequence[int] | int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def mono(
    *,
    mix: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def morphological(
    *,
    scale: Sequence[float] | float | Schedule = ...,
    operation: Literal['erosion', 'dilation'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def motion_blur(
    *,
    blur_limit: Sequence[int] | int | Schedule = ...,
    allow_shifted: bool = ...,
    angle_range: Sequence[float] | Schedule = ...,
    direction_range: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def mp3_compression(
    *,
    min_bitrate: int | Schedule = ...,
    max_bitrate: int | Schedule = ...,
    backend: Literal['pydub', 'lameenc', 'fast-mp3-augment'] = ...,
    preserve_delay: bool = ...,
    quality: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def multiplicative_noise(
    *,
    multiplier: Sequence[float] | Schedule = ...,
    per_channel: bool = ...,
    elementwise: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def no_op(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def normalize(
    *,
    apply_to: Literal['all', 'only_too_loud_sounds'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def ocr(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    aug_char_p: float | Schedule = ...,
    aug_char_min: int | Schedule = ...,
    aug_char_max: int | None | Schedule = ...,
    min_char: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def optical_distortion(
    *,
    distort_limit: Sequence[float] | float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mode: Literal['camera', 'fisheye'] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def pad(
    *,
    padding: int | Sequence[int] | Schedule = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    length: int | Schedule = ...,
    value: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def pad_if_needed(
    *,
    min_height: int | None | Schedule = ...,
    min_width: int | None | Schedule = ...,
    pad_height_divisor: int | None | Schedule = ...,
    pad_width_divisor: int | None | Schedule = ...,
    position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def padding(
    *,
    mode: Literal['silence', 'wrap', 'reflect'] = ...,
    min_fraction: float | Schedule = ...,
    max_fraction: float | Schedule = ...,
    pad_section: Literal['start', 'end'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def peak_normalize(
    *,
    peak_db: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def peaking_filter(
    *,
    min_center_freq: float | Schedule = ...,
    max_center_freq: float | Schedule = ...,
    min_gain_db: float | Schedule = ...,
    max_gain_db: float | Schedule = ...,
    min_q: float | Schedule = ...,
    max_q: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def perspective(
    *,
    scale: Sequence[float] | float | Schedule = ...,
    keep_size: bool = ...,
    fit_output: bool = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def piecewise_affine(
    *,
    scale: Sequence[float] | float | Schedule = ...,
    nb_rows: Sequence[int] | int | Schedule = ...,
    nb_cols: Sequence[int] | int | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    absolute_scale: bool = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def pitch_shift(
    *,
    min_semitones: float | Schedule = ...,
    max_semitones: float | Schedule = ...,
    method: Literal['librosa_phase_vocoder', 'signalsmith_stretch'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def pixel_dropout(
    *,
    dropout_prob: float | Schedule = ...,
    per_channel: bool = ...,
    drop_value: Sequence[float] | float | None | Schedule = ...,
    mask_drop_value: Sequence[float] | float | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def planckian_jitter(
    *,
    mode: Literal['blackbody', 'cied'] = ...,
    temperature_limit: Sequence[int] | None | Schedule = ...,
    sampling_method: Literal['uniform', 'gaussian'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def plasma_brightness_contrast(
    *,
    brightness_range: Sequence[float] | Schedule = ...,
    contrast_range: Sequence[float] | Schedule = ...,
    plasma_size: int | Schedule = ...,
    roughness: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def plasma_shadow(
    *,
    shadow_intensity_range: Sequence[float] | Schedule = ...,
    roughness: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def polarity_inversion(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def posterize(
    *,
    num_bits: int | Sequence[int] | Sequence[Sequence[int]] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def rand_augment(
    *,
    num_ops: int | Schedule = ...,
    magnitude: int | Schedule = ...,
    num_magnitude_bins: int | Schedule = ...,
    fill: float | Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_adjust_sharpness(
    *,
    sharpness_factor: float | Schedule,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_brightness_contrast(
    *,
    brightness_limit: Sequence[float] | float | Schedule = ...,
    contrast_limit: Sequence[float] | float | Schedule = ...,
    brightness_by_max: bool = ...,
    ensure_safe_range: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_case(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    aug_char_p: float | Schedule = ...,
    aug_char_min: int | Schedule = ...,
    aug_char_max: int | None | Schedule = ...,
    min_char: int | Schedule = ...,
    mode: Literal['letters', 'upper', 'lower', 'title'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_char(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    aug_char_p: float | Schedule = ...,
    aug_char_min: int | Schedule = ...,
    aug_char_max: int | None | Schedule = ...,
    min_char: int | Schedule = ...,
    action: Literal['insert', 'substitute', 'swap', 'delete'] = ...,
    candidates: Sequence[str] = ...,
    swap_mode: Literal['adjacent', 'middle', 'random'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_crop(
    *,
    height: int | Schedule = ...,
    width: int | Schedule = ...,
    pad_if_needed: bool = ...,
    pad_position: Literal['center', 'top_left', 'top_right', 'bottom_left', 'bottom_right', 'random'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    seconds: float | Schedule = ...,
    pad: Literal['zero', 'repeat', 'reflect'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_crop_from_borders(
    *,
    crop_left: float | Schedule = ...,
    crop_right: float | Schedule = ...,
    crop_top: float | Schedule = ...,
    crop_bottom: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_deletion(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_fog(
    *,
    alpha_coef: float | Schedule = ...,
    fog_coef_range: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_gamma(
    *,
    gamma_limit: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_gravel(
    *,
    gravel_roi: Sequence[float] | Schedule = ...,
    number_of_patches: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_grid_shuffle(
    *,
    grid: Sequence[int] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_insertion(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    senses: int | Schedule = ...,
    table: str | None = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_perspective(
    *,
    distortion_scale: float | Schedule = ...,
    interpolation: Literal['nearest', 'bilinear', 'bicubic'] = ...,
    fill: float | Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_rain(
    *,
    slant_range: Sequence[float] | Schedule = ...,
    drop_length: int | None | Schedule = ...,
    drop_width: int | Schedule = ...,
    drop_color: Sequence[int] | Schedule = ...,
    blur_value: int | Schedule = ...,
    brightness_coefficient: float | Schedule = ...,
    rain_type: Literal['drizzle', 'heavy', 'torrential', 'default'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_resample(
    *,
    min_sample_rate: int | Schedule = ...,
    max_sample_rate: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_resized_crop(
    *,
    size: Sequence[int] | Schedule,
    scale: Sequence[float] | Schedule = ...,
    ratio: Sequence[float] | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_rotate90(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_scale(
    *,
    scale_limit: Sequence[float] | float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_shadow(
    *,
    shadow_roi: Sequence[float] | Schedule = ...,
    num_shadows_limit: Sequence[int] | Schedule = ...,
    shadow_dimension: int | Schedule = ...,
    shadow_intensity_range: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_sized_bbox_safe_crop(
    *,
    height: int | Schedule,
    width: int | Schedule,
    erosion_rate: float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_sized_crop(
    *,
    min_max_height: Sequence[float] | float | Schedule,
    size: Sequence[int] | Schedule,
    w2h_ratio: float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_snow(
    *,
    brightness_coeff: float | Schedule = ...,
    snow_point_range: Sequence[float] | Schedule = ...,
    method: Literal['bleach', 'texture'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_substitution(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    target_words: Sequence[str] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_sun_flare(
    *,
    flare_roi: Sequence[float] | Schedule = ...,
    src_radius: int | Schedule = ...,
    src_color: Sequence[int] | Schedule = ...,
    angle_range: Sequence[float] | Schedule = ...,
    num_flare_circles_range: Sequence[int] | Schedule = ...,
    method: Literal['overlay', 'physics_based'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_swap(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    distance: Literal['adjacent', 'any'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def random_tone_curve(
    *,
    scale: float | Schedule = ...,
    per_channel: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def repeat_part(
    *,
    min_repeats: int | Schedule = ...,
    max_repeats: int | Schedule = ...,
    min_part_duration: float | Schedule = ...,
    max_part_duration: float | Schedule = ...,
    mode: Literal['insert', 'replace'] = ...,
    crossfade_duration: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def resample(
    *,
    sample_rate: int | Schedule,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def reserved(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    reserved_tokens: Sequence[Sequence[str]],
    case_sensitive: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def resize(
    *,
    height: int | Schedule,
    width: int | Schedule,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def reverse(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def rgb_shift(
    *,
    r_shift_limit: Sequence[float] | float | Schedule = ...,
    g_shift_limit: Sequence[float] | float | Schedule = ...,
    b_shift_limit: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def ringing_overshoot(
    *,
    blur_limit: Sequence[int] | int | Schedule = ...,
    cutoff: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def room_simulator(
    *,
    min_size_x: float | Schedule = ...,
    max_size_x: float | Schedule = ...,
    min_size_y: float | Schedule = ...,
    max_size_y: float | Schedule = ...,
    min_size_z: float | Schedule = ...,
    max_size_z: float | Schedule = ...,
    min_absorption_value: float | Schedule = ...,
    max_absorption_value: float | Schedule = ...,
    min_target_rt60: float | Schedule = ...,
    max_target_rt60: float | Schedule = ...,
    min_source_x: float | Schedule = ...,
    max_source_x: float | Schedule = ...,
    min_source_y: float | Schedule = ...,
    max_source_y: float | Schedule = ...,
    min_source_z: float | Schedule = ...,
    max_source_z: float | Schedule = ...,
    min_mic_distance: float | Schedule = ...,
    max_mic_distance: float | Schedule = ...,
    min_mic_azimuth: float | Schedule = ...,
    max_mic_azimuth: float | Schedule = ...,
    min_mic_elevation: float | Schedule = ...,
    max_mic_elevation: float | Schedule = ...,
    calculation_mode: Literal['rt60', 'absorption'] = ...,
    use_ray_tracing: bool = ...,
    max_order: int | Schedule = ...,
    leave_length_unchanged: bool = ...,
    padding: float | Schedule = ...,
    ray_tracing_options: Mapping[str, Any] | None = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def rotate(
    *,
    limit: Sequence[float] | float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    crop_border: bool = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def safe_rotate(
    *,
    limit: Sequence[float] | float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def salt_and_pepper(
    *,
    amount: Sequence[float] | Schedule = ...,
    salt_vs_pepper: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def seven_band_parametric_eq(
    *,
    min_gain_db: float | Schedule = ...,
    max_gain_db: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def sharpen(
    *,
    alpha: Sequence[float] | Schedule = ...,
    lightness: Sequence[float] | Schedule = ...,
    method: Literal['kernel', 'gaussian'] = ...,
    kernel_size: int | Schedule = ...,
    sigma: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def shift(
    *,
    min_shift: float | int | Schedule = ...,
    max_shift: float | int | Schedule = ...,
    shift_unit: Literal['fraction', 'samples', 'seconds'] = ...,
    rollover: bool = ...,
    fade_duration: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def shift_scale_rotate(
    *,
    shift_limit: Sequence[float] | float | Schedule = ...,
    scale_limit: Sequence[float] | float | Schedule = ...,
    rotate_limit: Sequence[float] | float | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    shift_limit_x: Sequence[float] | float | None | Schedule = ...,
    shift_limit_y: Sequence[float] | float | None | Schedule = ...,
    rotate_method: Literal['largest_box', 'ellipse'] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def shot_noise(
    *,
    scale_range: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def smallest_max_size(
    *,
    max_size: int | Sequence[int] | None | Schedule = ...,
    max_size_hw: Sequence[int | None] | None | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    area_for_downscale: Literal[None, 'image', 'image_mask'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def solarize(
    *,
    threshold_range: Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def span_deletion(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def spatter(
    *,
    mean: Sequence[float] | float | Schedule = ...,
    std: Sequence[float] | float | Schedule = ...,
    gauss_sigma: Sequence[float] | float | Schedule = ...,
    cutout_threshold: Sequence[float] | float | Schedule = ...,
    intensity: Sequence[float] | float | Schedule = ...,
    mode: Literal['rain', 'mud'] = ...,
    color: Sequence[int] | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def spec_augment(
    *,
    freq_masks: int | Schedule = ...,
    freq_width: int | Schedule = ...,
    time_masks: int | Schedule = ...,
    time_fraction: float | Schedule = ...,
    fill: Literal['mean', 'min'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def spelling(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    include_reverse: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def split(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    min_char: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def square_symmetry(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def stereo(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def superpixels(
    *,
    p_replace: Sequence[float] | float | Schedule = ...,
    n_segments: Sequence[float] | float | Schedule = ...,
    max_size: int | None | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 'linear_exact', 'nearest_exact', 0, 6, 1, 2, 3, 4, 5] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def synonym(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    senses: int | Schedule = ...,
    table: str | None = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def tanh_distortion(
    *,
    min_distortion: float | Schedule = ...,
    max_distortion: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def thin_plate_spline(
    *,
    scale_range: Sequence[float] | Schedule = ...,
    num_control_points: int | Schedule = ...,
    interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    mask_interpolation: Literal['nearest', 'linear', 'cubic', 'area', 'lanczos4', 0, 1, 2, 3, 4] = ...,
    keypoint_remapping_method: Literal['direct', 'mask'] = ...,
    border_mode: Literal['constant', 'replicate', 'reflect', 'wrap', 'reflect_101', 0, 1, 2, 3, 4] = ...,
    fill: Sequence[float] | float | Schedule = ...,
    fill_mask: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def time_mask(
    *,
    min_band_part: float | Schedule = ...,
    max_band_part: float | Schedule = ...,
    fade_duration: float | Schedule = ...,
    mask_location: Literal['start', 'end', 'random'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def time_masking(
    *,
    time_mask_param: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def time_reverse(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def time_stretch(
    *,
    min_rate: float | Schedule = ...,
    max_rate: float | Schedule = ...,
    leave_length_unchanged: bool = ...,
    method: Literal['librosa_phase_vocoder', 'signalsmith_stretch'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def to_gray(
    *,
    num_output_channels: int | Schedule = ...,
    method: Literal['weighted_average', 'from_lab', 'desaturation', 'average', 'max', 'pca'] = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def to_rgb(
    *,
    num_output_channels: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def to_sepia(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def tokenize(
    *,
    file: str,
    max_length: int | None | Schedule = ...,
    add_special_tokens: bool = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def transpose(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def trim(
    *,
    top_db: float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def trivial_augment(
    *,
    num_magnitude_bins: int | Schedule = ...,
    fill: float | Sequence[float] | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def unsharp_mask(
    *,
    blur_limit: Sequence[int] | int | Schedule = ...,
    sigma_limit: Sequence[float] | float | Schedule = ...,
    alpha: Sequence[float] | float | Schedule = ...,
    threshold: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def vertical_flip(
    *,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def word_order(
    *,
    stopwords: Sequence[str] = ...,
    protected: Sequence[str] = ...,
    aug_p: float | Schedule = ...,
    aug_min: int | Schedule = ...,
    aug_max: int | None | Schedule = ...,
    window: int | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def xy_masking(
    *,
    num_masks_x: Sequence[int] | int | Schedule = ...,
    num_masks_y: Sequence[int] | int | Schedule = ...,
    mask_x_length: Sequence[int] | int | Schedule = ...,
    mask_y_length: Sequence[int] | int | Schedule = ...,
    fill: Sequence[float] | float | Literal['random', 'random_uniform', 'inpaint_telea', 'inpaint_ns'] | Schedule = ...,
    fill_mask: Sequence[float] | float | None | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def zoom_blur(
    *,
    max_factor: Sequence[float] | float | Schedule = ...,
    step_factor: Sequence[float] | float | Schedule = ...,
    p: float | Schedule = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def mixup(
    *,
    p: float = ...,
    per: Literal['sample', 'tile'] = ...,
    alpha: float = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def cutmix(
    *,
    p: float = ...,
    per: Literal['sample', 'tile'] = ...,
    alpha: float = ...,
    id: str = ...,
    when: Mapping[str, Any] = ...,
    weight: float = ...,
) -> Item: ...
def antonym_aug(**params: Any) -> Item: ...
def antonyms(**params: Any) -> Item: ...
def background_noise(**params: Any) -> Item: ...
def band_pass(**params: Any) -> Item: ...
def band_stop(**params: Any) -> Item: ...
def bandpass(**params: Any) -> Item: ...
def bandstop(**params: Any) -> Item: ...
def bitcrush(**params: Any) -> Item: ...
def brightness(**params: Any) -> Item: ...
def brightness_contrast(**params: Any) -> Item: ...
def case(**params: Any) -> Item: ...
def case_noise(**params: Any) -> Item: ...
def channel_drop(**params: Any) -> Item: ...
def char(**params: Any) -> Item: ...
def char_noise(**params: Any) -> Item: ...
def character_noise(**params: Any) -> Item: ...
def clipping(**params: Any) -> Item: ...
def color_noise(**params: Any) -> Item: ...
def colored_noise(**params: Any) -> Item: ...
def compression(**params: Any) -> Item: ...
def contrast(**params: Any) -> Item: ...
def cutout(**params: Any) -> Item: ...
def delete(**params: Any) -> Item: ...
def deletion(**params: Any) -> Item: ...
def distortion(**params: Any) -> Item: ...
def downmix(**params: Any) -> Item: ...
def easy_data_augmentation(**params: Any) -> Item: ...
def elastic(**params: Any) -> Item: ...
def eq(**params: Any) -> Item: ...
def equalizer(**params: Any) -> Item: ...
def fade(**params: Any) -> Item: ...
def fisheye(**params: Any) -> Item: ...
def fix_length(**params: Any) -> Item: ...
def fixed_duration(**params: Any) -> Item: ...
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
def gaussian_snr(**params: Any) -> Item: ...
def gray(**params: Any) -> Item: ...
def grayscale(**params: Any) -> Item: ...
def hflip(**params: Any) -> Item: ...
def high_pass(**params: Any) -> Item: ...
def high_shelf(**params: Any) -> Item: ...
def highpass(**params: Any) -> Item: ...
def histogram_equalization(**params: Any) -> Item: ...
def hsv(**params: Any) -> Item: ...
def hue(**params: Any) -> Item: ...
def hue_saturation(**params: Any) -> Item: ...
def identity(**params: Any) -> Item: ...
def impulse_response(**params: Any) -> Item: ...
def insert(**params: Any) -> Item: ...
def insertion(**params: Any) -> Item: ...
def invert(**params: Any) -> Item: ...
def invert_polarity(**params: Any) -> Item: ...
def jitter(**params: Any) -> Item: ...
def jpeg(**params: Any) -> Item: ...
def jpeg_compression(**params: Any) -> Item: ...
def keyboard_aug(**params: Any) -> Item: ...
def keyboard_noise(**params: Any) -> Item: ...
def log_mel_spectrogram(**params: Any) -> Item: ...
def logmel(**params: Any) -> Item: ...
def low_pass(**params: Any) -> Item: ...
def low_shelf(**params: Any) -> Item: ...
def lowpass(**params: Any) -> Item: ...
def mel_spectrogram(**params: Any) -> Item: ...
def mirror(**params: Any) -> Item: ...
def misspelling(**params: Any) -> Item: ...
def mp3(**params: Any) -> Item: ...
def noise(**params: Any) -> Item: ...
def noise_snr(**params: Any) -> Item: ...
def noop(**params: Any) -> Item: ...
def notch(**params: Any) -> Item: ...
def ocr_aug(**params: Any) -> Item: ...
def ocr_noise(**params: Any) -> Item: ...
def peak_normalization(**params: Any) -> Item: ...
def peaking(**params: Any) -> Item: ...
def pitch(**params: Any) -> Item: ...
def pixelate(**params: Any) -> Item: ...
def polarity(**params: Any) -> Item: ...
def punctuation(**params: Any) -> Item: ...
def rain(**params: Any) -> Item: ...
def randaugment(**params: Any) -> Item: ...
def random_affine(**params: Any) -> Item: ...
def random_autocontrast(**params: Any) -> Item: ...
def random_brightness(**params: Any) -> Item: ...
def random_channel_permutation(**params: Any) -> Item: ...
def random_char_aug(**params: Any) -> Item: ...
def random_contrast(**params: Any) -> Item: ...
def random_delete(**params: Any) -> Item: ...
def random_equalize(**params: Any) -> Item: ...
def random_erase(**params: Any) -> Item: ...
def random_erasing(**params: Any) -> Item: ...
def random_flip(**params: Any) -> Item: ...
def random_grayscale(**params: Any) -> Item: ...
def random_horizontal_flip(**params: Any) -> Item: ...
def random_insert(**params: Any) -> Item: ...
def random_invert(**params: Any) -> Item: ...
def random_posterize(**params: Any) -> Item: ...
def random_rotation(**params: Any) -> Item: ...
def random_solarize(**params: Any) -> Item: ...
def random_translation(**params: Any) -> Item: ...
def random_vertical_flip(**params: Any) -> Item: ...
def random_word_aug(**params: Any) -> Item: ...
def random_word_deletion(**params: Any) -> Item: ...
def random_word_insertion(**params: Any) -> Item: ...
def random_word_swap(**params: Any) -> Item: ...
def random_zoom(**params: Any) -> Item: ...
def resampling(**params: Any) -> Item: ...
def reserved_aug(**params: Any) -> Item: ...
def reverb(**params: Any) -> Item: ...
def rms_normalize(**params: Any) -> Item: ...
def roll(**params: Any) -> Item: ...
def room(**params: Any) -> Item: ...
def room_simulation(**params: Any) -> Item: ...
def rotate90(**params: Any) -> Item: ...
def rotation(**params: Any) -> Item: ...
def saturation(**params: Any) -> Item: ...
def scale(**params: Any) -> Item: ...
def sepia(**params: Any) -> Item: ...
def shadow(**params: Any) -> Item: ...
def sharpness(**params: Any) -> Item: ...
def short_noises(**params: Any) -> Item: ...
def shuffle(**params: Any) -> Item: ...
def snow(**params: Any) -> Item: ...
def spec_aug(**params: Any) -> Item: ...
def specaugment(**params: Any) -> Item: ...
def speckle_noise(**params: Any) -> Item: ...
def speed(**params: Any) -> Item: ...
def spelling_aug(**params: Any) -> Item: ...
def spelling_errors(**params: Any) -> Item: ...
def split_aug(**params: Any) -> Item: ...
def stretch(**params: Any) -> Item: ...
def swap(**params: Any) -> Item: ...
def synonym_aug(**params: Any) -> Item: ...
def synonym_replacement(**params: Any) -> Item: ...
def synonyms(**params: Any) -> Item: ...
def tempo(**params: Any) -> Item: ...
def time_shift(**params: Any) -> Item: ...
def to_mono(**params: Any) -> Item: ...
def to_stereo(**params: Any) -> Item: ...
def trim_silence(**params: Any) -> Item: ...
def trivial_augment_wide(**params: Any) -> Item: ...
def trivialaugment(**params: Any) -> Item: ...
def typo(**params: Any) -> Item: ...
def typos(**params: Any) -> Item: ...
def vflip(**params: Any) -> Item: ...
def volume(**params: Any) -> Item: ...
def white_noise(**params: Any) -> Item: ...
def word_delete(**params: Any) -> Item: ...
def word_deletion(**params: Any) -> Item: ...
def word_dropout(**params: Any) -> Item: ...
def word_insertion(**params: Any) -> Item: ...
def word_shuffle(**params: Any) -> Item: ...
def word_split(**params: Any) -> Item: ...
def word_swap(**params: Any) -> Item: ...
