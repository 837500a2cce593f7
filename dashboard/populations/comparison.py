"""Two groups beside each other: mean faces and maps, what each region carries, and who is recognised."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import colours, images
from core.faces import REGIONS
from core.intervals import FEWEST, wilson
from core.populations import Verification, error_rates, tasks
from core.populations.tasks import Comparison, GroupResult
from dashboard.populations.groups import Request, choose_groups
from dashboard.populations.intervals import percents, place_side_by_side
from dashboard.shared import figures, pictures
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, percent, significant, t
from dashboard.shared.workers import job

SIDE = 336
AT_ONCE = 120
"""Images up to which a comparison starts by itself."""
DRAWN_POINTS = 400
"""Points of a ROC that are drawn: a browser needs no more."""
FALSE_MATCH_RATES = (0.001, 0.01, 0.05, 0.1)
"""Rates for which a threshold may be set."""
NAMED_SHARE = 0.1
"""A region is named where at least this share of it differs."""


def compare_groups(frame: Frame) -> None:
    """Both groups: the controls, the job, and its results."""
    network = frame.network
    request = choose_groups(network)
    if request is None:
        return
    comparison: Comparison | None = job(
        tasks.compare,
        network,
        dict(request.sources),
        layer=request.layer,
        channels=request.channels,
        true_class=request.true_class,
        at_once=request.count <= AT_ONCE,
        name="populations",
    )
    if comparison is None:
        return
    strength = st.slider(t("controls.overlay"), 0.0, 1.0, colours.STRENGTH, 0.05, key="strength", **BOUND)
    _place_maps(comparison, strength, request)
    left, right = st.columns(2, gap="large")
    with left:
        _place_energies(comparison, request)
    with right:
        _place_accuracy(comparison)
    _place_verification(comparison)


def _place_maps(comparison: Comparison, strength: float, request: Request) -> None:
    """Mean maps on one scale and between them where they differ, and the mean faces alone."""
    groups = comparison.groups
    high = max(float(group.maps.mean(axis=0).max()) for group in groups.values())
    left, middle, right = st.columns(3)
    for (name, group), column in zip(groups.items(), (left, right), strict=True):
        size = {"group": name, "people": group.people, "pictures": group.images}
        with column:
            mean_map = colours.overlay(group.face, group.maps.mean(axis=0), strength, high=high, side=SIDE)
            caption = t("populations.mean_map", layer=request.layer, high=significant(high), **size)
            pictures.captioned_image(mean_map, caption)
            pictures.captioned_image(images.resize(group.face, SIDE, SIDE), t("populations.mean_face", **size))
    with middle:
        _place_difference(comparison, strength)
        _place_verdict(comparison)


def _place_difference(comparison: Comparison, strength: float) -> None:
    """The difference of the mean maps over the mean face of both, with an outline where it is significant."""
    one, other = comparison.groups
    face = np.mean([group.face for group in comparison.groups.values()], axis=0)
    values = comparison.difference.values
    high = float(np.abs(values).max())
    image = colours.overlay(face, values, strength, high=high, signed=True, side=SIDE)
    image = pictures.draw_outline(image, comparison.difference.significant)
    pictures.captioned_image(image, t("populations.mean_gap", one=one, other=other, high=significant(high)))


def _place_verdict(comparison: Comparison) -> None:
    """Do the maps differ? A sentence with its numbers, or one that says that nobody can know."""
    difference = comparison.difference
    one, other = comparison.groups
    n_one, n_other = (group.people for group in comparison.groups.values())
    if min(n_one, n_other) < FEWEST:
        st.warning(t("populations.too_few", people=min(n_one, n_other), fewest=FEWEST))
        return
    values = {"one": one, "other": other, "n_one": n_one, "n_other": n_other}
    values |= {"p": number(float(difference.p.min()), 4), "count": number(difference.permutations)}
    if not difference.significant.any():
        st.info(t("populations.same", **values))
        return
    share = percent(float(difference.significant.mean()))
    more, less = _regions(comparison, difference.values > 0), _regions(comparison, difference.values < 0)
    st.success(t("populations.apart", share=share, more=more, less=less, **values))


def _regions(comparison: Comparison, side: np.ndarray) -> str:
    """The regions of the aligned face that differ significantly on one `side` `(h, w)`, the largest share first."""
    differs = comparison.difference.significant & side
    shares = {name: float(differs[comparison.regions == place].mean()) for place, name in enumerate(REGIONS)}
    named = [name for name in sorted(shares, key=lambda name: -shares[name]) if shares[name] >= NAMED_SHARE]
    return ", ".join(t(f"region.{name}") for name in named) or t("populations.nowhere")


def _place_energies(comparison: Comparison, request: Request) -> None:
    """The share of the maps in each region, beside the region's share of the area."""
    st.header(t("populations.energy"), anchor=False, help=t("populations.energy_help"))
    groups = {_label(name, group): percents(group.energies) for name, group in comparison.groups.items()}
    areas = 100 * np.mean([group.areas for group in comparison.groups.values()], axis=0)
    rows = [t(f"region.{name}") for name in REGIONS]
    marks = t("populations.area"), areas.tolist()
    place_side_by_side("pop_energy", t("populations.energy"), rows, groups, marks)
    st.caption(t("populations.intervals") + " " + t("populations.exact" if request.rendered else "populations.typical"))


