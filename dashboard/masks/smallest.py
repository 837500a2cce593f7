"""How small may a mask be? Area against re-identification, the smallest mask for a target, what would be released."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core import faces
from core.intervals import wilson
from core.masking import chart, fills, frame_from_presets, study, tasks
from core.masking.subset_search import Trial
from core.masking.tasks import MaskSearch, OperatingPoint, Reidentification
from core.progress import Progress
from dashboard.masks import mask_state, verdict
from dashboard.masks.effect import SIDE, MaskedFace
from dashboard.masks.verdict import CHANCE
from dashboard.shared import figures, pictures
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import number, percent, t
from dashboard.shared.workers import job


@dataclass(frozen=True)
class Request:
    """For whom a mask is searched, how, and with which fill."""

    strategy: str
    people: tuple[int, ...]
    fill: str
    params: tasks.Params


def trade_off(face: MaskedFace) -> None:
    """The masks that were stored for a group, or those that are searched now."""
    left, right = st.columns(2, gap="large")
    with left:
        strategy = choice(
            st.pills,
            t("attacks.way"),
            tasks.STRATEGIES,
            key="mask_hunt",
            default=tasks.STRATEGIES[0],
            format_func=lambda name: t(f"attacks.way_{name}"),
        )
    st.markdown(t(f"attacks.way_{strategy}_help"))
    group = faces.GROUPS[0] if face.image.person is None else faces.group_of(face.image.person)
    sources = ("stored",) * (strategy in study.stored()[group]) + ("person", "group") * face.is_known
    if not sources:
        st.info(t("masks.strangers"))
        return
    with right:
        source = choice(
            st.pills,
            t("attacks.source"),
            sources,
            key="mask_source",
            default=sources[0],
            format_func=lambda name: t(f"attacks.source_{name}"),
        )
    if source == "stored":
        _stored(face, strategy, group)
    else:
        people = faces.members(group) if source == "group" else (face.class_index,)
        _searched(face, Request(strategy, people, face.disguise.fill, face.disguise.params))


def _stored(face: MaskedFace, strategy: str, group: faces.Group) -> None:
    """What was searched beforehand for a whole group, by default the person's."""
    group = choice(
        st.segmented_control,
        t("picture.group"),
        faces.GROUPS,
        key=f"mask_group_{group}",
        default=group,
        format_func=lambda name: t("attacks.group", group=name),
        label_visibility="collapsed",
    )
    _place_search(face, study.stored()[group][strategy], "black", ())


def _searched(face: MaskedFace, request: Request) -> None:
    """A search for this person or group; its mask can then be put before the attacker who trains on it."""
    if request.fill not in tasks.SEARCH_FILLS:
        st.info(t("attacks.other_fill", fills=", ".join(t(f"masks.fill_{name}") for name in tasks.SEARCH_FILLS)))
        return
    people, fill, params = request.people, request.fill, request.params
    search: MaskSearch | None = job(
        tasks.search,
        face.network,
        people,
        request.strategy,
        fill,
        params,
        draw=_draw_progress,
        at_once=False,
        name="mask_search",
    )
    if search is None:
        return
    trial = _place_search(face, search, fill, params)
    st.markdown(t("attacks.retrain", count=number(tasks.TRAINING_CAPTURES * faces.PEOPLE)))
    outcome: Reidentification | None = job(
        tasks.reidentify_behind_mask,
        face.network,
        people,
        trial.mask,
        fill,
        params,
        tasks.TEST_CAPTURES,
        at_once=False,
    )
    if outcome is not None:
        verdict.place_rates(outcome, "mask")


