"""Figures by which a student can judge whether a network is well trained. None of them is a verdict."""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


def smoothness(kernels: np.ndarray) -> np.ndarray:
    """How alike neighbouring weights of every kernel are, `(k,)`: 1 constant, 0 noise, negative alternating.

    `kernels` is `(kh, kw, c, k)`. The correlation of each weight with its neighbour to the right and below, as
    Moran's I (Moran 1950, https://doi.org/10.2307/2332142) but around zero, the value of no response. A kernel of zeros
    counts 0.
    """
    right = (kernels[:, 1:] * kernels[:, :-1]).sum(axis=(0, 1, 2))
    below = (kernels[1:] * kernels[:-1]).sum(axis=(0, 1, 2))
    rows, columns = kernels.shape[:2]
    pairs = rows * (columns - 1) + columns * (rows - 1)
    energy = (kernels**2).sum(axis=(0, 1, 2))
    return (right + below) / pairs / np.maximum(energy / (rows * columns), np.finfo(np.float32).tiny)


def spectral_entropy(images: np.ndarray) -> np.ndarray:
    """How widely the energy of every image `(n, h, w, 3)` is spread over its spatial frequencies, `(n,)` in [0, 1].

    Shannon's entropy of the power spectrum without the mean, over its largest possible value: 0 a single wave, near 1
    white noise. An image of one colour counts 0.
    """
    power = (np.abs(np.fft.fft2(images, axes=(1, 2))) ** 2).sum(axis=3).reshape(len(images), -1)[:, 1:]
    total = power.sum(axis=1, keepdims=True)
    shares = power / np.maximum(total, np.finfo(np.float32).tiny)
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.where(total[:, 0] > 1e-12, -(shares * logs).sum(axis=1) / np.log(power.shape[1]), 0.0)


def order_by_similarity(cosines: np.ndarray) -> np.ndarray:
    """The order of `k` channels, `(k,)`, in which similar ones are neighbours, from their `cosines` `(k, k)`.

    The leaves of a tree of clusters (average linkage of 1 - cosine), turned so that neighbours are as alike as can be:
    Bar-Joseph et al. 2001, Fast optimal leaf ordering for hierarchical clustering,
    https://doi.org/10.1093/bioinformatics/17.suppl_1.S22.
    """
    if len(cosines) < 3:
        return np.arange(len(cosines))
    distances = np.clip(1 - cosines, 0, 2)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform((distances + distances.T) / 2, checks=False), "average", optimal_ordering=True)
    return np.asarray(leaves_list(tree))


def selectivity(responses: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Share of each channel's variance that is explained by who is on the image, `(k,)` in [0, 1].

    `responses` `(n, k)` to images of `people` `(n,)`: the correlation ratio eta squared, variance between people over
    all variance (Fisher 1925, Statistical methods for research workers,
    https://psychclassics.yorku.ca/Fisher/Methods). A silent channel counts 0. With few images of each
    person, some of it is chance: compare with a network that learned nothing.
    """
    centred = responses - responses.mean(axis=0)
    between = np.zeros(responses.shape[1])
    for person in np.unique(people):
        rows = centred[people == person]
        between += len(rows) * rows.mean(axis=0) ** 2
    total = (centred**2).sum(axis=0)
    return np.divide(between, total, out=np.zeros_like(between), where=total > 1e-12)
