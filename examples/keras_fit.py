"""`keras.Model.fit` on augmented, mixed batches; run again with more epochs, it goes on.

python examples/keras_fit.py FOLDER_FOR_CHECKPOINTS [EPOCHS]
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

import augflow
from augflow import ops
from augflow.train import KerasDataset

os.environ["KERAS_BACKEND"] = "torch"
import keras


def build() -> keras.Model:
    layers = keras.layers
    model = keras.Sequential([layers.Input((16, 16, 1))])
    for width in (16, 32, 32):
        model.add(layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    for layer in (layers.GlobalAveragePooling2D(), layers.Dropout(0.1), layers.Dense(10, "softmax")):
        model.add(layer)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.05)  # takes the soft targets as they are
    model.compile(keras.optimizers.AdamW(3e-3, weight_decay=0.01), loss, metrics=["categorical_accuracy"])
    return model


def main(folder: Path, epochs: int) -> None:
    digits = load_digits()
    images = (digits.images * 15.9375).astype(np.uint8).repeat(2, 1).repeat(2, 2)[..., None]
    pipeline = augflow.Pipeline(
        modality="image",
        augment=[ops.rotate(limit=10, p=0.5)],
        batch={"size": 64, "mix": ops.mixup(alpha=0.2, p=0.5)},
    )
    stream = pipeline.stream((images[:1200], digits.target[:1200]))
    val = pipeline.stream((images[1200:], digits.target[1200:]), train=False, classes=stream.classes)
    saved, position = folder / "model.keras", folder / "position.json"
    if position.exists():
        stream.load_state_dict(json.loads(position.read_text()))
    model = keras.saving.load_model(saved) if saved.exists() else build()

    def save(epoch: int, logs: dict[str, float]) -> None:
        model.save(saved)
        position.write_text(json.dumps(stream.state_dict()))
        print(f"epoch {epoch}: " + ", ".join(f"{name} {value:.3f}" for name, value in logs.items()))

    batches, checks = (
        DataLoader(KerasDataset(part, keras.config.image_data_format()), batch_size=None)
        for part in (stream, val)
    )
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=save)]
    first = stream.state_dict()["epoch"]
    options = {"initial_epoch": first, "shuffle": False, "verbose": 0}  # the stream is shuffled already
    model.fit(batches, epochs=epochs, validation_data=checks, callbacks=callbacks, **options)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5)
