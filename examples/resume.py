"""Stop in mid-epoch, keep under a thousand bytes, go on elsewhere: the same batches.

python examples/resume.py
"""

from __future__ import annotations

import json

import numpy as np

import augflow
from augflow import ops


def main() -> None:
    pixels = np.arange(100 * 16 * 16 * 3, dtype=np.uint32).reshape(100, 16, 16, 3)
    data = ((pixels % 251).astype(np.uint8), np.arange(100) % 4)
    pipeline = augflow.Pipeline(
        modality="image",
        augment=[ops.horizontal_flip(p=0.5), ops.rotate(limit=20, p=1.0)],
        batch={"size": 16, "mix": ops.mixup(alpha=0.2)},
    )
    whole = [batch["image"] for batch in pipeline.stream(data)]

    first = pipeline.stream(data)
    for step, _ in enumerate(first):
        if step == 2:
            break
    saved = json.dumps(first.state_dict())

    second = pipeline.stream(data)
    second.load_state_dict(json.loads(saved))
    rest = [batch["image"] for batch in second]
    same = all(np.array_equal(a, b) for a, b in zip(whole[3:], rest, strict=True))
    print(f"{len(saved)} bytes of state, {len(rest)} batches left, the same: {same}")


if __name__ == "__main__":
    main()
