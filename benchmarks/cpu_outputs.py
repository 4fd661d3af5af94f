"""What every op and decoder makes in this process: `python -m benchmarks.cpu_outputs INPUTS RESULTS`.

The parameters are those of the tests' contract of each op. Encoded files are made once, by
`write_inputs`, so that only decoders are told apart.
"""

from __future__ import annotations

import io
import pickle
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import augflow
from augflow.sample import Audio
from tests.unit.transforms import audio_cases, test_contract, test_contract_text_audio
from tests.unit.transforms import conftest as image_cases

KEYS = "abc"
SIZE = (181, 243)
"""Odd, so that vector loops have rests."""

JPEG_KINDS: dict[str, dict[str, Any]] = {
    "4:2:0": {"subsampling": "4:2:0"},
    "4:2:2": {"subsampling": "4:2:2"},
    "4:4:4": {"subsampling": "4:4:4"},
    "progressive": {"progressive": True},
}
MIXES = {
    "mixup": {"mixup": {"alpha": 1.0}},
    "cutmix": {"cutmix": {"alpha": 1.0}},
}
ROWS = 16

Output = tuple[str, str, Any]
"""Group, name, and an array or a text."""


def write_inputs(folder: Path) -> None:
    """Encoded images and sounds, and the noises and the vocabulary that ops read."""
    from PIL import Image

    test_contract_text_audio.write_files(folder)
    pixels = image_cases.picture(*SIZE)
    image = Image.fromarray(pixels)
    for kind, options in JPEG_KINDS.items():
        image.save(folder / f"{kind}.jpg", quality=90, **options)
    image.convert("L").save(folder / "gray.jpg")
    for suffix in ("png", "webp", "tiff", "bmp", "gif"):
        image.save(folder / f"image.{suffix}")
    _write_sounds(folder)


def _write_sounds(folder: Path) -> None:
    import soundfile

    samples = audio_cases.sound(2, rate=16000).samples.T
    for suffix, kind in (("wav", "FLOAT"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III")):
        soundfile.write(folder / f"sound.{suffix}", samples, 16000, subtype=kind)
    soundfile.write(folder / "opus.ogg", samples, 16000, subtype="OPUS")


def outputs(folder: Path) -> Iterator[Output]:
    """Everything that is compared."""
    yield from _images()
    yield from _texts_and_sounds(folder)
    yield from _decoded(folder)
    yield from _mixed()


def _images() -> Iterator[Output]:
    for name, params in test_contract.CASES:
        transform, _ = image_cases.built(test_contract.OPS[name], params)
        for channels, dtype in test_contract.formats(name, params):
            image = image_cases.picture(*SIZE, channels, dtype)
            for key in KEYS:
                yield f"image, {dtype}", name, image_cases.run(transform, image, key)


def _texts_and_sounds(folder: Path) -> Iterator[Output]:
    for modality, name in test_contract_text_audio.NAMES:
        if modality == "text":
            field = test_contract_text_audio.compiled(modality, name, folder)
            for key in KEYS:
                value = test_contract_text_audio.run(field, key)
                yield (
                    "text",
                    name,
                    value if isinstance(value, str) else test_contract_text_audio.array_of(value),
                )
    for name, params in audio_cases.CASES:
        transform, _ = audio_cases.built(name, audio_cases.with_noises(params, folder))
        for key in KEYS:
            value = audio_cases.run(transform, audio_cases.given(name), key)
            yield "audio", name, value.samples if isinstance(value, Audio) else value


def _decoded(folder: Path) -> Iterator[Output]:
    from augflow.sources.decode import decode_image
    from augflow.sources.sounds import decode_audio

    for file in sorted(folder.iterdir()):
        if file.suffix in (".jpg", ".png", ".webp", ".tiff", ".bmp", ".gif"):
            yield "image file", file.name, decode_image(file.read_bytes(), file.name)
        elif file.stem in ("sound", "opus"):
            yield "sound file", file.name, decode_audio(file.read_bytes(), file.name).samples


def _mixed() -> Iterator[Output]:
    images = np.stack([np.roll(image_cases.picture(*SIZE), 7 * n, axis=n % 2) for n in range(ROWS)])
    sounds = [(np.roll(audio_cases.sound().samples, 99 * n), audio_cases.RATE) for n in range(ROWS)]
    for name, mix in MIXES.items():
        for modality, source in (("image", (images, np.arange(ROWS) % 2)), ("audio", sounds)):
            if (name, modality) == ("cutmix", "audio"):
                continue
            for dtype in ("uint8", "float32") if modality == "image" else ("float32",):
                spec = {"modality": modality, "batch": {"size": ROWS, "mix": mix}, "output": {"dtype": dtype}}
                if modality == "audio":
                    del spec["output"]
                batch = next(iter(augflow.load(spec).stream(source)))
                yield f"mixed {modality}, {dtype}", name, batch[modality]
                yield f"mixed {modality}, {dtype}", f"{name}: target", batch["target"]


def main() -> None:
    """Write all outputs of this process to a file."""
    warnings.simplefilter("ignore")
    folder, results = map(Path, sys.argv[1:])
    found = io.BytesIO()
    pickle.dump(list(outputs(folder)), found)
    results.write_bytes(found.getvalue())


if __name__ == "__main__":
    main()