def _place_accuracy(comparison: Comparison) -> None:
    """Accuracy with Wilson's interval where the true class is known, and confidence."""
    st.header(t("populations.rates"), anchor=False, help=t("populations.rates_help"))
    labelled = all(group.labelled for group in comparison.groups.values())
    rows = [t("populations.accuracy"), t("populations.confidence")] if labelled else [t("populations.confidence")]
    groups = {}
    for name, group in comparison.groups.items():
        estimates = percents([group.confidence])
        if labelled:
            accuracy = group.correct / group.labelled, *wilson(group.correct, group.labelled)
            estimates = percents([accuracy]) + estimates
        groups[_label(name, group)] = estimates
    place_side_by_side("pop_rates", t("populations.rates"), rows, groups)
    if not labelled:
        st.caption(t("populations.unnamed"))


def _place_verification(comparison: Comparison) -> None:
    """The ROC of each group, and its errors at one threshold for all and at one of its own."""
    st.header(t("populations.verification"), anchor=False, help=t("populations.verification_help"))
    verifications = {name: group.verification for name, group in comparison.groups.items()}
    if not all(verification.complete for verification in verifications.values()):
        st.info(t("populations.no_pairs"))
        return
    rate = choice(
        st.select_slider,
        t("populations.rate"),
        FALSE_MATCH_RATES,
        key="pop_rate",
        default=0.01,
        format_func=lambda share: percent(share),
        help=t("populations.rate_help"),
    )
    left, right = st.columns(2, gap="large")
    with left:
        _place_roc(verifications, rate)
    with right:
        _place_errors(comparison, rate)


def _place_roc(verifications: dict[str, Verification], rate: float) -> None:
    lines = {
        t(
            "populations.pairs",
            group=name,
            genuine=number(verification.genuine.sum()),
            impostor=number((~verification.genuine).sum()),
        ): _roc_points(verification)
        for name, verification in verifications.items()
    }
    st.plotly_chart(
        figures.curves(
            lines,
            (t("populations.false_match"), t("populations.true_match")),
            marked_x=100 * rate,
            y_range=(-2, 102),
            log_axes="x",
        ),
        config=figures.CONFIG,
        key="pop_roc",
        alt=t("populations.roc_alt", groups=", ".join(lines)),
    )


def _roc_points(verification: Verification) -> tuple[list[float], list[float]]:
    """False and true match rates in percent, as many points as a browser needs; on powers of ten there is no 0."""
    false_match, true_match = 100 * verification.roc.false_positive_rate, 100 * verification.roc.true_positive_rate
    first = int(np.argmax(false_match > 0))
    shown = np.unique(np.linspace(first, len(false_match) - 1, DRAWN_POINTS).astype(int))
    return list(false_match[shown]), list(true_match[shown])


def _place_errors(comparison: Comparison, rate: float) -> None:
    """Errors of each group at the threshold of all pairs together, and at the group's own."""
    common = comparison.pooled.roc.threshold_at(rate)
    groups, own = {}, {}
    for name, group in comparison.groups.items():
        own[name] = group.verification.roc.threshold_at(rate)
        estimates = [*error_rates(group.verification, common), *error_rates(group.verification, own[name])]
        groups[_label(name, group)] = percents(estimates)
    rows = [t(f"populations.{kind}_{which}") for which in ("common", "own") for kind in ("match", "miss")]
    place_side_by_side("pop_errors", t("populations.verification"), rows, groups)
    thresholds = ", ".join(f"{name} {number(value, 3)}" for name, value in own.items())
    st.caption(t("populations.thresholds", common=number(common, 3), own=thresholds))


def _label(name: str, group: GroupResult) -> str:
    return t("populations.group", group=name, people=group.people, pictures=group.images)
