"""Errors that say in one sentence what arrived, what was expected, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar


class ReasonedError(ValueError):
    """`str()` is one English sentence out of the class's `reasons`; `reason` and `details` translate it.

    Every domain has its own, in a module that needs no Keras: errors travel from the worker to the server.
    """

    reasons: ClassVar[dict[str, str]]
    """Reason -> what arrived, what was expected, what to do; a reason has one class."""

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(self.reasons[reason].format(**details))
        self.reason = reason
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes: an exception is otherwise rebuilt from its message alone."""
        return partial(type(self), self.reason, **self.details), ()


class ChoiceError(ReasonedError):
    """A name that is not among its choices."""

    reasons: ClassVar[dict[str, str]] = {"unknown_choice": "There is no {kind} {name!r}; choose one of: {choices}."}


def check_choice(kind: str, name: str, choices: Iterable[str]) -> None:
    """ChoiceError unless `name` is one of `choices`; `kind` says of what, such as "preset"."""
    if name not in choices:
        raise ChoiceError("unknown_choice", kind=kind, name=name, choices=", ".join(choices))
