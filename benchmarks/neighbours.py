"""kNN, a linear head and a perceptron on several embeddings, on people that none of them was trained on.

    python -m benchmarks.neighbours [FOLDER] [NETWORK.keras]

20 rendered people, 5 of their pictures enrolled and 10 others asked about, over ten draws. FOLDER holds one folder of
pictures a person, such as the ORL faces: of real people, as many are enrolled and the others asked about. NETWORK.keras
is a face network that takes colours from 0 to 255, such as one that learned from real people.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from core import images
from core.images import crop, face_box
from core.intervals import mean_interval
from core.neighbours import NETWORK, album, tasks
from core.neighbours.album import Album
from core.neighbours.collection import Settings
from core.neighbours.constraints import LEARNERS, accuracies
from core.networks.table import MINIFACE, UNTRAINED
from core.networks.tasks import inspect

SEEDS = 10
HEADS = ("knn_1", *LEARNERS)
EMBEDDINGS = ((MINIFACE, NETWORK), (UNTRAINED, NETWORK), (MINIFACE, "pca"), (MINIFACE, "pixels"))


def photos(folder: Path) -> Album:
    """The images of a folder of folders, framed as a face network wants them."""
    files = sorted(file for file in folder.glob("*/*") if file.suffix.lower() in (".pgm", ".png", ".jpg", ".jpeg"))
    pixels = [cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB) for file in files]
    squares = [crop(image, face_box(image)) for image in map(images.from_uint8, pixels)]
    return album.named("own", squares, [file.parent.name for file in files])


def main(folder: str | None = None, network: str | None = None) -> None:
    """Measure and print."""
    guests = [(inspect(network).entry(network, Path(network).stem, "bytes", "face"), NETWORK)] if network else []
    albums = {"new rendered people": album.new_people(20)}
    if folder:
        albums[f"people of {Path(folder).name}"] = photos(Path(folder))
    for name, people in albums.items():
        print(f"{name}: {len(people.names)}, 5 pictures each, k = 3, {SEEDS} draws, top-1 in percent (95 % interval)")
        for entry, embedding in (*EMBEDDINGS, *guests):
            collection = tasks.embed_album(entry, embedding, people)
            draws = []
            for seed in range(SEEDS):
                settings = Settings(k=3, people=len(people.names), samples=5, seed=seed)
                measurements = accuracies(collection, settings, LEARNERS)
                draws.append([measurements["accuracy", head] for head in HEADS])
            mean, low, high = (100 * values for values in mean_interval(np.array(draws)))
            rates = "  ".join(f"{head} {mean[n]:.1f} ({low[n]:.1f} to {high[n]:.1f})" for n, head in enumerate(HEADS))
            print(f"  {collection.embedding:20} {rates}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
