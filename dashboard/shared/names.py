"""What classes and people are called on screen."""

from __future__ import annotations

from core import faces
from core.networks import table
from core.networks.entry import Entry
from dashboard.shared.text import t


def person_name(number: int) -> str:
    """What a rendered person is called, and whether the network never met them."""
    name = t("picture.person_name", number=f"{number:02d}")
    return f"{name} ({t('picture.never_met')})" if number >= faces.NEW_PEOPLE else name


def class_names(entry: Entry) -> tuple[str, ...]:
    """The names of a network's classes; rendered people are called as the language does."""
    if not table.knows_people(entry):
        return entry.labels
    people = range(entry.classes)
    return tuple(t("picture.class_name", number=f"{n:02d}", group=faces.group_of(n)) for n in people)
