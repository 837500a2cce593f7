"""The embedding as a map that can be looked at: two or three dimensions of many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from core.neighbours.collection import Settings, Split
from core.neighbours.heads import knn, linear
from core.progress import Report

WAYS = ("pca", "tsne", "umap")
ITERATIONS, PERPLEXITY = 250, 30
"""t-SNE goes on in parts of so many iterations, which is scikit-learn's least; about so many neighbours count."""
PARTS = 4
UMAP_NEIGHBOURS, UMAP_EPOCHS = 15, 300
MOST = 2_000
"""Pictures that t-SNE and UMAP are asked to lay out."""
CELLS = 90
"""Cells a side of the map of decision regions."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Whom each head names everywhere on a map: `x` `(CELLS,)`, `y` `(CELLS,)`, labels `(CELLS, CELLS)` a head, and the
    share of the queries that it names right there.
    """

    x: np.ndarray
    y: np.ndarray
    labels: dict[str, np.ndarray]
    accuracy: dict[str, float]


def lay_out(vectors: np.ndarray, way: str, dimensions: int, seed: int = 0, report: Report | None = None) -> np.ndarray:
    """Vectors `(n, d)` as places `(n, dimensions)` float32.

    "pca" keeps the directions in which they differ most. "tsne" (van der Maaten and Hinton 2008,
    https://jmlr.org/papers/v9/vandermaaten08a.html) and "umap" (McInnes 2018, https://arxiv.org/abs/1802.03426) keep
    neighbours together: distances between far groups, and their sizes, mean nothing.
    """
    ways: dict[str, Callable[..., np.ndarray]] = {"pca": _pca, "tsne": _tsne, "umap": _umap}
    return ways[way](vectors, dimensions, seed, report or (lambda *told: None)).astype(np.float32)


def _pca(vectors: np.ndarray, dimensions: int, seed: int, report: Report) -> np.ndarray:
    places: np.ndarray = PCA(dimensions, random_state=seed).fit_transform(vectors)
    return places


def _tsne(vectors: np.ndarray, dimensions: int, seed: int, report: Report) -> np.ndarray:
    from sklearn.manifold import TSNE

    places = _pca(vectors, dimensions, seed, report)
    places = places / places[:, 0].std() * 1e-4  # as scikit-learn starts
    for part in range(PARTS):  # its loop cannot be watched: it goes on from where the part before stopped
        report(part * ITERATIONS, PARTS * ITERATIONS)
        places = TSNE(
            dimensions,
            perplexity=min(PERPLEXITY, (len(vectors) - 1) / 3),
            max_iter=ITERATIONS,
            early_exaggeration=1.0 if part else 12.0,
            init=places,
            random_state=seed,
        ).fit_transform(vectors)
    return places


def _umap(vectors: np.ndarray, dimensions: int, seed: int, report: Report) -> np.ndarray:
    from umap import UMAP  # compiles itself for seconds when it is imported

    class Told:
        """What UMAP's progress bar writes to: its report, and the place where a Cancel stops it."""

        def write(self, text: str) -> None:
            done = text.strip().partition("/")[0]
            if done.isdigit():
                report(int(done), UMAP_EPOCHS)

        def flush(self) -> None:
            """Nothing is held back."""

    report(0, UMAP_EPOCHS)
    bar = {"file": Told(), "bar_format": "{n_fmt}/{total_fmt}", "disable": False}
    found: np.ndarray = UMAP(
        n_components=dimensions,
        n_neighbors=min(UMAP_NEIGHBOURS, len(vectors) - 1),
        n_epochs=UMAP_EPOCHS,
        random_state=seed,
        n_jobs=1,
        tqdm_kwds=bar,
    ).fit_transform(vectors)
    return found


def regions(places: np.ndarray, labels: np.ndarray, split: Split, settings: Settings) -> Regions:
    """Both heads trained on the map itself, two numbers a picture, and asked everywhere on it.

    `places` `(n, 2)`, `labels` `(n,)`. What they do in the embedding cannot be drawn; on the map they see less, and
    that cosine is of no use there, so distances are Euclidean unless Manhattan is asked for.
    """
    metric = "manhattan" if settings.metric == "manhattan" else "euclidean"
    drawn = Settings(k=settings.k, metric=metric, weights=settings.weights)
    scale = StandardScaler().fit(places)  # NaN, which is what is left out, does not count
    scaled = scale.transform(places)
    low, high = np.nanmin(scaled, axis=0), np.nanmax(scaled, axis=0)
    margin = 0.04 * (high - low)
    x, y = (np.linspace(low[axis] - margin[axis], high[axis] + margin[axis], CELLS) for axis in (0, 1))
    everywhere = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    asked = split.queries[split.known]
    said, accuracy = {}, {}
    for name, head in {"knn": knn(drawn, len(split.gallery)), "linear": linear()}.items():
        head.fit(scaled[split.gallery], split.labels)
        said[name] = head.predict(everywhere).reshape(CELLS, CELLS)
        accuracy[name] = float((head.predict(scaled[asked]) == labels[asked]).mean())
    return Regions(x * scale.scale_[0] + scale.mean_[0], y * scale.scale_[1] + scale.mean_[1], said, accuracy)
