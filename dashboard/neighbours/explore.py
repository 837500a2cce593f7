"""kNN or network on screen: which pictures, which embedding, and what each head makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from core import faces
from core.compute import Progress
from core.digits import CLASSES, MNIST
from core.intervals import wilson
from core.neighbours import BASELINES, METRICS, WEIGHTS, tasks
from core.neighbours.album import SOURCES
from core.neighbours.collection import Collection, Settings, confusion
from core.neighbours.tasks import MOST_LIVE
from core.networks.entry import Entry
from core.networks.table import knows_people
from dashboard.components import cloud
from dashboard.neighbours import figures as embedding_figures
from dashboard.neighbours import photos
from dashboard.shared import cached, controls, figures, jobs, pictures
from dashboard.shared.cached import Data
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice, remember
from dashboard.shared.text import number, percent, significant, t

NETWORK = "network"
"""The embedding of the network in the sidebar; the others are core's baselines."""
DIGITS = "digits"
PHOTOS = ("own", "olivetti", "lfw")
"""Sources of digits, and of photos of people whom nobody drew."""
PEOPLE = (2, 3, 5, 10, 20, 30, 48, 100)
CROWDS = (300, 1000)
"""Numbers of people to choose from; crowds only where their embeddings are stored."""
MOST_SAMPLES = 10
EPOCHS = 60
POINT = "knn_point"
"""Under this key the session and the address keep the row of the picture in hand."""
MANY = 2_000
"""Points of a map beyond which they are smaller."""
SIZES = {False: (8, 12), True: (5, 8)}
"""Pixels of a picture that is asked about, and of an enrolled one, among few and among many."""
SEEN, SMALL = 224, 104
"""Sides in pixels of a picture in hand, and of its neighbours."""


@dataclass(frozen=True)
class Asked:
    """What the controls say: the network, the embedded pictures, and how they are divided and compared."""

    network: Entry
    data: Data
    settings: Settings

    @property
    def collection(self) -> Collection:
        """The embedded pictures."""
        assert self.data.content is not None
        return self.data.content

    @property
    def drawn(self) -> Settings:
        """The settings without what belongs to kNN alone: what does not follow them is computed once."""
        return replace(self.settings, k=1, metric=METRICS[0], weights=WEIGHTS[0])

    def name(self, label: int) -> str:
        """Whom a label stands for."""
        if label < 0:
            return t("neighbours.somebody_else")
        named = self.collection.album.names[label]
        return t("picture.person_name", number=named) if self.collection.album.shots is not None else named


# --- controls ---------------------------------------------------------------------------------------------------------


def ask(frame: Frame) -> Asked | None:
    """The controls; None while the pictures are being embedded, or before there are any."""
    entry = frame.network
    source, embedding = _source(entry)
    data_side, head_side = st.columns(2, gap="large")
    with data_side:
        count = _people(entry, embedding, source)
        data = _data(entry, embedding, source, count)
    if data is None:
        return None
    assert data.content is not None
    with data_side:
        samples_of = "neighbours.samples_of_digit" if source == DIGITS else "neighbours.samples"
        samples = st.slider(t(samples_of), 1, MOST_SAMPLES, 5, key="knn_samples", **BOUND)
        with st.expander(t("neighbours.harder"), icon=":material/warning:"):
            noise = st.slider(t("neighbours.noise"), 0, 50, 0, 5, format="%d %%", key="knn_noise", **BOUND)
            unknown = st.slider(t("neighbours.unknown"), 0, 60, 0, 10, format="%d %%", key="knn_unknown", **BOUND)
            seed = int(st.number_input(t("controls.seed"), 0, 999, 0, key="knn_seed", **BOUND))
    with head_side:
        k = st.slider(t("neighbours.k"), 1, 25, 3, key="knn_k", help=t("neighbours.k_help"), **BOUND)
        metric = _pick("metric", METRICS)
        weights = _pick("weights", WEIGHTS)
        if source in PHOTOS and embedding == NETWORK and knows_people(entry):
            st.caption(t("neighbours.drawn_people"))
    samples = min(samples, data.content.most_samples)
    settings = Settings(k, metric, weights, count, samples, noise / 100, unknown / 100, seed)
    return Asked(entry, data, settings)