def _draw_progress(progress: Progress) -> None:
    """A capture behind the mask that is being tried."""
    if progress.picture:
        image, caption = pictures.data_url(progress.picture), t("attacks.seeking")
        st.image(image, width=SIDE // 2, alt=caption, caption=caption)


def _place_search(face: MaskedFace, search: MaskSearch, fill: str, params: tasks.Params) -> Trial:
    """The curves of one attacker, the mask for the target, which is returned, and what would be released with it."""
    attackers = list(search.points[0].hits)
    left, right = st.columns(2, gap="large")
    with left:
        attacker = choice(
            st.pills,
            t("attacks.attacker"),
            attackers,
            key="mask_attacker",
            default=attackers[-1],
            format_func=lambda name: t(f"masks.{name}"),
        )
    target = right.slider(t("attacks.target"), 0, 50, 5, key="mask_target", **BOUND) / 100
    last = len(search.trials) - 1
    place = next((place for place, trial in enumerate(search.trials) if trial.rate <= target), last)
    trial, point = search.trials[place], search.points[place]
    curves, mask = st.columns([3, 2], gap="large")
    with curves:
        _place_curves(search, attacker, target, point.area)
    with mask:
        _place_mask(face, trial, target, fill, params)
    _place_release(point, search.count)
    return trial


def _place_mask(face: MaskedFace, trial: Trial, target: float, fill: str, params: tasks.Params) -> None:
    """The mask on the face, and whether it is enough for the target."""
    image = face.image
    if image.capture is None:
        frame = frame_from_presets(mask_state.presets_on(image))
    else:
        frame = chart.frame_from_capture(image.capture)
    hidden = chart.project(trial.mask, frame, len(image.image))
    label = "shown" if trial.rate <= target else "not_reached"
    caption = t(f"attacks.{label}", target=percent(target), rate=percent(trial.rate))
    if parts := ", ".join(t(f"attacks.part_{name}") for name in trial.names if name in chart.PARTS):
        caption += f" {t('attacks.parts', parts=parts)}"
    pictures.captioned_image(fills.blend(image.image, hidden, fill, **dict(params)), caption)


def _place_curves(search: MaskSearch, attacker: str, target: float, area: float) -> None:
    """Area against the rate of an attacker for the masks and for the bars, and what the target costs."""
    kinds = {t("attacks.found"): search.points} | {t(f"attacks.bar_{name}"): bars for name, bars in search.bars.items()}
    lines = {
        name: [(100 * p.area, *_rate(p.hits[attacker], search.count)) for p in sorted(points, key=lambda p: p.area)]
        for name, points in kinds.items()
    }
    costs = []
    for name, points in kinds.items():
        enough = [point.area for point in points if point.hits[attacker] <= target * search.count]
        costs.append(
            t("attacks.cost", name=name, area=percent(min(enough))) if enough else t("attacks.never", name=name)
        )
    reading = t("attacks.costs", attacker=t(f"masks.{attacker}"), target=percent(target))
    st.plotly_chart(
        figures.interval_curves(
            lines,
            (t("attacks.area"), t("attacks.rate_axis")),
            marked_x=100 * area,
            marked_y=100 * target,
            y_range=(-2, 102),
        ),
        config=figures.CONFIG,
        key="mask_tradeoff",
        alt=f"{reading} {'; '.join(costs)}",
    )
    st.markdown("\n".join([reading, "", *(f"- {cost}" for cost in costs)]))
    st.caption(t("attacks.note", count=search.count, chance=percent(CHANCE)))


def _rate(hits: int, count: int) -> tuple[float, float, float]:
    """A rate with the ends of its interval, in percent."""
    low, high = wilson(hits, count)
    return 100 * hits / count, 100 * low, 100 * high


def _place_release(point: OperatingPoint, count: int) -> None:
    """What would be given away with this mask, and which attackers could still make use of it."""
    rates, above_chance = [], []
    for name, hits in point.hits.items():
        low, high = wilson(hits, count)
        attacker = t(f"masks.{name}")
        rates.append(
            t("attacks.rate", attacker=attacker, rate=percent(hits / count), low=percent(low), high=percent(high))
        )
        if low > CHANCE:
            above_chance.append(attacker)
    values = {"area": percent(point.area), "visible": percent(point.visible), "count": count}
    text = t("attacks.released", rates="; ".join(rates), **values)
    if above_chance:
        st.warning(f"{text} {t('attacks.still', attackers=', '.join(above_chance))}")
    else:  # no success before the strongest attacker has tried
        box = st.success if "retrained" in point.hits else st.info
        box(f"{text} {t('attacks.nobody', chance=percent(CHANCE))}")
