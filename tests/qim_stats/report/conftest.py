"""Analyses to report: simulated studies whose active factors are known."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import qim_stats as qs

Study = Callable[..., pd.DataFrame]
Read = Callable[[str], SimpleNamespace]
SECTIONS = [
    *("verdict", "ranking", "aliasing", "box-meyer", "models", "effects", "contrasts", "main-effects", "residuals"),
    *("set-aside", "at-chance", "design", "anova", "alerts", "methods", "provenance", "reproduce", "data"),
]


@pytest.fixture(scope="session")
def study() -> Study:
    """Return a maker of trials tables: the first factor raises the response most, the second lowers it."""

    def make(design: qs.Design, response: str = "accuracy", noise: float = 0.01, seed: int = 1) -> pd.DataFrame:
        frame = design.table()
        rng = np.random.default_rng(seed)
        y = 0.7 + rng.normal(0.0, noise, len(frame))
        for factor, effect in zip(design.factors, (0.12, -0.06), strict=False):
            y += effect / 2.0 * factor.code(frame[factor.name])
        frame[response] = y
        return frame

    return make


@pytest.fixture(scope="session")
def factors() -> tuple[qs.Factor, ...]:
    """Seven factors of a Caffe study."""
    return (
        qs.Factor("learning rate", 0.001, 0.01, "log"),
        qs.Factor("momentum", 0.5, 0.9),
        qs.Factor("weight decay", 0.0005, 0.005, "log"),
        qs.Factor("batch size", 32, 128, unit="images"),
        qs.Factor("filters", 8, 20),
        qs.Factor("hidden units", 64, 500),
        qs.Factor("weight filler", "gaussian", "xavier"),
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, str | None]] = []
        self.page = SimpleNamespace(tags=[], attributes=[], ids=[], text={}, everything="")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.page.tags.append(tag)
        self.page.attributes += [(tag, *pair) for pair in attrs]
        if "id" in known:
            self.page.ids.append(known["id"])
        if tag not in ("meta", "br", "link"):
            self.open.append((tag, known.get("id")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag, f"</{tag}> closes another element"
        if tag in ("td", "th", "dt", "dd"):
            self.handle_data(" ")

    def handle_data(self, data: str) -> None:
        self.page.everything += data
        for _, name in self.open:
            if name:
                self.page.text[name] = self.page.text.get(name, "") + data


@pytest.fixture
def read() -> Callable[[str], SimpleNamespace]:
    """Parse a page: its tags, attributes, ids, and the text of each element with an id; every element is closed."""

    def parse(html: str) -> SimpleNamespace:
        reader = _Reader()
        reader.feed(html)
        reader.close()
        assert not reader.open
        return reader.page

    return parse


@pytest.fixture
def check(read: Read) -> Read:
    """Read a page, and check what holds for every report.

    It is well-formed, has all sections in order, loads nothing, and its ids are unique and all there.
    """

    def checked(html: str) -> SimpleNamespace:
        page = read(html)
        assert [name for name in page.ids if name in SECTIONS] == SECTIONS
        assert len(html.encode()) < 2_000_000
        assert len(page.ids) == len(set(page.ids))
        assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form", "image"} & set(page.tags)
        assert page.tags.count("style") == 1
        styles = html[html.index("<style>") : html.index("</style>")]
        assert "@import" not in styles
        assert "url(" not in styles
        for _, name, value in page.attributes:
            assert name not in ("src", "srcset", "data", "action") and not name.startswith("on")  # noqa: PT018
            if name in ("href", "xlink:href", "clip-path"):
                target = re.fullmatch(r"#(.+)|url\(#(.+)\)", value)
                assert target is not None, value
                assert (target[1] or target[2]) in page.ids
        drawings = [a for a in page.attributes if a[0] == "div" and a[1] == "aria-label"]
        assert len(drawings) == page.tags.count("figure") == page.tags.count("figcaption")
        return page

    return checked