def _pick(name: str, options: Sequence[str], default: str | None = None) -> str:
    return choice(
        st.segmented_control,
        t(f"neighbours.{name}"),
        options,
        key=f"knn_{name}",
        default=default or options[0],
        format_func=lambda option: t(f"neighbours.{option}"),
        required=True,
        help=t(f"neighbours.{name}_help"),
    )


def _source(entry: Entry) -> tuple[str, str]:
    left, right = st.columns([3, 2], gap="large")
    with left:
        source = choice(
            st.pills,
            t("neighbours.source"),
            SOURCES,
            key="knn_source",
            default=DIGITS if entry.subject == "digit" else SOURCES[0],
            format_func=lambda name: t(f"neighbours.source_{name}"),
            required=True,
        )
    with right:
        embedding = choice(
            st.segmented_control,
            t("neighbours.embedding"),
            (NETWORK, *BASELINES),
            key="knn_embedding",
            default=NETWORK,
            format_func=lambda name: entry.name if name == NETWORK else t(f"neighbours.{name}"),
            required=True,
            help=t("neighbours.embedding_help", layer=entry.embedding_layer),
        )
    return source, embedding


def _people(entry: Entry, embedding: str, source: str) -> int:
    most = {"known": faces.PEOPLE, DIGITS: CLASSES}.get(source, max(PEOPLE))
    options = [count for count in PEOPLE if count <= most]
    if source == "new" and tasks.is_stored(entry, embedding, source):
        options += CROWDS
    label = t("neighbours.digits" if source == DIGITS else "neighbours.people")
    return choice(st.select_slider, label, options, key="knn_people", default=min(20, options[-1]))


def _data(entry: Entry, embedding: str, source: str, count: int) -> Data | None:
    """The embedded pictures, at once where they are stored; else a job makes them."""
    if tasks.is_stored(entry, embedding, source):
        found = cached.stored_people(entry, source, count)
        return Data(found.digest, found)
    own = photos.album(entry) if source == "own" else None
    if source == "own" and own is None:
        return None
    private = own is not None
    count = count if source in ("new", "known") else 0
    digest = own.digest if own else f"{source} {MNIST.here}"  # digits that were fetched meanwhile are other digits
    asked = Data(digest, None, private)
    found = jobs.answer(
        "embed", asked, ("embed", entry, embedding, count), jobs.steps_alone, tasks.collect, entry, embedding, source,
        count, own, at_once=source not in ("olivetti", "lfw"),
    )  # fmt: skip
    return None if found is None else Data(found.digest, found, private)


# --- what the heads say -----------------------------------------------------------------------------------------------


def heads(asked: Asked) -> Any:
    """How many pictures each head names right, with intervals; returns what they said."""
    found = cached.compare_heads(asked.data, asked.settings)
    known, truth = found.split.known, asked.collection.labels[found.split.queries]
    count = int(known.sum())
    said = found.said | cached.learned_heads(asked.data, asked.drawn) | _trained(asked)
    hits = {head: int((answer.labels == truth)[known].sum()) for head, answer in said.items()}
    names = [t(f"neighbours.{head}") for head in hits]
    rates = {head: right / count for head, right in hits.items()}
    chart, told = st.columns([3, 2], gap="large", vertical_alignment="center")
    chart.plotly_chart(
        figures.dots(
            names,
            [100 * rate for rate in rates.values()],
            [tuple(100 * end for end in wilson(right, count)) for right in hits.values()],
            (),
            100 / len(found.split.people),
            unit="\u202f%",
        ),
        config=figures.CONFIG,
        key="knn_rates",
        alt=", ".join(f"{name} {percent(rate)}" for name, rate in zip(names, rates.values(), strict=True)),
    )
    with told:
        for name, right in zip(names, hits.values(), strict=True):
            low, high = wilson(right, count)
            values = {"hits": number(right), "count": number(count), "rate": percent(right / count)}
            st.markdown(t("neighbours.right", name=name, low=percent(low), high=percent(high), **values))
        st.caption(
            t(
                "neighbours.counted",
                enrolled=number(len(found.split.gallery)),
                people=number(len(found.split.people)),
                count=number(count),
                strangers=number(int((~known).sum())),
            )
        )
        if "softmax" not in said:
            st.caption(t("neighbours.no_softmax", name=asked.collection.embedding))
        if "linear" not in said:
            st.caption(t("neighbours.no_linear", most=MOST_LIVE))
    return replace(found, said=said)


