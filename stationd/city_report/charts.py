"""Charts as SVG, drawn by matplotlib without a screen; text stays text, and colour is never the only sign."""

import io
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells, to nobody's use, that it looks for fonts
_INK: Final = "#1b1b1b"
_WELL: Final = "#2f6690"
_ILL: Final = "#c8501e"
_WIDTH_IN: Final = 7.1
_HALF_IN: Final = 3.45
_WHITE: Final = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
_STYLE: Final[Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "stationd",
    "font.family": ["Liberation Sans", "DejaVu Sans"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "text.color": _INK,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: its name, its length, the text beside it, and whether it is one to look at."""

    name: str
    value: float
    text: str
    is_ill: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A line that should not be crossed, with its name."""

    value: float
    name: str


def lying(bars: Sequence[Bar], *, key: str, limits: Sequence[Limit] = (), most: float | None = None) -> str:
    """Bars that lie below each other, the first on top, as an SVG element; ``key`` makes its ids its own."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_HALF_IN, 0.35 + 0.175 * max(1, len(bars))), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(bars), 0, -1)
        drawn = axes.barh(places, [bar.value for bar in bars], height=0.68, color=_colours(bars))
        _hatch(drawn.patches, bars)
        axes.set_yticks(list(places), [bar.name for bar in bars])
        axes.tick_params(axis="y", length=0, labelsize=8)
        axes.set_xticks([])
        axes.spines[["left", "bottom"]].set_visible(False)
        top = (
            most
            if most is not None
            else 1.2 * max([bar.value for bar in bars] + [each.value for each in limits] + [1e-9])
        )
        axes.set_xlim(min(0.0, *(bar.value for bar in bars)) if bars else 0.0, top)
        axes.set_ylim(0.4, len(bars) + (1.3 if limits else 0.6))
        for place, bar in zip(places, bars, strict=True):
            axes.annotate(
                bar.text,
                (max(0.0, bar.value), place),
                xytext=(3, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=8,
                bbox=_WHITE,
                zorder=5,
            )
        _limits(axes, limits, len(bars) + 0.75)
        return _svg(figure, key)


def standing(bars: Sequence[Bar], *, key: str, height_in: float = 1.55) -> str:
    """Bars that stand side by side in their order, as an SVG element; names are shown as far as there is room."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_IN, height_in), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(bars))
        axes.bar(places, [bar.value for bar in bars], width=0.72, color=_colours(bars))
        step = max(1, -(-len(bars) // 10))
        shown = [at for at in places if (len(bars) - 1 - at) % step == 0]
        axes.set_xticks(shown, [bars[at].name for at in shown])
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlim(-0.6, len(bars) - 0.4)
        for at in shown[-1:]:
            axes.annotate(bars[at].text, (at, bars[at].value), xytext=(0, 2), textcoords="offset points", ha="center")
        return _svg(figure, key)


def _colours(bars: Sequence[Bar]) -> list[str]:
    return [_ILL if bar.is_ill else _WELL for bar in bars]


def _hatch(patches: Sequence[Any], bars: Sequence[Bar]) -> None:
    """Stripes besides the colour, for paper without colours."""
    for patch, bar in zip(patches, bars, strict=True):
        if bar.is_ill:
            patch.set(hatch="////", edgecolor="white", linewidth=0)


def _limits(axes: Axes, limits: Sequence[Limit], place: float) -> None:
    for limit in limits:
        axes.axvline(limit.value, color=_INK, linewidth=0.9, linestyle=(0, (4, 3)), zorder=2.5)
        is_right = limit.value > sum(axes.get_xlim()) / 2
        axes.annotate(
            limit.name,
            (limit.value, place),
            xytext=(-3 if is_right else 3, 0),
            textcoords="offset points",
            ha="right" if is_right else "left",
            fontsize=8,
        )


def _svg(figure: Figure, key: str) -> str:
    out = io.BytesIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue().decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{key}-", text).strip()
