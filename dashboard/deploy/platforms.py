"""Where it runs: what was really run on which machine, and which networks fit into a browser tab."""

from __future__ import annotations

import streamlit as st

from core.deployment import file_size, record, standalone
from core.networks.table import NETWORKS
from dashboard.shared import figures
from dashboard.shared.frame import Frame
from dashboard.shared.text import number, significant, t


def platforms(frame: Frame) -> None:
    """The recorded runs, and the size of every network."""
    st.subheader(t("ship.ran"), anchor=False)
    headings = [t(f"ship.column_{name}") for name in ("runtime", "platform", "by", "build", "bytes")]
    lines = [f"| {' | '.join(headings)} |", "| --- | --- | --- | ---: | ---: |"]
    for row in record.stored()["platforms"]:
        build = f"{significant(row['build'])}\u202fs" if row["build"] else "–"
        size = t("ship.megabytes", value=number(row["bytes"] / 1e6, 2)) if row["bytes"] else "–"
        by = t(f"ship.by_{row['by']}")
        lines.append(f"| {row['runtime']} | {row['platform']} | {by} | {build} | {size} |")
    st.markdown("\n".join(lines))
    st.subheader(t("ship.fits"), anchor=False)
    st.markdown(t("ship.fits_help", most=standalone.MOST_BYTES // 10**6))
    entries = sorted(NETWORKS.values(), key=lambda entry: entry.size)
    names = [entry.name if entry.size <= standalone.MOST_BYTES else f"{entry.name} ✗" for entry in entries]
    texts = [
        f"{number(entry.size / 1e6)} · {number(file_size(entry.parameters, 'int8') / 1e6, 1)}" for entry in entries
    ]
    st.plotly_chart(
        figures.log_bars(names, [entry.size / 1e6 for entry in entries], texts),
        config=figures.CONFIG,
        key="ship_fits",
        alt=f"{t('ship.fits')}: {', '.join(f'{name} {text}' for name, text in zip(names, texts, strict=True))}",
    )
