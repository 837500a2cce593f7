"""Cause and effect on screen: the effect of the groups' shares in the training on accuracy, maps and the eye bar."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core import faces
from core.faces import GROUPS, REGIONS
from core.populations import shares
from dashboard.populations.intervals import percents, place_side_by_side
from dashboard.shared import figures
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, t


def place_effects() -> None:
    """A slider between the networks, and one figure for each effect."""
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
    known = _labels(faces.PEOPLE // 2, stored["captures"])
    for column, measure in zip(st.columns(2, gap="large"), ("accuracy", "lost"), strict=True):
        with column:
            _place_curve(stored, measure, share, known)
    result = stored["networks"][str(share)]
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(t("populations.energy"), anchor=False, help=t("populations.energy_help"))
        energies = {known[group]: percents(result[group]["energies"][name] for name in REGIONS) for group in GROUPS}
        rows = [t(f"region.{name}") for name in REGIONS]
        place_side_by_side("share_energy", t("populations.energy"), rows, energies)
    with right:
        rate = percent(stored["rate"])
        st.subheader(t("shares.new_people"), anchor=False, help=t("shares.new_people_help", rate=rate))
        new, kinds = _labels(stored["new_people"], stored["new_captures"]), ("false_match", "false_non_match")
        errors = {new[group]: percents(result[group][kind] for kind in kinds) for group in GROUPS}
        place_side_by_side("share_new_people", t("shares.new_people"), [t(f"shares.{kind}") for kind in kinds], errors)
    st.caption(t("shares.note", date=stored["date"]))


def _labels(people: int, captures: int) -> dict[faces.Group, str]:
    return {group: t("populations.group", group=group, people=people, pictures=people * captures) for group in GROUPS}


def _place_curve(stored: dict[str, Any], measure: str, share: int, labels: dict[faces.Group, str]) -> None:
    """A measure of both groups over the shares, and both in words at the slider's."""
    st.subheader(t(f"shares.{measure}"), anchor=False, help=t(f"shares.{measure}_help"))
    networks = stored["networks"]
    lines = {}
    for group in GROUPS:
        points = percents(networks[str(part)][group][measure] for part in shares.NETWORKS)
        lines[labels[group]] = [(part, *point) for part, point in zip(shares.NETWORKS, points, strict=True)]
    sentence = _sentence(networks[str(share)], measure)
    st.plotly_chart(
        figures.interval_curves(
            lines,
            (t("shares.axis"), t(f"shares.{measure}")),
            ticks=tuple(shares.NETWORKS),
            marked_x=share,
            unit="\u202f%",
        ),
        config=figures.CONFIG,
        key=f"share_{measure}",
        alt=f"{t(f'shares.{measure}')}. {sentence.replace('**', '')}",
    )
    st.markdown(sentence)


def _sentence(result: dict[str, Any], measure: str) -> str:
    """A measure of both groups, and A less B with its interval."""
    value, low, high = (number(100 * end, 1) for end in result["gap"][measure])
    each = {group.lower(): percent(result[group][measure][0]) for group in GROUPS}
    return t(f"shares.{measure}_result", **each, gap=value, low=low, high=high)
