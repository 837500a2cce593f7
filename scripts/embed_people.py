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


def render(person_and_capture: tuple[int, int]) -> np.ndarray:
    """A capture of a person, `(s, s, 3)` float32."""
    person, capture = person_and_capture
    return faces.render_capture(person, album.SEED, capture, MINIFACE.input_size)[0]


def main() -> None:
    """Render, embed, write."""
    from core.neighbours.embedding import embed

    known = album.known_people(faces.PEOPLE)
    # the first of the new people as often as the known ones, so that a small album is as large
    new, more = album.new_people(album.MANY), album.new_people(album.CROWD)
    captures = np.concatenate([known.captures, new.captures, more.captures[album.MANY * album.CROWD_EACH :]])
    network, vectors = load(MINIFACE), []
    with ProcessPoolExecutor() as pool:
        for start in range(0, len(captures), PART):
            images = list(pool.map(render, captures[start : start + PART].tolist(), chunksize=16))
            vectors.append(embed(network, np.stack(images)).astype(np.float16))
            print(f"{start + len(images)} of {len(captures)}", flush=True)
    stored.FILE.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        stored.FILE,
        shots=captures.astype(np.uint16),
        vectors=np.concatenate(vectors),
        weights=np.array(MINIFACE.weights.digest),
    )
    print(f"{stored.FILE}: {stored.FILE.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
