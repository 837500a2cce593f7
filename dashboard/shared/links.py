"""Page state <-> address bar, so that a link shows another person the same picture.

Numbers bind themselves (`bind="query-params"`). A choice would put its translated label into the address; here the
address holds the option itself, so that a link made in French opens in English.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict, TypeVar

import streamlit as st

Option = TypeVar("Option")


class Bound(TypedDict):
    """What `BOUND` holds, so that types of widgets can be checked."""

    bind: Literal["query-params"]


BOUND: Bound = {"bind": "query-params"}
"""Arguments that bind a slider or number input to the address bar under its key."""


def choice(
    widget: Callable[..., Any],
    label: str,
    options: Sequence[Option],
    *,
    key: str,
    default: Option,
    format_func: Callable[[Any], str] = str,
    old_links: Mapping[str, Option] | None = None,
    **arguments: Any,
) -> Option:
    """Show a widget that chooses one of `options`, kept in the address bar under `key` as `str(option)`.

    The first run takes the option from the address, where it may have a former name (`old_links`); one that does not
    exist falls back on `default`. The default itself is left out of the address. Options that would have to be
    scrolled wrap into further rows, and one of them is always chosen.
    """
    if widget.__name__ in ("pills", "segmented_control"):
        arguments |= {"wrap": True, "required": True}
    written = {str(option): option for option in options} | dict(old_links or {})
    if key not in st.session_state:
        st.session_state[key] = written.get(st.query_params.get(key, ""), default)
    if st.session_state[key] not in options:
        st.session_state[key] = default
    shown = {option: format_func(option) for option in options}
    chosen: Option = widget(label, options, key=key, format_func=shown.get, persist_state="session", **arguments)
    remember(key, chosen, default)
    return chosen


def choices(
    label: str,
    options: Sequence[Option],
    *,
    key: str,
    default: Sequence[Option],
    format_func: Callable[[Any], str] = str,
    **arguments: Any,
) -> list[Option]:
    """Show a list that chooses several of `options`, kept in the address bar with commas between them.

    None chosen, or none that exists, means `default`.
    """
    written = {str(option): option for option in options}
    if key not in st.session_state:
        linked = st.query_params.get(key, "").split(",")
        st.session_state[key] = [written[name] for name in linked if name in written]
    valid = [option for option in st.session_state[key] if option in options]
    st.session_state[key] = valid or list(default)
    shown = {option: format_func(option) for option in options}
    chosen: list[Option] = st.multiselect(
        label, options, key=key, format_func=shown.__getitem__, persist_state="session", **arguments
    )
    remember(key, ",".join(map(str, chosen)), ",".join(map(str, default)))
    return chosen or list(default)


def remember(key: str, value: object, default: object) -> None:
    """Write `key=value` into the address bar, or take it out when it is the default."""
    if value == default:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != str(value):
        st.query_params[key] = str(value)
