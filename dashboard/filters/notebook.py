"""The filter notebook on screen: a student's word for the channel in view, and beside it what dissection measures.

The notebook belongs to the session. What somebody wrote into it is only ever shown as plain text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core import images
from core.features import atlas, dissection, notebook
from core.features.dissection import Meaning
from core.networks.entry import Entry
from dashboard.components.tiles import Tile, tile_grid
from dashboard.shared import figures, pictures
from dashboard.shared.links import remember
from dashboard.shared.notebook import labels
from dashboard.shared.text import number, sentence, t
from dashboard.shared.workers import here

TILE = 112
"""Side in pixels of a channel's image."""


def label_channels(entry: Entry, layer: str, channels: Sequence[int]) -> None:
    """A field for the student's word for channels; a single one that has a word gets what it was measured to detect."""
    if not channels:
        return
    places = [(entry.name, layer, channel) for channel in channels]
    key = f"label {entry.name} {layer} {','.join(map(str, channels))}"
    words = {labels().get(place, "") for place in places}
    st.session_state[key] = words.pop() if len(words) == 1 else ""
    single = len(channels) == 1
    word, measured = st.columns(2, gap="large") if single else (st.container(), None)
    word.text_input(
        t("notebook.word", channel=channels[0], layer=layer)
        if single
        else t("notebook.words", count=len(channels), layer=layer),
        key=key,
        max_chars=notebook.MAX_LETTERS,
        placeholder=t("notebook.placeholder"),
        help=t("notebook.word_help"),
        on_change=_keep_word,
        args=(key, places),
    )
    if measured is None:
        return
    with measured:
        if places[0] in labels():
            _draw_meaning(dissection.meaning(entry.name, layer, channels[0]))
        else:  # whoever has read it sees nothing else in the image
            st.caption(t("notebook.first"))


def _keep_word(key: str, places: Sequence[tuple[str, str, int]]) -> None:
    """Keep the word; an empty one takes the channels out."""
    word = notebook.clean_label(st.session_state[key])
    for place in places:
        if word:
            labels()[place] = word
        else:
            labels().pop(place, None)


def _draw_meaning(meaning: Meaning | None) -> None:
    if meaning is None:
        st.caption(t("notebook.unmeasured", names=", ".join(dissection.NETWORKS)))
        return
    best = t(f"region.{meaning.region}")
    st.markdown(t("notebook.detects" if meaning.detects else "notebook.hardly", region=best, iou=_iou(meaning)))
    names = [t(f"region.{name}") for name in meaning.iou]
    values, texts = list(meaning.iou.values()), [number(value, 3) for value in meaning.iou.values()]
    st.plotly_chart(
        figures.probability_bars(names, [value / max(*values, 1e-9) for value in values], texts, best),
        config=figures.CONFIG,
        key="notebook_iou",
        alt=f"IoU: {', '.join(f'{name} {text}' for name, text in zip(names, texts, strict=True))}",
    )
    st.caption(
        t(
            "notebook.measured_how",
            count=dissection.CAPTURES,
            share=number(100 * dissection.QUANTILE),
            detector=number(dissection.DETECTOR, 1),
        )
    )


def _iou(meaning: Meaning) -> str:
    return number(meaning.iou[meaning.region], 2)


# --- the list, and its file -------------------------------------------------------------------------------------------


def place_notebook(entry: Entry) -> None:
    """What was labelled so far, each channel with its image of the atlas; out to a file, and in again."""
    own = [place for place in sorted(labels()) if place[0] == entry.name]
    st.header(t("notebook.title"), anchor=False)
    st.caption(t("notebook.help"))
    if own:
        channels = [_tile(index, place) for index, place in enumerate(own)]
        tile_grid(channels, "notebook_tiles", lambda index: _open(own[index]))
    else:
        st.info(t("notebook.empty", name=entry.name))
    others = len(labels()) - len(own)
    if others:
        st.caption(t("notebook.others", count=others))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            t("notebook.export"),
            notebook.write_notebook(labels()),
            "filter-notebook.json",
            "application/json",
            icon=":material/download:",
            disabled=not labels(),
            on_click="ignore",
        )
        st.button(t("notebook.clear"), icon=":material/delete:", disabled=not labels(), on_click=labels().clear)
    with st.expander(t("notebook.import"), icon=":material/upload_file:"):
        _import()


def _tile(index: int, place: tuple[str, str, int]) -> Tile:
    """A labelled channel; the word stands first, then what was measured."""
    network, layer, channel = place
    image: np.ndarray = here(_atlas_image, network, layer, channel)
    note = f"“{labels()[place]}” · {layer} · {channel}"
    if meaning := dissection.meaning(network, layer, channel):
        note += f" · {t(f'region.{meaning.region}')} {_iou(meaning)}"
    url = pictures.data_url(pictures.encode_photo(images.resize(image, TILE, TILE)))
    return Tile(index, url, t("filters.picture_alt", layer=layer, channel=channel), note)


def _atlas_image(network: str, layer: str, channel: int) -> np.ndarray:
    """The image that the atlas has of a channel, `(s, s, 3)`; grey where it has none."""
    tiles = atlas.tiles(network, layer) if layer in atlas.layers(network) else ()
    return tiles[channel] if channel < len(tiles) else np.full((TILE, TILE, 3), 0.5, np.float32)


def _open(place: tuple[str, str, int]) -> None:
    """Go to a labelled channel."""
    _, layer, channel = place
    st.session_state.update(show="one", layer=layer, channel=channel)
    remember("channel", channel, 0)


def _import() -> None:
    """A notebook from a file: its labels come to those that are there, and win where both name a channel."""
    file = st.file_uploader(t("notebook.file"), ["json"], key="notebook_file", max_upload_size=1)
    if file is None:
        return
    imported, message = st.session_state.get("notebook_read", ("", ""))
    if imported == file.file_id:  # once: a label that is changed afterwards stays changed
        st.markdown(message)
        return
    try:
        words = notebook.read_notebook(file.getvalue())
        labels().update(words)
        message = t("notebook.imported", count=len(words))
    except notebook.NotebookError as error:
        message = f":material/error: {sentence(error)}"
    st.session_state["notebook_read"] = file.file_id, message
    st.rerun()
