"""Two groups on screen: who they are, what a network makes of each, and whether that differs."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import numpy as np
import streamlit as st

from core import faces, images
from core.faces import REGIONS
from core.intervals import FEWEST, Estimate, wilson
from core.networks import table
from core.populations import error_rates, tasks
from core.populations.groups import Drawn, Source
from dashboard.masks import editor
from dashboard.populations import photos
from dashboard.shared import controls, figures, jobs, layers, pictures, selected
from dashboard.shared.figures import Interval
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, percent, significant, t

NAME = "populations"
SIDE = 336
KNOWN, MET, CAPTURES = faces.PEOPLE // 2, 50, 8
"""Most people of a group that the network knows, and that nobody ever met, and most captures of each: in 400 pictures
there are 80,000 pairs."""
AT_ONCE = 120
"""Pictures up to which a comparison starts by itself."""
DRAWN_POINTS = 400
"""Points of a ROC that are drawn: a browser needs no more."""
RATES = (0.001, 0.01, 0.05, 0.1)
"""False match rates that a threshold may be set for."""
TOLD = 0.1
"""A region is named where at least this share of it differs."""


def show(frame: Frame) -> None:
    """Both groups: the controls, the job, and what came of it."""
    entry = frame.network
    who, how = st.columns(2, gap="large")
    with who:
        source = choice(
            st.segmented_control,
            t("populations.source"),
            ("drawn", "photos"),
            key="pop_source",
            default="drawn",
            format_func=lambda name: t(f"populations.{name}"),
            required=True,
        )
        drawn = _drawn(table.knows_people(entry)) if source == "drawn" else None
    with how:
        layer = controls.layer_picker(layers.passed(entry), entry.default_layer)
        channels = _channels(entry, layer)
        target = choice(
            st.segmented_control,
            t("populations.class"),
            ("true", "predicted"),
            key="pop_class",
            default="true",
            format_func=lambda name: t(f"populations.class_{name}"),
            required=True,
            help=t("populations.class_help"),
        )
    found = _answer(frame, drawn, layer, channels, target == "true")
    if found is None:
        return
    strength = st.slider(t("controls.overlay"), 0.0, 1.0, 0.7, 0.05, key="strength", **BOUND)
    _pictures(found, strength, layer)
    left, right = st.columns(2, gap="large")
    with left:
        _energies(found, drawn is not None)
    with right:
        _rates(found)
    _verification(found)


# --- who and how ------------------------------------------------------------------------------------------------------


def _drawn(knows: bool) -> dict[str, Source]:
    """Rendered people of both groups, as many of each."""
    met = choice(
        st.segmented_control,
        t("populations.who"),
        ("known", "new") if knows else ("new",),
        key="pop_who",
        default="known" if knows else "new",
        format_func=lambda name: t(f"populations.who_{name}"),
        required=True,
        help=t("populations.who_help"),
    )
    most = KNOWN if met == "known" else MET
    people = st.slider(t("populations.people"), 2, most, 12, key=f"pop_people_{met}", **BOUND)
    captures = st.slider(t("populations.captures"), 1, CAPTURES, 2, key="pop_captures", **BOUND)
    return {group: Drawn(group, people, captures, met == "known") for group in ("A", "B")}


def _channels(entry: Any, layer: str) -> tuple[int, ...] | None:
    """The channels that take part; None for all."""
    count = next(row.shape[-1] for row in layers.rows(entry) if row.name == layer)
    picked = st.multiselect(
        t("controls.channels"),
        range(count),
        key="pop_channels",
        placeholder=t("controls.channels_all"),
        help=t("controls.channels_help"),
        **BOUND,
    )
    return tuple(sorted(picked)) or None


def _answer(
    frame: Frame, drawn: dict[str, Source] | None, layer: str, channels: tuple[int, ...] | None, true_class: bool
) -> Any:
    """The comparison, when its job is over; that of rendered people is everybody's, that of photos the session's."""
    entry = frame.network
    if drawn is not None:
        sources = drawn
        picture, named = selected.person_image(0, faces.PORTRAIT), tuple(map(astuple, drawn.values()))
    else:
        sources = photos.ask(entry)
        if sources is None:
            return None
        st.caption(t("populations.proportions"))
        picture, named = photos.private(), photos.handed_in()
    return jobs.answer(
        NAME,
        picture,
        (NAME, entry, named, layer, channels, true_class),
        jobs.steps_alone,
        tasks.compare,
        entry,
        sources,
        layer=layer,
        channels=channels,
        true_class=true_class,
        at_once=sum(source.count for source in sources.values()) <= AT_ONCE,
    )


# --- what came of it --------------------------------------------------------------------------------------------------


def _pictures(found: Any, strength: float, layer: str) -> None:
    """Mean maps on one scale and between them where they differ, and the mean faces alone."""
    one, other = found.groups
    high = max(float(group.maps.mean(axis=0).max()) for group in found.groups.values())
    left, middle, right = st.columns(3)
    for (name, group), column in zip(found.groups.items(), (left, right), strict=True):
        n = {"group": name, "people": group.people, "pictures": group.pictures}
        over = pictures.overlay(group.face, group.maps.mean(axis=0), strength, SIDE, high=high)
        editor.place(column, over, t("populations.mean_map", layer=layer, high=significant(high), **n))
        editor.place(column, images.resize(group.face, SIDE, SIDE), t("populations.mean_face", **n))
    apart = found.difference
    both = np.mean([group.face for group in found.groups.values()], axis=0)
    bound = float(np.abs(apart.values).max())
    over = pictures.overlay(both, apart.values, strength, SIDE, signed_scale=True, high=bound)
    over = pictures.outlined(over, apart.significant)
    with middle:
        editor.place(st, over, t("populations.mean_gap", one=one, other=other, high=significant(bound)))
        _verdict(found)


def _verdict(found: Any) -> None:
    """Do the maps differ? A sentence with its numbers, or one that says that nobody can know."""
    apart = found.difference
    one, other = found.groups
    few = min(group.people for group in found.groups.values())
    if few < FEWEST:
        st.warning(t("populations.too_few", people=few, fewest=FEWEST))
        return
    n = {"one": one, "other": other, "n_one": found.groups[one].people, "n_other": found.groups[other].people}
    smallest = float(apart.p.min())
    said = n | {"p": number(smallest, 4), "count": number(apart.arrangements)}
    if not apart.significant.any():
        st.info(t("populations.same", **said))
        return
    share = percent(float(apart.significant.mean()))
    st.success(
        t(
            "populations.apart",
            share=share,
            more=_where(found, apart.values > 0),
            less=_where(found, apart.values < 0),
            **said,
        )
    )


def _where(found: Any, side: np.ndarray) -> str:
    """The regions of the aligned face of which most differs to one side, the most first."""
    differs = found.difference.significant & side
    shares = {name: float(differs[found.regions == place].mean()) for place, name in enumerate(REGIONS)}
    named = [name for name in sorted(shares, key=lambda name: -shares[name]) if shares[name] >= TOLD]
    return ", ".join(t(f"region.{name}") for name in named) or t("populations.nowhere")


def _energies(found: Any, exact: bool) -> None:
    """The share of the maps in each region, beside what the region's area alone would give."""
    st.header(t("populations.energy"), anchor=False, help=t("populations.energy_help"))
    groups = {_named(name, group): _percents(group.energies) for name, group in found.groups.items()}
    areas = [100 * float(share) for share in np.mean([group.areas for group in found.groups.values()], axis=0)]
    rows = [t(f"region.{name}") for name in REGIONS]
    beside("pop_energy", t("populations.energy"), rows, groups, (t("populations.area"), areas))
    st.caption(t("populations.intervals") + " " + t("populations.exact" if exact else "populations.typical"))


