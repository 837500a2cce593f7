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

ITERATIONS, PERPLEXITY = 250, 30
"""t-SNE goes on in parts of so many iterations, which is scikit-learn's least; about so many neighbours count."""
PARTS = 4
UMAP_NEIGHBOURS, UMAP_EPOCHS = 15, 300
MOST = 2_000
"""Images that t-SNE and UMAP project at most."""
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


def project(
    vectors: np.ndarray, method: str, dimensions: int, seed: int = 0, report: Report | None = None
) -> np.ndarray:
    """Vectors `(n, d)` projected to `(n, dimensions)` float32 by a method of `PROJECTIONS`.

    "pca" keeps the directions in which they differ most. "tsne" (van der Maaten and Hinton 2008,
    https://jmlr.org/papers/v9/vandermaaten08a.html) and "umap" (McInnes 2018, https://arxiv.org/abs/1802.03426) keep
    neighbours together: distances between far groups, and their sizes, mean nothing.
    """
    methods: dict[str, Callable[..., np.ndarray]] = {"pca": _pca, "tsne": _tsne, "umap": _umap}
    return methods[method](vectors, dimensions, seed, report or (lambda *progress: None)).astype(np.float32)


def _pca(vectors: np.ndarray, dimensions: int, seed: int, report: Report) -> np.ndarray:
    points: np.ndarray = PCA(dimensions, random_state=seed).fit_transform(vectors)
    return points


def _tsne(vectors: np.ndarray, dimensions: int, seed: int, report: Report) -> np.ndarray:
    from sklearn.manifold import TSNE

    points = _pca(vectors, dimensions, seed, report)
    points = points / points[:, 0].std() * 1e-4  # as scikit-learn starts
    for part in range(PARTS):  # its loop cannot be watched: it goes on from where the part before stopped
        report(part * ITERATIONS, PARTS * ITERATIONS)
        points = TSNE(
            dimensions,
            perplexity=min(PERPLEXITY, (len(vectors) - 1) / 3),
            max_iter=ITERATIONS,
            early_exaggeration=1.0 if part else 12.0,
            init=points,
            random_state=seed,
        ).fit_transform(vectors)
    return points


def _umap(vectors: np.ndarray, dimensions: int, seed: int, report: Report) -> np.ndarray:
    from umap import UMAP  # compiles itself for seconds when it is imported

    class Bar:
        """What UMAP's progress bar writes to: its report, and the place where a Cancel stops it."""

        def write(self, text: str) -> None:
            epoch = text.strip().partition("/")[0]
            if epoch.isdigit():
                report(int(epoch), UMAP_EPOCHS)

        def flush(self) -> None:
            """Nothing is held back."""

    report(0, UMAP_EPOCHS)
    bar = {"file": Bar(), "bar_format": "{n_fmt}/{total_fmt}", "disable": False}
    points: np.ndarray = UMAP(
        n_components=dimensions,
        n_neighbors=min(UMAP_NEIGHBOURS, len(vectors) - 1),
        n_epochs=UMAP_EPOCHS,
        random_state=seed,
        n_jobs=1,
        tqdm_kwds=bar,
    ).fit_transform(vectors)
    return points


def regions(points: np.ndarray, labels: np.ndarray, split: Split, settings: Settings) -> Regions:
    """Both heads trained on the map itself, two numbers an image, and asked everywhere on it.

    `points` `(n, 2)`, `labels` `(n,)`. What they do in the embedding cannot be drawn; on the map they see less, and
    there cosine is of no use, so distances are Euclidean unless Manhattan is asked for.
    """
    metric = "manhattan" if settings.metric == "manhattan" else "euclidean"
    planar = Settings(k=settings.k, metric=metric, weights=settings.weights)
    scaler = StandardScaler().fit(points)  # NaN, which is what is left out, does not count
    scaled = scaler.transform(points)
    low, high = np.nanmin(scaled, axis=0), np.nanmax(scaled, axis=0)
    margin = 0.04 * (high - low)
    x, y = (np.linspace(low[axis] - margin[axis], high[axis] + margin[axis], CELLS) for axis in (0, 1))
    everywhere = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    queries = split.queries[split.known]
    predicted, accuracy = {}, {}
    for name, head in {"knn": knn(planar, len(split.gallery)), "linear": linear()}.items():
        head.fit(scaled[split.gallery], split.labels)
        predicted[name] = head.predict(everywhere).reshape(CELLS, CELLS)
        accuracy[name] = float((head.predict(scaled[queries]) == labels[queries]).mean())
    return Regions(x * scaler.scale_[0] + scaler.mean_[0], y * scaler.scale_[1] + scaler.mean_[1], predicted, accuracy)
