"""The same person or not? The distance of two images among those of all pairs, and where each looks like the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from core import colours
from core.neighbours import BASELINES, tasks
from core.neighbours.tasks import MOST_LIVE, Comparison, Verification
from dashboard.neighbours.figures import histogram
from dashboard.neighbours.setup import Setup
from dashboard.shared import figures, pictures
from dashboard.shared.links import choice
from dashboard.shared.text import number, percent, significant, t
from dashboard.shared.workers import ask, job

SIDE, GRID = 336, 10


def verify_pair(setup: Setup) -> None:
    """Two images, the verdict, and what it rests on."""
    st.header(t("verify.title"), anchor=False)
    st.markdown(t("verify.help"))
    if setup.collection.embedding in BASELINES:
        st.info(t("verify.baseline"))
        return
    rows = _pair(setup)
    settings = replace(setup.split_settings, metric=setup.settings.metric)
    verification: Verification | None = job(
        tasks.verify, setup.network, setup.keyed, settings, rows, GRID, name="verify"
    )
    if verification is None:
        return
    _verdict(setup, verification, rows)
    high = max(float(np.abs(values).max()) for values in verification.maps)
    for column, values, row in zip(st.columns(2, gap="large"), verification.maps, rows, strict=True):
        name = setup.name(int(setup.collection.labels[row]))
        caption = t("verify.map", name=name, high=significant(high))
        image = setup.collection.album.image(row, SIDE)
        overlay = colours.overlay(image, values, high=high, signed=True, side=SIDE)
        column.image(pictures.encode_drawing(overlay), width="stretch", alt=caption, caption=caption)
    _all_pairs(setup, verification)


def _pair(setup: Setup) -> tuple[int, int]:
    """Rows of the two images."""
    comparison: Comparison = ask(tasks.compare, setup.keyed, setup.settings)
    queries = [int(row) for row in comparison.split.queries][: 10 * MOST_LIVE]
    rows = []
    for place, column in enumerate(st.columns(2, gap="large")):
        with column:
            row = choice(
                st.selectbox,
                t(f"verify.picture_{place}"),
                queries,
                key=f"verify_{place}",
                default=queries[place],
                format_func=setup.image_name,
            )
            rows.append(row)
    return rows[0], rows[1]


def _verdict(setup: Setup, verification: Verification, rows: tuple[int, int]) -> None:
    pairs, labels = verification.pairs, setup.collection.labels
    same, truth = verification.distance < pairs.threshold, labels[rows[0]] == labels[rows[1]]
    values = {
        "distance": number(verification.distance, 3),
        "threshold": number(pairs.threshold, 3),
        "error": percent(pairs.equal_error),
    }
    verdict = t("verify.same" if same else "verify.other", **values)
    (st.success if same == truth else st.error)(f"{verdict} {t('verify.right' if same == truth else 'verify.wrong')}")


def _all_pairs(setup: Setup, verification: Verification) -> None:
    """The distances of all pairs, and the ROC of a threshold on them."""
    pairs, roc = verification.pairs, verification.pairs.roc
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader(t("verify.histogram"), anchor=False)
        st.plotly_chart(
            histogram(
                pairs.same,
                pairs.other,
                (t("verify.same_pairs"), t("verify.other_pairs")),
                t("verify.axis", metric=t(f"neighbours.{setup.settings.metric}")),
                pairs.threshold,
                verification.distance,
            ),
            config=figures.CONFIG,
            key="verify_histogram",
            alt=t("verify.histogram"),
        )
    with right:
        st.subheader(t("verify.roc"), anchor=False, help=t("verify.roc_help"))
        st.plotly_chart(
            figures.curves(
                {"ROC": ((100 * roc.false_positive_rate).tolist(), (100 * roc.true_positive_rate).tolist())},
                (t("verify.false_accepts"), t("verify.true_accepts")),
                marked_x=100 * float(np.mean(pairs.other < verification.distance)),
                y_range=(-2, 102),
            ),
            config=figures.CONFIG,
            key="verify_roc",
            alt=f"{t('verify.roc')}: {t('verify.equal_error')} {percent(pairs.equal_error)}",
        )
    values = {"same": number(len(pairs.same)), "other": number(len(pairs.other))}
    st.caption(t("verify.note", error=percent(pairs.equal_error), threshold=number(pairs.threshold, 3), **values))
