"""Two groups of people side by side: where does a network look in each, and for whom does it err?

A person is what is drawn, not a picture: pictures of one person are alike, so that intervals and tests which counted
them one by one would be far too sure. Everything here resamples people. Importing this package imports no Keras.
"""

from core.populations.alignment import aligned
from core.populations.energy import energies
from core.populations.statistics import Difference, difference
from core.populations.verification import Verification, error_rates, verify

__all__ = [
    "Difference",
    "Verification",
    "aligned",
    "difference",
    "energies",
    "error_rates",
    "verify",
]
