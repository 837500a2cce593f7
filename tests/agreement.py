"""How far a method agrees with a second implementation; `pytest -rP tests/core | grep ^agreement` prints the table."""

import numpy as np


def agree(method: str, other: str, ours: np.ndarray, theirs: np.ndarray, tolerance: float = 1e-4) -> None:
    """Assert that no two values are further apart than `tolerance` times the largest of theirs; print how far."""
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert ours.shape == theirs.shape
    largest = np.abs(theirs).max()
    assert largest > 0
    difference = np.abs(ours - theirs).max() / largest
    print(f"agreement | {method} | {other} | {difference:.0e}")
    assert difference <= tolerance
