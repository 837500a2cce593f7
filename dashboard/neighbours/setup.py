"""Which images, which embedding, and how the heads are compared: the controls above every part of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.digits import available_source
from core.neighbours import BASELINES, METRICS, NETWORK, WEIGHTS, tasks
from core.neighbours.album import SOURCES
from core.neighbours.collection import Collection, Settings
from core.networks.entry import Entry
from core.networks.table import knows_people
from dashboard.neighbours import photos
from dashboard.shared.frame import Frame
from dashboard.shared.links import BOUND, choice
from dashboard.shared.text import t
from dashboard.shared.workers import Keyed, ask, job

PEOPLE = (2, 3, 5, 10, 20, 30, 48, 100)
CROWDS = (300, 1000)
"""Numbers of people to choose from; crowds only where their embeddings are stored."""
MOST_SAMPLES = 10


@dataclass(frozen=True)
class Setup:
    """The network, the embedded images, and how they are divided and compared.

    A `private` collection is of photos that the person at the screen brought.
    """

    network: Entry
    collection: Collection
    private: bool
    settings: Settings

    @property
    def keyed(self) -> Keyed:
        """The collection as an argument of `ask` and `job`."""
        return Keyed(self.collection.digest, lambda: self.collection, self.private)

    @property
    def split_settings(self) -> Settings:
        """The settings without what belongs to kNN alone: what does not follow them is computed once."""
        return replace(self.settings, k=1, metric=METRICS[0], weights=WEIGHTS[0])

    def name(self, label: int) -> str:
        """Whom a label stands for."""
        if label < 0:
            return t("neighbours.somebody_else")
        name, rendered = self.collection.album.names[label], self.collection.album.captures is not None
        return t("picture.person_name", number=name) if rendered else name

    def image_name(self, row: int) -> str:
        """Who is on an image, and its number."""
        return f"{self.name(int(self.collection.labels[row]))} · {t('neighbours.number', number=row)}"


def setup_controls(frame: Frame) -> Setup | None:
    """The controls; None while the images are being embedded, or before there are any."""
    network = frame.network
    source, embedding = _source_picker(network)
    data_side, head_side = st.columns(2, gap="large")
    with data_side:
        count = _people_slider(network, embedding, source)
        collection = _embedded(network, embedding, source, count)
    if collection is None:
        return None
    content = SOURCES[source].content
    with data_side:
        label = "neighbours.samples_of_digit" if content == "digit" else "neighbours.samples"
        samples = st.slider(t(label), 1, MOST_SAMPLES, 5, key="knn_samples", **BOUND)
        with st.expander(t("neighbours.harder"), icon=":material/warning:"):
            noise = st.slider(t("neighbours.noise"), 0, 50, 0, 5, format="%d %%", key="knn_noise", **BOUND)
            unknown = st.slider(t("neighbours.unknown"), 0, 60, 0, 10, format="%d %%", key="knn_unknown", **BOUND)
            seed = int(st.number_input(t("controls.seed"), 0, 999, 0, key="knn_seed", **BOUND))
    with head_side:
        k = st.slider(t("neighbours.k"), 1, 25, 3, key="knn_k", help=t("neighbours.k_help"), **BOUND)
        metric = picker("metric", METRICS)
        weights = picker("weights", WEIGHTS)
        if content == "photo" and embedding == NETWORK and knows_people(network):
            st.caption(t("neighbours.drawn_people"))
    samples = min(samples, collection.most_samples)
    settings = Settings(k, metric, weights, count, samples, noise / 100, unknown / 100, seed)
    return Setup(network, collection, SOURCES[source].load is None, settings)


def picker(name: str, options: Sequence[str]) -> str:
    """One of a few options, the first by default; `knn_<name>` in the address."""
    return choice(
        st.segmented_control,
        t(f"neighbours.{name}"),
        options,
        key=f"knn_{name}",
        default=options[0],
        format_func=lambda option: t(f"neighbours.{option}"),
        help=t(f"neighbours.{name}_help"),
    )


def _source_picker(network: Entry) -> tuple[str, str]:
    """Where the images come from, and the embedding."""
    of_its_kind = [name for name, source in SOURCES.items() if source.content == network.subject]
    left, right = st.columns([3, 2], gap="large")
    with left:
        source = choice(
            st.pills,
            t("neighbours.source"),
            tuple(SOURCES),
            key="knn_source",
            default=[*of_its_kind, *SOURCES][0],
            format_func=lambda name: t(f"neighbours.source_{name}"),
        )
    with right:
        embedding = choice(
            st.segmented_control,
            t("neighbours.embedding"),
            (NETWORK, *BASELINES),
            key="knn_embedding",
            default=NETWORK,
            format_func=lambda name: network.name if name == NETWORK else t(f"neighbours.{name}"),
            help=t("neighbours.embedding_help", layer=network.embedding_layer),
        )
    return source, embedding


def _people_slider(network: Entry, embedding: str, source: str) -> int:
    most = SOURCES[source].most or max(PEOPLE)
    if not tasks.is_stored(network, embedding, source):
        most = min(most, max(PEOPLE))
    options = [count for count in (*PEOPLE, *CROWDS) if count <= most]
    label = t("neighbours.digits" if SOURCES[source].content == "digit" else "neighbours.people")
    return choice(st.select_slider, label, options, key="knn_people", default=min(20, options[-1]))


def _embedded(network: Entry, embedding: str, source: str, count: int) -> Collection | None:
    """The embedded images, at once where they are stored; else a job makes them."""
    collection: Collection | None
    if tasks.is_stored(network, embedding, source):
        collection = ask(tasks.embed_source, network, embedding, source, count)
    elif SOURCES[source].load is None:
        own = photos.album(network)
        if own is None:
            return None
        keyed = Keyed(own.digest, lambda: own, private=True)
        collection = job(tasks.embed_album, network, embedding, keyed, name="embed")
    else:
        count = count if SOURCES[source].content == "rendered" else 0  # the others have one size
        keyed = Keyed(f"{source} {available_source()}", lambda: source)  # digits fetched meanwhile are others
        at_once = not SOURCES[source].remote
        collection = job(tasks.embed_source, network, embedding, keyed, count, at_once=at_once, name="embed")
    return collection
