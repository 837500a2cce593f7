"""What a stranger reads about the repository agrees with it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_project_changelog_and_citation_name_the_same_release() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## \[(\d.*)\] - (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    citation = (ROOT / "CITATION.cff").read_text()
    assert newest is not None and newest[1] == version
    assert f"\nversion: {version}\n" in citation and f'\ndate-released: "{newest[2]}"\n' in citation


def test_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    names = set(re.findall(r"`((?:\w+/)+(?:\w+\.\w+)?|\w+\.toml)`", text))
    assert len(names) > 8
    missing = [name for name in names if not (ROOT / name).exists() and not (ROOT / "dashboard" / name).exists()]
    assert not missing
