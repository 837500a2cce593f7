"""The tests that an explanation can fail, by their names in a link."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.evaluation.deletion import deletion_test
from dashboard.evaluation.leaderboard import leaderboards
from dashboard.evaluation.localization import localization_test
from dashboard.evaluation.randomization import randomization_test
from dashboard.evaluation.stability import stability_test
from dashboard.shared.frame import Frame

TESTS: dict[str, Callable[[Frame], None]] = {
    "deletion": deletion_test,
    "randomization": randomization_test,
    "localization": localization_test,
    "stability": stability_test,
    "leaderboard": leaderboards,
}
OLD_LINKS = {
    "delete": "deletion",
    "forget": "randomization",
    "land": "localization",
    "repeat": "stability",
    "rank": "leaderboard",
}
"""Names in links that were shared before; they open the same test."""