def _rates(found: Any) -> None:
    """Accuracy with Wilson's interval where the true class is known, and confidence."""
    st.header(t("populations.rates"), anchor=False, help=t("populations.rates_help"))
    named = all(group.named for group in found.groups.values())
    rows = [t("populations.accuracy"), t("populations.confidence")] if named else [t("populations.confidence")]
    groups = {}
    for name, group in found.groups.items():
        points = _percents([group.confidence])
        if named:
            low, high = wilson(group.right, group.named)
            points.insert(0, (100 * group.right / group.named, 100 * low, 100 * high))
        groups[_named(name, group)] = points
    beside("pop_rates", t("populations.rates"), rows, groups)
    if not named:
        st.caption(t("populations.unnamed"))


def _verification(found: Any) -> None:
    """The ROC of each group, and its errors at one threshold for all and at one of its own."""
    st.header(t("populations.verification"), anchor=False, help=t("populations.verification_help"))
    checks = {name: group.verification for name, group in found.groups.items()}
    if not all(check.complete for check in checks.values()):
        st.info(t("populations.no_pairs"))
        return
    rate = choice(
        st.select_slider,
        t("populations.rate"),
        RATES,
        key="pop_rate",
        default=0.01,
        format_func=lambda share: percent(share),
        help=t("populations.rate_help"),
    )
    common = found.together.roc.threshold_at(rate)
    own = {name: check.roc.threshold_at(rate) for name, check in checks.items()}
    left, right = st.columns(2, gap="large")
    with left:
        lines = {
            t(
                "populations.pairs",
                group=name,
                genuine=number(check.genuine.sum()),
                impostor=number((~check.genuine).sum()),
            ): _roc(check)
            for name, check in checks.items()
        }
        st.plotly_chart(
            figures.curves(
                lines,
                (t("populations.false_match"), t("populations.true_match")),
                here=100 * rate,
                up=(-2, 102),
                decades="x",
            ),
            config=figures.CONFIG,
            key="pop_roc",
            alt=t("populations.roc_alt", groups=", ".join(lines)),
        )
    with right:
        rows = [t(f"populations.{kind}_{which}") for which in ("common", "own") for kind in ("match", "miss")]
        groups = {
            _named(name, found.groups[name]): _percents([*error_rates(check, common), *error_rates(check, own[name])])
            for name, check in checks.items()
        }
        beside("pop_errors", t("populations.verification"), rows, groups)
        thresholds = ", ".join(f"{name} {number(value, 3)}" for name, value in own.items())
        st.caption(t("populations.thresholds", common=number(common, 3), own=thresholds))


