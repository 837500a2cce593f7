"""Is the person anonymous behind the masks? Which attackers still name them, at which rate, and how sure that is."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import faces
from core.intervals import wilson
from core.masking import tasks
from core.masking.tasks import Reidentification
from dashboard.masks.effect import MaskedFace
from dashboard.shared import figures
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import job

CHANCE = 1 / faces.PEOPLE


def attack(face: MaskedFace) -> None:
    """The attackers' rates for this person, or for everybody group by group."""
    if not face.is_known:
        st.info(t("masks.strangers"))
        return
    left, right = st.columns(2, gap="large")
    with left:
        whom = choice(
            st.segmented_control,
            t("attacks.whom"),
            ("person", "groups"),
            key="mask_whom",
            default="person",
            format_func=lambda name: t(f"attacks.{name}"),
        )
    count = right.slider(t("masks.count"), 12, 240, 48, 12, key="mask_captures", **BOUND)
    everybody, image = whom == "groups", face.image
    outcome: Reidentification | None = job(
        tasks.reidentify,
        face.network,
        image.person,
        image.capture,
        face.disguise,
        count,
        everybody,
        at_once=False,
    )
    if outcome is None:
        return
    if everybody:
        for column, group in zip(st.columns(2, gap="large"), faces.GROUPS, strict=True):
            with column:
                st.subheader(t("attacks.group", group=group), anchor=False)
                place_rates(outcome, group, np.isin(outcome.people, faces.members(group)))
    else:
        place_rates(outcome, "person")
    height, width = image.image.shape[:2]
    area = np.max([mask.rasterize(height, width) for mask in face.disguise.masks], axis=0).mean()
    trained = number(tasks.TRAINING_CAPTURES * faces.PEOPLE)
    st.caption(t("masks.rates_note", chance=percent(CHANCE), count=count, area=percent(float(area)), trained=trained))


def place_rates(outcome: Reidentification, key: str, inside: np.ndarray | None = None) -> None:
    """The attackers' rates on the captures that are `inside` `(n,)`, by default all: an answer, a figure, the numbers.

    `key` tells figures on one page apart.
    """
    inside = np.ones(len(outcome.people), bool) if inside is None else inside
    count, rates = int(inside.sum()), {}
    for label, named in (("without", outcome.unmasked), ("with", outcome.masked)):
        for attacker, correct in named.items():
            hits = int(correct[inside].sum())
            rates[t(f"masks.{label}", attacker=t(f"masks.{attacker}"))] = hits, *wilson(hits, count)
    best = max(outcome.masked, key=lambda attacker: int(outcome.masked[attacker][inside].sum()))
    _place_answer(t(f"masks.{best}"), count, *rates[t("masks.with", attacker=t(f"masks.{best}"))])
    lines = [
        t("masks.rate", name=name, hits=hits, count=count, rate=percent(hits / count), low=percent(a), high=percent(b))
        for name, (hits, a, b) in rates.items()
    ]
    st.plotly_chart(
        figures.interval_dots(
            list(rates),
            [hits / count for hits, *_ in rates.values()],
            [(low, high) for _, low, high in rates.values()],
            [t("masks.without", attacker=t(f"masks.{attacker}")) for attacker in outcome.unmasked],
            CHANCE,
        ),
        config=figures.CONFIG,
        key=f"mask_rates_{key}",
        alt=f"{t('masks.rates_title')}. {'; '.join(lines)}",
    )
    st.markdown("\n".join(f"- {line}" for line in lines))


def _place_answer(best: str, count: int, hits: int, low: float, high: float) -> None:
    """Anonymous or not, by the best attacker's hits and their interval."""
    values = {"count": count, "low": percent(low), "high": percent(high), "chance": percent(CHANCE)}
    if low > CHANCE:
        st.warning(t("masks.answer_known", attacker=best, rate=percent(hits / count), **values))
    else:
        st.success(t("masks.answer_anonymous", **values))
