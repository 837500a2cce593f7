"""Two groups of people side by side: where does a network look in each, and for whom does it err?

The unit of statistics is the person, not the image: images of one person are alike, and intervals and tests that
counted them one by one would be far too sure. Everything here resamples people.

Importing this package imports no Keras.
"""

from core.populations.alignment import align
from core.populations.energy import energies
from core.populations.statistics import Difference, difference
from core.populations.verification import Verification, error_rates, verify

__all__ = [
    "Difference",
    "Verification",
    "align",
    "difference",
    "energies",
    "error_rates",
    "verify",
]