def _trained(asked: Asked) -> dict[str, Any]:
    """What the perceptron says, once it was trained on just these pictures."""
    try:
        return {"mlp": cached.finished(asked.data, _lesson(asked)).said}
    except LookupError:
        return {}


def _lesson(asked: Asked) -> tuple[Any, ...]:
    return "mlp", asked.drawn, EPOCHS


def perceptron(asked: Asked, found: Any) -> None:
    """The perceptron trained while one watches."""
    seen: dict[int, float] = st.session_state.setdefault("mlp_seen", {})

    def draw(progress: Progress) -> None:
        if progress.step < max(seen, default=0):  # it was started again
            seen.clear()
        if "accuracy" in progress.values:
            seen[progress.step] = progress.values["accuracy"]
        if seen:
            _learned(list(seen), list(seen.values()))

    before = "mlp" in found.said
    lesson = jobs.answer(
        "mlp", asked.data, _lesson(asked), draw, tasks.train, asked.collection, asked.drawn, EPOCHS, at_once=False
    )
    if lesson is None:
        return
    if not before:  # so that what stands above says it too
        st.rerun()
    _learned(range(1, EPOCHS + 1), lesson.accuracy.tolist())
    st.caption(
        t(
            "neighbours.learned",
            epochs=EPOCHS,
            seconds=significant(lesson.said.fit_seconds),
            loss=significant(float(lesson.loss[-1])),
            accuracy=percent(float(lesson.accuracy[-1])),
        )
    )


def _learned(epochs: Sequence[int], accuracy: Sequence[float]) -> None:
    percents = [100 * share for share in accuracy]
    st.plotly_chart(
        figures.curves(
            {t("neighbours.mlp"): (epochs, percents)}, (t("neighbours.epoch"), t("neighbours.accuracy")), up=(-2, 102)
        ),
        config=figures.CONFIG,
        key="mlp_curve",
        alt=f"{t('neighbours.mlp')}: {percent(accuracy[-1])}",
    )


# --- the map ----------------------------------------------------------------------------------------------------------


def embedding_map(asked: Asked, found: Any) -> None:
    """The embedding in two or three dimensions, and the picture in hand."""
    with st.container(horizontal=True):
        way = _pick("way", ("pca", "tsne", "umap"))
        dimensions = choice(
            st.segmented_control,
            t("neighbours.dimensions"),
            (2, 3),
            key="knn_dimensions",
            default=2,
            format_func=lambda count: t("neighbours.dimension", count=count),
            required=True,
        )
        grouped = any(asked.collection.album.groups)
        colour = _pick("colour", ("by_person", "by_group", "by_knn", "by_linear") if grouped
                       else ("by_person", "by_knn", "by_linear"))  # fmt: skip
    if way == "pca":
        places = cached.principal_map(asked.data, asked.drawn, dimensions)
    else:
        places = jobs.answer(
            "map", asked.data, ("map", way, dimensions, asked.drawn), jobs.steps_alone, tasks.lay_out,
            asked.collection, asked.drawn, way, dimensions,
        )  # fmt: skip
    if places is None:
        return
    row = _in_hand(asked, found)
    drawn, told = st.columns([3, 2], gap="large")
    with drawn:
        _cloud(asked, found, places, colour, row)
    with told:
        _point(asked, found, row)


