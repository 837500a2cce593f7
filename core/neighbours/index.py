"""Finding the nearest among many: every one compared, a tree, or a graph that is searched approximately."""

from __future__ import annotations

from collections.abc import Callable

import faiss
import numpy as np
from sklearn.neighbors import BallTree, NearestNeighbors

LINKS = 32
"""Links of an embedding in the graph."""
Search = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Queries `(q, d)` -> Euclidean distances and rows `(q, k)` of the nearest, the nearest first."""


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors `(n, d)` of length 1, one of zeros left as it is: their Euclidean distances rank as the cosine's."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


def brute_force(vectors: np.ndarray, k: int) -> tuple[Search, int]:
    """Compare with all of `vectors` `(n, d)`; the search, and the bytes that it needs."""
    everything = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(vectors)
    return everything.kneighbors, vectors.nbytes


def ball_tree(vectors: np.ndarray, k: int) -> tuple[Search, int]:
    """Nested balls, most of which need not be opened; exact. In many dimensions few can be left closed.

    Omohundro 1989, Five balltree construction algorithms, https://www1.icsi.berkeley.edu/ftp/pub/techreports/1989/tr-89-063.pdf
    """
    tree = BallTree(vectors)
    nodes = sum(np.asarray(part).nbytes for part in tree.get_arrays())
    return lambda queries: tree.query(queries, k), nodes


def hnsw(vectors: np.ndarray, k: int) -> tuple[Search, int]:
    """A graph of neighbours in layers, followed downhill; approximate (faiss).

    Malkov and Yashunin 2016, Efficient and robust approximate nearest neighbor search using hierarchical navigable
    small world graphs, https://arxiv.org/abs/1603.09320
    """
    graph = faiss.IndexHNSWFlat(vectors.shape[1], LINKS)
    graph.add(np.ascontiguousarray(vectors, np.float32))

    def search(queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        squares, rows = graph.search(np.ascontiguousarray(queries, np.float32), k)
        return np.sqrt(np.maximum(squares, 0)), rows

    return search, faiss.serialize_index(graph).nbytes


INDEXES: dict[str, Callable[[np.ndarray, int], tuple[Search, int]]] = {
    "brute": brute_force,
    "ball_tree": ball_tree,
    "hnsw": hnsw,
}
