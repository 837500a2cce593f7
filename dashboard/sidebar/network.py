"""Choosing a network in the sidebar: which are here, which can be fetched, which are too large, and one's own."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.images import MAX_BYTES
from core.networks import files, labels, tasks
from core.networks.entry import Entry, Guest, State
from core.networks.preprocessing import PREPROCESSING
from core.networks.table import NETWORKS, refusal, untrained
from dashboard.shared import door, problems, workers
from dashboard.shared.links import choice
from dashboard.shared.text import number, t

if TYPE_CHECKING:
    from core.networks.downloads import Wanted
    from core.progress import Progress

MOST_MEGABYTES = 700
"""The largest published file has 580 MB."""


def pick_network() -> Entry:
    """The selected network; while it cannot be used, what to do about it, and the one that was used before."""
    known = {**NETWORKS, **_guests()}
    first = door.default_network()
    name = choice(st.selectbox, t("network.title"), list(known), key="network", default=first, format_func=_marked)
    entry = known[name]
    if entry.available:
        _warn_of_changes(entry)
        st.session_state["usable_network"] = entry
        if entry == untrained(entry):
            st.caption(t("network.untrained"))
    elif entry.state is State.TOO_LARGE:
        st.warning(problems.sentence(refusal(entry)), icon=":material/memory:")
    else:
        _to_download(entry)
    usable: Entry = st.session_state.get("usable_network", NETWORKS[first])
    if usable != entry:
        st.caption(t("network.meanwhile", name=usable.name))
    with st.expander(t("network.own"), icon=":material/upload_file:"):
        _bring_your_own()
    return usable


def available() -> dict[str, Entry]:
    """The networks that can be used now, by name: those of the table, and those that this session brought."""
    return {name: entry for name, entry in {**NETWORKS, **_guests()}.items() if entry.available}


def _guests() -> dict[str, Entry]:
    """The networks that this session brought, by name."""
    guests: dict[str, Entry] = st.session_state.setdefault("guests", {})
    return guests


def _marked(name: str) -> str:
    """The name, with what does not change while the server runs: a list keeps showing what it was chosen by."""
    entry = NETWORKS.get(name)
    if entry is None or entry.state is State.EMBEDDED:
        return name
    if entry.state is State.TOO_LARGE:
        return f"{name} · {t('network.too_large')}"
    return f"{name} · {t('network.size', megabytes=_megabytes(entry.size))}"


def _megabytes(size: float) -> str:
    return number(size / 1e6, 1 if size < 10e6 else 0)


# --- fetching -----------------------------------------------------------------------------------------------------


def _to_download(entry: Entry) -> None:
    """Fetch its files, or hand the weights in."""
    assert entry.weights is not None  # a network without a file is always here
    size, host = _megabytes(entry.size), entry.weights.host
    if offer_download(entry, t("network.to_download_help", name=entry.name, megabytes=size, host=host)):
        return
    with st.expander(t("network.stick"), icon=":material/usb:"):
        st.caption(t("network.stick_help", file=entry.weights.name, folder=f"~/.keras/{entry.weights.folder}"))
        file = st.file_uploader(entry.weights.name, ["h5"], key=f"weights_{entry.name}", max_upload_size=MOST_MEGABYTES)
        if file is not None:
            problems.report_errors(_hand_in)(entry, file)


def offer_download(wanted: Wanted, help: str) -> bool:
    """Offer to fetch files, of which `help` tells more, or show how far they are; whether they are on their way."""
    job = f"download_{wanted.name}"
    ended = workers.watch(job, label=_bytes)
    if workers.current(job):
        return True
    st.info(help, icon=":material/download:")
    if ended is not None and ended.problem:
        st.error(ended.problem)
    st.button(
        t("network.download"),
        type="primary",
        icon=":material/download:",
        key=job,
        on_click=_download,
        args=(job, wanted),
    )
    return False


def _download(job: str, wanted: Wanted) -> None:
    from core.networks.downloads import Download

    workers.start(job, Download(wanted), beside=True)


def _bytes(progress: Progress) -> str:
    """Bytes, speed and time left of a download."""
    return t(
        "network.downloading",
        done=_megabytes(progress.step),
        total=_megabytes(progress.steps),
        speed=number(progress.values["bytes_per_second"] / 1e6, 1),
        seconds=number(progress.values["seconds_left"]),
    )


def _warn_of_changes(wanted: Wanted) -> None:
    """Say once that a file came which is not the one first seen here."""
    ended = workers.outcome(f"download_{wanted.name}")
    if ended is not None and ended.result:
        st.session_state.pop(f"download_{wanted.name}_outcome")
        st.toast(t("network.changed", files=", ".join(ended.result)), icon=":material/warning:", duration="infinite")


# --- handing in -------------------------------------------------------------------------------------------------------


def _stored(upload: Any, name: str) -> Path:
    """An upload as a file, written once, in a folder of its digest: HDF5 and Keras read from disk alone."""
    stored: dict[str, Path] = st.session_state.setdefault("stored", {})
    if upload.file_id not in stored:
        folder = st.session_state.setdefault("folder", tempfile.TemporaryDirectory(prefix="glassbox-"))  # ends with it
        path = Path(folder.name) / hashlib.sha256(upload.getbuffer()).hexdigest()[:16] / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(upload.getbuffer())
        stored[upload.file_id] = path
    return stored[upload.file_id]


def _hand_in(entry: Entry, file: Any) -> None:
    """A weights file from a stick: for everybody where its digest proves what it is, else for this session alone."""
    assert entry.weights is not None
    path = _stored(file, entry.weights.name)
    if entry.weights.digest:
        files.install(entry.weights, path)
        st.rerun()
    weights = replace(entry.weights, folder=str(path.parent))
    files.check(weights)
    own = replace(entry, name=f"{entry.name} ({t('network.own_file')})", weights=weights)
    _guests()[own.name] = own
    st.button(t("network.use"), type="primary", key="use_stick", on_click=_use, args=(own.name,))


def _use(name: str) -> None:
    st.session_state["network"] = name


def _bring_your_own() -> None:
    """A `.keras` file with its input size, preparation and labels; it belongs to this session alone."""
    st.caption(t("network.own_help"))
    file = st.file_uploader(t("network.own_network"), ["keras"], key="guest", max_upload_size=MOST_MEGABYTES)
    if file is not None:
        problems.report_errors(_describe_guest)(file)


def _describe_guest(file: Any) -> None:
    path = _stored(file, "network.keras")
    facts: Guest = workers.ask(tasks.inspect, str(path), scope="session")
    size = facts.input_size or int(st.number_input(t("network.own_size"), 32, 512, 224, 1, key="guest_size"))
    preprocessing = st.selectbox(
        t("network.own_preprocessing"),
        [mode for mode in PREPROCESSING if (mode == "grey") == (facts.channels == 1)],
        key="guest_preprocessing",
        format_func=lambda mode: t(f"preprocessing.{mode}"),
    )
    subject = st.segmented_control(
        t("network.own_subject"),
        ["object", "face", "digit"],
        key="guest_subject",
        default="object",
        format_func=lambda name: t(f"network.subject_{name}"),
        required=True,
    )
    list_of_names = st.file_uploader(
        t("network.own_labels"), ["txt", "json"], key="guest_labels", max_upload_size=MAX_BYTES // 10**6
    )
    names: tuple[str, ...] = ()
    if list_of_names is not None:
        names = labels.read_labels(_stored(list_of_names, f"labels{Path(list_of_names.name).suffix}"))
    name = f"{Path(file.name).stem[:32]} ({path.parent.name[:4]})"  # two networks of one name are told apart
    entry = facts.entry(str(path), name, preprocessing, subject, names, size)
    st.button(t("network.use"), type="primary", key="use_guest", on_click=_use_guest, args=(entry,))


def _use_guest(entry: Entry) -> None:
    _guests()[entry.name] = entry
    _use(entry.name)
