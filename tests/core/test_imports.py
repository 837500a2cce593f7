"""What a page may import: import-linter's contracts (pyproject.toml) cannot tell its own room from another page's."""

from __future__ import annotations

import grimp
import pytest

from dashboard.navigation import PAGES, Page

ROOMS = {f"dashboard.{page.slug}" for page in PAGES}


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("dashboard", "pages", exclude_type_checking_imports=True, cache_dir=None)


@pytest.mark.parametrize("row", PAGES, ids=lambda row: row.slug)
def test_a_page_imports_no_room_but_its_own(row: Page, imports: grimp.ImportGraph) -> None:
    modules = imports.find_modules_directly_imported_by(f"pages.{row.chapter}.{row.slug}")
    rooms = {".".join(module.split(".")[:2]) for module in modules} & ROOMS
    assert rooms <= {f"dashboard.{row.slug}"}
