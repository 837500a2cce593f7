"""Embed captures of the people that MiniFace knows and of a thousand others, for the page "kNN or network?".

python scripts/embed_people.py      # writes assets/embeddings/miniface.npz; again after every training
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parents[1]))

from core import faces
from core.neighbours import album, stored
from core.networks.loading import load
from core.networks.table import MINIFACE

PART = 512


def photograph(shot: tuple[int, int]) -> np.ndarray:
    """A capture, `(s, s, 3)` float32."""
    person, capture = shot
    return faces.shot(person, album.SEED, capture, MINIFACE.input_size)[0]


def main() -> None:
    """Render, embed, write."""
    from core.neighbours.embedding import embed

    new = [(faces.NEW_PEOPLE + n, album.EACH if n < stored.MANY else stored.CROWD_EACH) for n in range(stored.CROWD)]
    people = [*((person, album.EACH) for person in range(faces.PEOPLE)), *new]
    shots = [(person, capture) for person, count in people for capture in range(count)]
    network, vectors = load(MINIFACE), []
    with ProcessPoolExecutor() as pool:
        for start in range(0, len(shots), PART):
            taken = list(pool.map(photograph, shots[start : start + PART], chunksize=16))
            vectors.append(embed(network, np.stack(taken)).astype(np.float16))
            print(f"{start + len(taken)} of {len(shots)}", flush=True)
    stored.FILE.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        stored.FILE,
        shots=np.array(shots, np.uint16),
        vectors=np.concatenate(vectors),
        weights=np.array(MINIFACE.weights.digest),
    )
    print(f"{stored.FILE}: {stored.FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
