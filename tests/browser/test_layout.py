"""What every page has: the mode, the way to the others, how old it is; dark, light and on paper."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tests.browser.conftest import DESK, PHONE, Looks
from tests.pains.conftest import Stage

_TITLES = ["Now", "Money", "Trades", "Orders", "Why quiet", "Health", "Live"]
_READABLE = 4.5
"""The least contrast of words and what they stand on (WCAG 2.2, AA)."""


def test_a_page_fits_says_the_mode_and_how_old_it_is(stage: Stage, looks: Looks) -> None:
    stage.play()
    with stage.tree() as tree:
        for size in (PHONE, DESK):
            looker = looks(tree, size)
            looker.open("/")
            looker.holds()
            assert "paper" in looker.page.inner_text("header")
            age = looker.page.inner_text(".as-of")
            assert re.fullmatch(r"as of \w{3} \d+ \w{3} \d\d:\d\d:\d\d, Sydney; \d+ s ago", age), (
                age
            )
            assert looker.page.locator("nav a").all_inner_texts() == _TITLES
            assert looker.page.inner_text("nav a[aria-current=page]") == "Now"
            refresh = looker.page.locator("meta[http-equiv=refresh]")
            assert refresh.get_attribute("content") == "30"
        grounds = []
        for scheme in ("light", "dark"):
            looker.page.emulate_media(color_scheme=scheme)
            ground = "getComputedStyle(document.body).backgroundColor"
            grounds.append(looker.page.evaluate(ground))
        assert grounds == ["rgb(251, 250, 247)", "rgb(21, 20, 18)"]
        looker.page.emulate_media(media="print")
        assert not looker.page.locator("nav").is_visible()
        assert looker.page.locator("h1").is_visible()


@pytest.mark.parametrize("scheme", (0, 1), ids=("light", "dark"))
def test_words_stand_out_from_what_they_stand_on(scheme: int) -> None:
    style = files("console.pages").joinpath("style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--(\w+): #(\w{6})", style.split(":root {")[scheme + 1]))
    for ground in ("paper", "card", "tint"):
        for words in ("ink", "soft", "accent", "good", "warn", "bad"):
            found = _contrast(colours[words], colours[ground])
            assert found >= _READABLE, (words, ground, found)
    assert _contrast(colours["paper"], colours["accent"]) >= _READABLE, "on a button"


def _contrast(one: str, other: str) -> float:
    """As WCAG reckons it, of two colours like `1d1b18`."""
    darker, lighter = sorted((_light(one), _light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
