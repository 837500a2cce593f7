"""What import-linter's contracts (pyproject.toml) cannot tell: a page's own room from another's, and what an answer
brings along when it arrives in the server."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

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


CORE = Path(__file__).resolve().parents[2] / "core"
MODULES = {
    ".".join(file.relative_to(CORE.parent).with_suffix("").parts).removesuffix(".__init__"): file
    for file in CORE.rglob("*.py")
}


def imported(body: list[ast.stmt]) -> dict[str, str]:
    """Name -> module, of everything that some statements import."""
    names = {}
    for node in body:
        if isinstance(node, ast.Import):
            names |= {alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names[alias.asname or alias.name] = whole if whole in MODULES else node.module
    return names


def brings(module: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The modules that come with one when it is imported."""
    yield module
    if module in MODULES and module not in seen:
        body = ast.parse(MODULES[module].read_text(encoding="utf-8")).body
        for other in set(imported(body).values()):
            yield from brings(other, seen | {module})


@pytest.mark.parametrize("module", [name for name in MODULES if name.endswith(".tasks")])
def test_what_a_task_returns_brings_no_keras_into_the_server(module: str) -> None:
    """An answer is built of its classes where it arrives: their modules are imported there."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    typing_only = next((node.body for node in tree.body if isinstance(node, ast.If)), [])
    returned = {
        name.id
        for node in tree.body
        for part in ([node.returns] if isinstance(node, ast.FunctionDef) else [node])
        if part and isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        for name in ast.walk(part)
        if isinstance(name, ast.Name)
    }
    for name, source in imported(typing_only).items():
        if name in returned:
            heavy = {other.partition(".")[0] for other in brings(source)} & {"keras", "tensorflow"}
            assert not heavy, f"{name} of {source}"
