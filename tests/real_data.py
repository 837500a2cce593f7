"""Where real pictures and weights lie that tests may use; they are no part of the project."""

import os
from pathlib import Path

DATA = Path(os.environ.get("GLASSBOX_DATA", Path(__file__).parents[2] / "shared" / "data"))
