"""Errors that say in one sentence what arrived, what was expected, and what to do."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar


class ReasonedError(ValueError):
    """`str()` is one English sentence out of the class's `reasons`; `reason` and `details` translate it."""

    reasons: ClassVar[dict[str, str]]

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(self.reasons[reason].format(**details))
        self.reason = reason
        self.details = details

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes: an exception is otherwise rebuilt from its message alone."""
        return partial(type(self), self.reason, **self.details), ()
