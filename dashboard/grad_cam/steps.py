"""A method step by step: what each step makes, its shape, and its line of code as it stands in `core/`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import colours
from core.attribution import Method
from core.attribution.tasks import Explanation
from dashboard.explain.request import Request
from dashboard.shared import figures, lesson, names, pictures
from dashboard.shared.text import has, number, significant, t

SIDE = 448
MOST_MAPS = 16
IN_A_ROW = 3
RESULT = "map"
"""Name of a method's last step, whose result is the saliency map itself."""


@dataclass(frozen=True)
class Step:
    """An intermediate result by its `name` in a map's `steps`, its `symbol`, and how the line begins that makes it.

    A `signed` one is coloured on both sides of 0.
    """

    name: str
    symbol: str
    line: str
    signed: bool = False


STEPS: dict[str, tuple[Step, ...]] = {
    "cam": (
        Step("feature_maps", "A", "maps = "),
        Step("weights", "w^c", "weights = "),
        Step(RESULT, r"\sum_k w^c_k A_k", "return "),
    ),
    "grad_cam": (
        Step("feature_maps", "A", "feature_maps = "),
        Step("score", "y_c", "score = "),
        Step("gradients", r"\partial y_c / \partial A", "gradients = ", signed=True),
        Step("weights", "w^c", "weights = "),
        Step("weighted", r"\sum_k w^c_k A_k", "weighted = ", signed=True),
        Step(RESULT, "M^c", "values = "),
    ),
    "hires_cam": (
        Step("feature_maps", "A", "steps, "),
        Step("gradients", r"\partial y_c / \partial A", "steps, ", signed=True),
        Step("weighted", r"\sum_k \partial y_c / \partial A_k \odot A_k", "weighted = ", signed=True),
        Step(RESULT, "M^c", "return "),
    ),
    "grad_cam_plus_plus": (
        Step("feature_maps", "A", "steps, "),
        Step("gradients", r"\partial y_c / \partial A", "steps, ", signed=True),
        Step("alphas", r"\alpha^c", "alphas = ", signed=True),
        Step("weights", "w^c", "weights = "),
        Step("weighted", r"\sum_k w^c_k A_k", "weighted = ", signed=True),
        Step(RESULT, "M^c", "return "),
    ),
    "score_cam": (
        Step("feature_maps", "A", "layer_maps = layer_maps["),
        Step("scores", r"y_c(x \odot A_k)", "scores[batch] = "),
        Step("weights", "w^c", "weights = "),
        Step(RESULT, "M^c", "weighted = "),
    ),
    "fem": (
        Step("feature_maps", "A", "maps = "),
        Step("thresholds", r"\mu_k + K \sigma_k", "thresholds = "),
        Step("strong", "B", "strong = "),
        Step("weights", r"\mu", "means = "),
        Step(RESULT, r"\sum_k \mu_k B_k", "return "),
    ),
}
"""Method -> its steps, in the order of its formula."""

FUNCTIONS = {"grad_cam": "core.attribution.grad_cam:step_by_step"}
"""Method -> the function that takes the steps, where that is not the method's own."""


def sources(method: Method) -> tuple[str, ...]:
    """The functions of a method, the one that takes the steps first."""
    own = f"{method.module}:{method.name}"
    return tuple(dict.fromkeys((FUNCTIONS.get(method.name, own), own)))


def place_steps(request: Request, explanation: Explanation, overlay: bytes) -> None:
    """The steps as rows of cards, the last with the encoded `overlay`; nothing for a method without feature maps."""
    steps = STEPS.get(request.method.name, ())
    if not steps:
        return
    st.header(t("steps.title", method=request.method.title, count=len(steps)), anchor=False)
    results = {**explanation.map.steps, RESULT: explanation.map.values}
    weights = results.get("weights", np.abs(results["feature_maps"]).max(axis=(0, 1)))
    channels = dict(request.params).get("channels", range(len(weights)))
    shown = sorted(sorted(channels, key=lambda k: -abs(float(weights[k])))[:MOST_MAPS])
    index = explanation.class_index
    words = {
        "shown": number(len(shown)),
        "count": number(len(weights)),
        "label": "" if index is None else names.class_names(request.network)[index],
    }
    for start in range(0, len(steps), IN_A_ROW):
        for place, column in zip(range(start, len(steps)), st.columns(IN_A_ROW), strict=False):
            step = steps[place]
            values = np.asarray(results[step.name], np.float32)
            high = float((np.abs(values) if step.signed else values).max())
            title, help = (t(key, **words, high=significant(high)) for key in _labels(request.method, step))
            with column.container(border=True, height="stretch"):
                st.markdown(f"**{place + 1}. {title}**")
                if step.name == RESULT:
                    st.image(overlay, width="stretch", alt=title)
                else:
                    _draw(step, values, high, channels, shown, title, words["label"])
                st.caption(help)
                st.markdown(f"{t('steps.shape')}: ${step.symbol}$ `{values.shape}`")
                code = lesson.source_line(sources(request.method)[0], step.line)
                st.code(code, language="python", wrap_lines=True)


def _labels(method: Method, step: Step) -> list[str]:
    """Keys of a step's title and help: the method's own where there are such, else those of all methods."""
    owns = (f"steps.{method.name}_{step.name}{ending}" for ending in ("", "_help"))
    return [own if has(own) else own.replace(f"{method.name}_", "") for own in owns]


def _draw(
    step: Step,
    values: np.ndarray,
    high: float,
    channels: Sequence[int],
    shown: Sequence[int],
    title: str,
    label: str,
) -> None:
    """A number as such, a vector as bars, one map as cells, and maps as a sheet of the channels that are `shown`."""
    if values.ndim == 0:
        st.metric(label, number(float(values), 2), help=title)
    elif values.ndim == 1:
        chart = figures.signed_bars(values, channels, (t("steps.channel"), t("steps.weight")))
        st.plotly_chart(chart, config=figures.CONFIG, alt=title)
    elif values.ndim == 2:
        heatmap = colours.heatmap(values, high=float(np.abs(values).max()), signed=True)
        st.image(pictures.encode_drawing(pictures.enlarge_pixels(heatmap, SIDE)), width="stretch", alt=title)
    else:
        sheet = pictures.map_sheet(values, high=high, signed=step.signed, channels=shown, columns=4)
        st.image(pictures.encode_drawing(sheet), width="stretch", alt=title)
