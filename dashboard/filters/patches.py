"""The real images that excite a channel most: patches of rendered captures, of digits, or of own photos."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import images
from core.colours import contact_sheet
from core.features import Patches, tasks
from core.networks.entry import Entry
from dashboard.shared import layers, pictures, uploads
from dashboard.shared.links import choice
from dashboard.shared.text import number, t
from dashboard.shared.workers import Keyed, ask


def top_patches(entry: Entry, layer: str, channel: int) -> None:
    """Beside the synthetic image the real ones: what of captures or of own photos the channel responds to most."""
    if layer not in layers.spatial(entry):
        return
    st.header(t("filters.patches"), anchor=False)
    sheet, controls = st.columns(2, gap="large")
    rendered = "digits" if entry.subject == "digit" else "captures"
    with controls:
        source = choice(
            st.segmented_control,
            t("filters.patches_of"),
            (rendered, "photos"),
            key="patches_of",
            default=rendered,
            format_func=lambda name: t(f"filters.patches_of_{name}"),
        )
        photos = uploads.own_photos(entry) if source == "photos" else None
    if photos is None and source == "photos":
        sheet.info(t("filters.patches_none"))
        return
    patches: Patches = ask(tasks.top_patches, entry, layer, channel, photos=None if photos is None else _keyed(photos))
    high, low = (number(float(value), 2) for value in patches.activations[[0, -1]])
    controls.markdown(t(f"filters.patches_among_{source}", count=patches.searched, high=high, low=low))
    sheet.image(
        pictures.data_url(pictures.encode_photo(contact_sheet(patches.images))),
        width="stretch",
        alt=t(f"filters.patches_alt_{source}", channel=channel, layer=layer, shown=len(patches.images)),
    )


def _keyed(photos: np.ndarray) -> Keyed:
    """Photos of the person at the screen as an argument whose answer is kept for this session alone."""
    return Keyed(images.digest(photos), lambda: photos, private=True)