def _in_hand(asked: Asked, found: Any) -> int:
    """The row of the picture in hand: the one that was clicked or stands in the address; else the first that kNN gets
    wrong, if it does.
    """
    split = found.split
    wrong = found.said["knn"].labels != asked.collection.labels[split.queries]
    first = int(split.queries[np.argmax(wrong)])
    rows = {str(row): int(row) for row in np.r_[split.gallery, split.queries]}
    row = rows.get(str(st.session_state.get(POINT, st.query_params.get(POINT))), first)
    remember(POINT, row, first)
    return row


def _cloud(asked: Asked, found: Any, places: np.ndarray, colour: str, row: int) -> None:
    split, labels = found.split, asked.collection.labels
    rows = np.r_[split.gallery, split.queries]
    rows = rows[np.isfinite(places[rows, 0])]
    large = np.isin(rows, split.gallery)
    kinds = list(zip(labels[rows].tolist(), large.tolist(), strict=True))
    about = {kind: _about(asked, *kind) for kind in set(kinds)}
    at = {int(one): place for place, one in enumerate(rows)}
    near = [at[int(other)] for other in _neighbours(found, row)[0] if int(other) in at]
    sizes = SIZES[len(rows) > MANY]
    points = [
        cloud.Marker(*look, sizes[kind[1]], about[kind])
        for look, kind in zip(_looks(asked, found, rows, colour), kinds, strict=True)
    ]

    def opened(place: int) -> None:
        st.session_state[POINT] = int(rows[place])

    alt = t("neighbours.map_alt", count=number(len(rows)), people=number(len(split.people)))
    cloud.embedding_map(places[rows], points, at.get(row), near, alt, "knn_cloud", opened)
    note = t("neighbours.map_note", count=number(len(rows)), enrolled=number(int(large.sum())))
    st.caption(f"{note} {t('cloud.solid_help' if places.shape[1] == 3 else 'cloud.flat_help')}")


def _looks(asked: Asked, found: Any, rows: np.ndarray, colour: str) -> list[tuple[str, int]]:
    """Colour and mark of every point."""
    labels, split = asked.collection.labels, found.split
    if colour == "by_group":
        groups = asked.collection.album.groups
        return [(figures.ORANGE, 1) if groups[label] == "B" else (figures.BLUE, 0) for label in labels[rows]]
    head = colour.removeprefix("by_")
    if colour == "by_person" or head not in found.said:
        return [embedding_figures.mark(int(label)) for label in labels[rows]]
    right = dict(zip(split.queries, (found.said[head].labels == labels[split.queries]).tolist(), strict=True))
    looks = {None: (figures.GREY, 0), True: (figures.BLUE, 0), False: (figures.ORANGE, 4)}
    return [looks[right.get(row)] for row in rows]


def _about(asked: Asked, label: int, enrolled: bool) -> str:
    return f"{asked.name(label)} · {t('neighbours.enrolled' if enrolled else 'neighbours.asked')}"


