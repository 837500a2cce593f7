"""Makes `assets/images/icon.png`, the browser tab's icon: a plain portrait of person 6.

python scripts/make_icon.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from core import images  # noqa: E402
from core.faces import PORTRAIT, person, render  # noqa: E402

if __name__ == "__main__":
    portrait, _ = render(person(6), PORTRAIT, 128)
    (ROOT / "assets" / "images" / "icon.png").write_bytes(images.encode(images.resize(portrait, 64, 64), "png"))
