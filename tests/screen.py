"""What tests of pages read off the screen, and what they put there."""

from __future__ import annotations

from types import ModuleType

from streamlit.testing.v1 import AppTest


def pictures_of(app: AppTest) -> list[str]:
    """What the pictures of a page are said to be."""
    return [picture.alt for element in app.image for picture in element.proto.imgs]


def upload(app: AppTest, name: str, data: bytes) -> AppTest:
    """Put a file into the sidebar's uploader."""
    app.file_uploader(key="upload_file").set_value((name, data, "image/png"))
    return app.run()


def of_module(kept: dict[str, bool], module: ModuleType) -> dict[str, bool]:
    """Of the fixture `kept_for_session`, the tasks of a module by their own names."""
    prefix = f"{module.__name__}."
    return {task.removeprefix(prefix): private for task, private in kept.items() if task.startswith(prefix)}