def _neighbours(found: Any, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and distances of the nearest to a query; none to an enrolled picture."""
    place = np.flatnonzero(found.split.queries == row)
    if not len(place):
        return np.zeros(0, int), np.zeros(0)
    return found.neighbours[place[0]], found.distances[place[0]]


def _point(asked: Asked, found: Any, row: int) -> None:
    """The picture in hand: what each head says of it and why."""
    collection, split = asked.collection, found.split
    options = [int(one) for one in split.queries]
    st.session_state["knn_query"] = row if row in options else None

    def chosen() -> None:
        st.session_state[POINT] = st.session_state["knn_query"]

    st.selectbox(
        t("neighbours.query"),
        options[: 10 * MOST_LIVE],
        key="knn_query",
        format_func=lambda one: f"{asked.name(int(collection.labels[one]))} · {t('neighbours.number', number=one)}",
        on_change=chosen,
        placeholder=t("neighbours.of_gallery"),
    )
    who = asked.name(int(collection.labels[row]))
    shown, says = st.columns([2, 3], vertical_alignment="center")
    shown.image(pictures.photo(collection.album.picture(row, SEEN)), width="stretch", alt=who, caption=who)
    if row not in options:
        name = asked.name(int(split.labels[split.gallery == row][0]))
        says.markdown(t("neighbours.enrolled_as", name=name))
        return
    place = options.index(row)
    with says:
        for head, said in found.said.items():
            votes = [
                f"{asked.name(int(label))} {percent(float(share))}"
                for label, share in zip(said.first[place], said.shares[place], strict=True)
                if share > 0.001
            ]
            right = "✓" if said.labels[place] == collection.labels[row] else "✗"
            st.markdown(f"{right} **{t(f'neighbours.{head}')}**: {', '.join(votes)}")
    st.markdown(t("neighbours.nearest", k=len(found.neighbours[place])))
    enrolled = dict(zip(split.gallery, split.labels, strict=True))
    with st.container(horizontal=True):
        for other, distance in zip(found.neighbours[place], found.distances[place], strict=True):
            name = asked.name(int(enrolled[other]))
            caption = f"{name} · {number(float(distance), 3)}"
            picture = collection.album.picture(int(other), SMALL)
            st.image(pictures.photo(picture), width=SMALL, alt=caption, caption=caption)


# --- regions and confusions -------------------------------------------------------------------------------------------


def decision_regions(asked: Asked, found: Any) -> None:
    """Whom kNN and a linear head name everywhere on the map, side by side."""
    if asked.settings.people > MOST_LIVE:
        st.info(t("neighbours.too_many", most=MOST_LIVE))
        return
    drawn = cached.decision_regions(asked.data, asked.settings)
    places = cached.principal_map(asked.data, asked.drawn, 2)[found.split.gallery]
    texts = [_about(asked, int(label), True) for label in found.split.labels]
    for column, head in zip(st.columns(2, gap="large"), drawn.labels, strict=True):
        with column:
            title = t(f"neighbours.{head}_on_map", k=asked.settings.k)
            st.subheader(title, anchor=False)
            st.plotly_chart(
                embedding_figures.regions(drawn.x, drawn.y, drawn.labels[head], places, found.split.labels, texts),
                config=figures.CONFIG,
                key=f"regions_{head}",
                alt=title,
            )
            st.caption(t("neighbours.on_map_accuracy", accuracy=percent(drawn.accuracy[head])))


def confusions(asked: Asked, found: Any) -> None:
    """Who is taken for whom by each head, side by side."""
    if asked.settings.people > MOST_LIVE:
        st.info(t("neighbours.too_many", most=MOST_LIVE))
        return
    split, said = found.split, found.said
    names = [asked.collection.album.names[label] for label in split.people]
    truth = asked.collection.labels[split.queries][split.known]
    for start in range(0, len(said), 2):
        for column, head in zip(st.columns(2, gap="large"), list(said)[start : start + 2], strict=False):
            matrix = confusion(split.people, truth, said[head].labels[split.known])
            with column:
                title = t(f"neighbours.{head}")
                st.subheader(title, anchor=False)
                st.plotly_chart(
                    embedding_figures.confusion(matrix, names, (t("neighbours.is"), t("neighbours.taken_for"))),
                    config=figures.CONFIG,
                    key=f"confusion_{head}",
                    alt=f"{title}: {percent(float(matrix.diagonal().mean()))}",
                )


def part(parts: Sequence[str]) -> str:
    """Which part of the page is shown: what the heads say, the constraints, or two pictures held against each other."""
    return choice(
        st.segmented_control,
        t("neighbours.part"),
        parts,
        key="knn_part",
        default=parts[0],
        format_func=lambda name: t(f"neighbours.part_{name}"),
        required=True,
        width="stretch",
    )


VIEWS = {"map": embedding_map, "regions": decision_regions, "confusions": confusions, "perceptron": perceptron}


def show(asked: Asked) -> None:
    """What the heads say, and the view of choice."""
    st.header(t("neighbours.who_is_right"), anchor=False)
    found = heads(asked)
    controls.part("neighbours", "view", VIEWS, key="knn_view", label_visibility="collapsed")(asked, found)
