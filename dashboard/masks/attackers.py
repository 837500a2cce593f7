"""Who still names a person behind a mask, and how small may a mask be? The attackers' verdict and the smallest mask."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core import faces
from core.compute import Progress
from core.intervals import wilson
from core.masking import chart, fills, frame_within, study, tasks
from core.masking.tasks import Hunt, Point
from dashboard.masks import editor
from dashboard.masks.editor import Asked
from dashboard.shared import cached, figures, jobs, pictures
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, percent, t

CHANCE = 1 / faces.PEOPLE
GROUPS = ("A", "B")


def _in_group(group: str) -> tuple[int, ...]:
    return tuple(n for n in range(faces.PEOPLE) if faces.group_of(n) == group)


# --- verdict ----------------------------------------------------------------------------------------------------------


def verdict(asked: Asked, found: Any) -> None:
    """Is the person anonymous, by which attacker, at which rate, and how sure is that?"""
    picture = asked.picture
    if asked.person != asked.class_index or picture.capture is None:
        st.info(t("masks.strangers"))
        return
    who, how = st.columns(2, gap="large")
    with who:
        whom = choice(
            st.segmented_control,
            t("attacks.whom"),
            ("person", "groups"),
            key="mask_whom",
            default="person",
            format_func=lambda name: t(f"attacks.{name}"),
            required=True,
        )
    count = how.slider(t("masks.count"), 12, 240, 48, 12, key="mask_captures", **BOUND)
    judged = jobs.answer(
        "judge",
        picture,
        ("judge", asked.network, asked.disguise, count, whom),
        jobs.steps_alone,
        tasks.judge,
        asked.network,
        asked.person,
        picture.capture,
        asked.disguise,
        count,
        whom == "groups",
        at_once=False,
    )
    if judged is None:
        return
    if whom == "person":
        _judged(judged, np.ones(count, bool), "person")
    else:
        for column, group in zip(st.columns(2, gap="large"), GROUPS, strict=True):
            with column:
                st.subheader(t("attacks.group", group=group), anchor=False)
                _judged(judged, np.isin(judged.people, _in_group(group)), group)
    height, width = picture.image.shape[:2]
    area = np.max([mask.rasterize(height, width) for mask in asked.disguise.masks], axis=0).mean()
    trained = tasks.TRAINED * faces.PEOPLE
    st.caption(
        t("masks.rates_note", chance=percent(CHANCE), count=count, area=percent(float(area)), trained=number(trained))
    )


def _judged(judged: Any, inside: np.ndarray, key: str) -> None:
    """What the attackers made of the captures that are `inside` `(n,)`: a sentence, a figure, and its numbers."""
    count, rates = int(inside.sum()), {}
    for when, named in (("without", judged.plain), ("with", judged.masked)):
        for attacker, right in named.items():
            hits = int(right[inside].sum())
            rates[t(f"masks.{when}", attacker=t(f"masks.{attacker}"))] = hits, *wilson(hits, count)
    best = max(judged.masked, key=lambda attacker: int(judged.masked[attacker][inside].sum()))
    hits, low, high = rates[t("masks.with", attacker=t(f"masks.{best}"))]
    said = {"count": count, "low": percent(low), "high": percent(high), "chance": percent(CHANCE)}
    if low > CHANCE:
        st.warning(t("masks.answer_known", attacker=t(f"masks.{best}"), rate=percent(hits / count), **said))
    else:
        st.success(t("masks.answer_anonymous", **said))
    lines = [
        t("masks.rate", name=name, hits=hits, count=count, rate=percent(hits / count), low=percent(a), high=percent(b))
        for name, (hits, a, b) in rates.items()
    ]
    st.plotly_chart(
        figures.dots(
            list(rates),
            [hits / count for hits, *_ in rates.values()],
            [tuple(ends) for _, *ends in rates.values()],
            [t("masks.without", attacker=t(f"masks.{attacker}")) for attacker in judged.plain],
            CHANCE,
        ),
        config=figures.CONFIG,
        key=f"mask_rates_{key}",
        alt=f"{t('masks.rates_title')}. {'; '.join(lines)}",
    )
    st.markdown("\n".join(f"- {line}" for line in lines))


# --- the smallest mask ------------------------------------------------------------------------------------------------


def smallest(asked: Asked, found: Any) -> None:
    """Area against re-identification, the smallest mask for a target, and what would be released."""
    how, whom = st.columns(2, gap="large")
    with how:
        way = choice(
            st.pills,
            t("attacks.way"),
            tasks.WAYS,
            key="mask_hunt",
            default=tasks.WAYS[0],
            format_func=lambda name: t(f"attacks.way_{name}"),
            required=True,
        )
    known = asked.person == asked.class_index and asked.picture.capture is not None
    group = faces.group_of(asked.person) if asked.person is not None else GROUPS[0]
    sources = ("stored",) * (way in study.stored()[group]) + ("person", "group") * known
    st.markdown(t(f"attacks.way_{way}_help"))
    if not sources:
        st.info(t("masks.strangers"))
        return
    with whom:
        source = choice(
            st.pills,
            t("attacks.source"),
            sources,
            key="mask_source",
            default=sources[0],
            format_func=lambda name: t(f"attacks.source_{name}"),
            required=True,
        )
    if source == "stored":
        group = choice(
            st.segmented_control,
            t("picture.group"),
            GROUPS,
            key=f"mask_group_{group}",
            default=group,
            format_func=lambda name: t("attacks.group", group=name),
            required=True,
            label_visibility="collapsed",
        )
        _traded(asked, study.stored()[group][way], "black", ())
        return
    fill, numbers = asked.disguise.fill, asked.disguise.numbers
    if fill not in tasks.SEARCHED:
        st.info(t("attacks.other_fill", fills=", ".join(t(f"masks.fill_{name}") for name in tasks.SEARCHED)))
        return
    people = (asked.person,) if source == "person" else _in_group(group)
    arguments = asked.network, people, way, fill, numbers
    hunt = jobs.answer("hunt", asked.picture, ("hunt", *arguments), _seeking, tasks.hunt, *arguments, at_once=False)
    if hunt is None:
        return
    trial = _traded(asked, hunt, fill, numbers)
    st.markdown(t("attacks.retrain", count=number(tasks.TRAINED * faces.PEOPLE)))
    judged = jobs.answer(
        "retrain",
        asked.picture,
        ("retrain", *arguments, trial.mask.tobytes()),
        jobs.steps_alone,
        tasks.judge_mask,
        asked.network,
        people,
        trial.mask,
        fill,
        numbers,
        tasks.UNSEEN,
        at_once=False,
    )
    if judged is not None:
        _judged(judged, np.ones(tasks.UNSEEN, bool), "mask")


def _seeking(progress: Progress) -> None:
    """A capture behind the mask that is tried."""
    if progress.picture:
        picture = pictures.in_page(progress.picture)
        st.image(picture, width=editor.SIDE // 2, alt=t("attacks.seeking"), caption=t("attacks.seeking"))


def _traded(asked: Asked, hunt: Hunt, fill: str, numbers: tuple[tuple[str, float], ...]) -> Any:
    """The curves of one attacker, and the found mask for the target, which is returned."""
    names = list(hunt.found[0].hits)
    left, right = st.columns(2, gap="large")
    with left:
        attacker = choice(
            st.pills,
            t("attacks.attacker"),
            names,
            key="mask_attacker",
            default=names[-1],
            format_func=lambda name: t(f"masks.{name}"),
            required=True,
        )
    target = right.slider(t("attacks.target"), 0, 50, 5, key="mask_target", **BOUND) / 100
    place = next((n for n, trial in enumerate(hunt.trials) if trial.rate <= target), len(hunt.trials) - 1)
    trial, point = hunt.trials[place], hunt.found[place]
    drawn, seen = st.columns([3, 2], gap="large")
    with drawn:
        _curves(hunt, attacker, target, point.area)
    with seen:
        picture = asked.picture
        if picture.capture is None:
            frame = frame_within(cached.mask_presets(picture, None, None))
        else:
            frame = chart.frame_at(picture.capture)
        laid = chart.lay(trial.mask, frame, len(picture.image))
        parts = ", ".join(t(f"attacks.part_{name}") for name in trial.names if name in chart.PARTS)
        told = {"target": percent(target), "rate": percent(trial.rate)}
        caption = t("attacks.shown" if trial.rate <= target else "attacks.not_reached", **told)
        caption += f" {t('attacks.parts', parts=parts)}" if parts else ""
        editor.place(st, fills.blend(picture.image, laid, fill, **dict(numbers)), caption)
    _released(point, hunt.count)
    return trial


def _curves(hunt: Hunt, attacker: str, target: float, here: float) -> None:
    """Area against the rate of an attacker for the found masks and for the bars, and what the target costs."""
    kinds = {t("attacks.found"): hunt.found} | {t(f"attacks.bar_{name}"): bars for name, bars in hunt.bars.items()}
    lines = {
        name: [(100 * p.area, *_rate(p.hits[attacker], hunt.count)) for p in sorted(points, key=lambda p: p.area)]
        for name, points in kinds.items()
    }
    costs = []
    for name, points in kinds.items():
        enough = [point.area for point in points if point.hits[attacker] <= target * hunt.count]
        costs.append(
            t("attacks.cost", name=name, area=percent(min(enough))) if enough else t("attacks.never", name=name)
        )
    reading = t("attacks.costs", attacker=t(f"masks.{attacker}"), target=percent(target))
    st.plotly_chart(
        figures.ranged(
            lines, (t("attacks.area"), t("attacks.rate_axis")), here=100 * here, level=100 * target, up=(-2, 102)
        ),
        config=figures.CONFIG,
        key="mask_tradeoff",
        alt=f"{reading} {'; '.join(costs)}",
    )
    st.markdown("\n".join([reading, "", *(f"- {cost}" for cost in costs)]))
    st.caption(t("attacks.note", count=hunt.count, chance=percent(CHANCE)))


def _rate(hits: int, count: int) -> tuple[float, float, float]:
    """A rate with the ends of its interval, in percent."""
    low, high = wilson(hits, count)
    return 100 * hits / count, 100 * low, 100 * high


def _released(point: Point, count: int) -> None:
    """What would be given away with this mask, and who could still make use of it."""
    rates, still = [], []
    for name, hits in point.hits.items():
        low, high = wilson(hits, count)
        attacker = t(f"masks.{name}")
        rates.append(
            t("attacks.rate", attacker=attacker, rate=percent(hits / count), low=percent(low), high=percent(high))
        )
        if low > CHANCE:
            still.append(attacker)
    told = {"area": percent(point.area), "visible": percent(point.visible), "count": count}
    text = t("attacks.released", rates="; ".join(rates), **told)
    if still:
        st.warning(f"{text} {t('attacks.still', attackers=', '.join(still))}")
    else:  # no success before the strongest attacker was asked
        said = st.success if "retrained" in point.hits else st.info
        said(f"{text} {t('attacks.nobody', chance=percent(CHANCE))}")
