"""Cause and effect on screen: what the groups' shares in the training do to accuracy, maps and the eye bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core import faces
from core.faces import REGIONS
from core.populations import shares
from dashboard.populations import comparison
from dashboard.shared import figures
from dashboard.shared.figures import Interval
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, t

GROUPS = ("A", "B")


def show() -> None:
    """A slider between the three networks, and one figure for each effect."""
    st.header(t("shares.title"), anchor=False)
    st.markdown(t("shares.help"))
    stored = shares.stored()
    share = choice(
        st.select_slider,
        t("shares.share"),
        tuple(shares.NETWORKS),
        key="pop_share",
        default=50,
        format_func=lambda part: t("shares.of", a=part, b=100 - part),
    )
    found = stored["networks"][str(share)]
    known, met = (
        {group: t("populations.group", group=group, people=people, pictures=people * captures) for group in GROUPS}
        for people, captures in ((faces.PEOPLE // 2, stored["captures"]), (stored["met"], stored["met_captures"]))
    )
    for column, name in zip(st.columns(2, gap="large"), ("accuracy", "lost"), strict=True):
        with column:
            st.subheader(t(f"shares.{name}"), anchor=False, help=t(f"shares.{name}_help"))
            lines = {}
            for group in GROUPS:
                points = _percents([stored["networks"][str(at)][group][name] for at in shares.NETWORKS])
                lines[known[group]] = [(at, *point) for at, point in zip(shares.NETWORKS, points, strict=True)]
            said = _gap(found, name)
            st.plotly_chart(
                figures.ranged(
                    lines,
                    (t("shares.axis"), t(f"shares.{name}")),
                    ticks=tuple(shares.NETWORKS),
                    here=share,
                    unit="\u202f%",
                ),
                config=figures.CONFIG,
                key=f"share_{name}",
                alt=f"{t(f'shares.{name}')}. {said.replace('**', '')}",
            )
            st.markdown(said)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(t("populations.energy"), anchor=False, help=t("populations.energy_help"))
        points = {known[group]: _percents([found[group]["energies"][name] for name in REGIONS]) for group in GROUPS}
        comparison.beside("share_energy", t("populations.energy"), [t(f"region.{name}") for name in REGIONS], points)
    with right:
        rate = percent(stored["rate"])
        st.subheader(t("shares.met"), anchor=False, help=t("shares.met_help", rate=rate))
        kinds = ("false_match", "false_non_match")
        points = {met[group]: _percents([found[group][kind] for kind in kinds]) for group in GROUPS}
        comparison.beside("share_met", t("shares.met"), [t(f"shares.{kind}") for kind in kinds], points)
    st.caption(t("shares.note", date=stored["date"]))


def _gap(found: dict[str, Any], name: str) -> str:
    """Both groups at the slider's share, and A less B with its interval."""
    value, low, high = (number(100 * end, 1) for end in found["gap"][name])
    each = {group.lower(): percent(found[group][name][0]) for group in GROUPS}
    return t(f"shares.{name}_said", **each, gap=value, low=low, high=high)


def _percents(points: Sequence[Sequence[float]]) -> list[Interval]:
    return [(100 * value, 100 * low, 100 * high) for value, low, high in points]
