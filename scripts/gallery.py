"""Makes the README's gallery: what the presets make of the same channels of MiniFace, one row a layer.

python scripts/gallery.py docs/gallery
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from core import images  # noqa: E402
from core.colours import contact_sheet  # noqa: E402
from core.features import PRESETS, tasks  # noqa: E402

CHANNELS, QUALITY = 6, 75


def main() -> None:
    """One sheet a preset."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for preset in PRESETS:
        layers = tasks.maximize_through_depth("MiniFace", range(CHANNELS), preset=preset)
        rows = np.concatenate([row.images for row in layers.values()])
        file = folder / f"{preset}.webp"
        file.write_bytes(images.encode(contact_sheet(rows, CHANNELS), "webp", QUALITY))
        print(f"{file.name}: {', '.join(layers)}, {file.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