def _roc(check: Any) -> tuple[list[float], list[float]]:
    """False and true match rates in percent, as many points as a browser needs; on powers of ten there is no 0."""
    accepted, recognised = 100 * check.roc.false_positive_rate, 100 * check.roc.true_positive_rate
    points = np.unique(np.linspace(np.argmax(accepted > 0), len(accepted) - 1, DRAWN_POINTS).astype(int))
    return list(accepted[points]), list(recognised[points])


def _named(name: str, group: Any) -> str:
    return t("populations.group", group=name, people=group.people, pictures=group.pictures)


def _percents(estimates: list[Estimate]) -> list[Interval]:
    return [(100 * found.value, 100 * found.low, 100 * found.high) for found in estimates]


def beside(
    key: str,
    title: str,
    rows: list[str],
    groups: dict[str, list[Interval]],
    marks: tuple[str, list[float]] | None = None,
) -> None:
    """Groups beside each other in percent, with every number of the chart as its text."""
    told = "; ".join(
        f"{name}: " + ", ".join(f"{row} {number(value, 1)} %" for row, (value, *_) in zip(rows, points, strict=True))
        for name, points in groups.items()
    )
    chart = figures.side_by_side(rows, groups, marks)
    st.plotly_chart(chart, config=figures.CONFIG, key=key, alt=f"{title}. {told}")
