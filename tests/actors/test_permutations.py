"""Pain 14: whatever the order, repetition or absence of the venue's words, one end.

The real orders, resync and ledger with its book on disk. In the end the broker's lists are asked
for, and the book is held against the broker's own truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store.verification import verify
from domain.orders import Order
from tests.actors.back_office import back_office, the_book
from tests.actors.broker_stories import STORIES, Story, Telling, symbol_of


class Play:
    """Many orders of one story at once, each told in its own way."""

    def __init__(self, folder: Path, story: Story, tellings: Sequence[Telling]) -> None:
        self._folder = folder
        self._story = story
        self._tellings = {f"K-{number}": telling for number, telling in enumerate(tellings)}

    def run(self, *, restart: bool = False) -> None:
        """Tell everything, ask for the lists until nothing is open, and hold the book to it."""
        symbols = {name: symbol_of(name) for name in self._tellings}
        filled = Decimal(self._story.truth.filled)
        held = dict.fromkeys(symbols.values(), filled)
        with back_office(self._folder, symbols, held=held) as office:
            for name, telling in self._tellings.items():
                office.hears(*(word(name) for word in telling))
            office.settle()
            if restart:
                office.restart()
            lists = [word(name) for name in self._tellings for word in self._story.lists]
            last = office.reconcile(lambda: lists)
            assert (last.mismatches, last.in_doubt) == ((), ())
            told = office.told_of_all()
            for name in self._tellings:
                self._never_ended_early(told[name])
        self._compare()

    def _never_ended_early(self, told: Sequence[Order]) -> None:
        """Whoever replaces what was cancelled must know how much that was."""
        truth = self._story.truth
        if truth.corrected or not truth.state.is_final:
            return
        early = [o for o in told if o.state.is_final and o.filled != Decimal(truth.filled)]
        assert early == []

    def _compare(self) -> None:
        truth = self._story.truth
        filled = Decimal(truth.filled)
        book = the_book(self._folder)
        try:
            for name, telling in self._tellings.items():
                told = [
                    getattr(word(name), "status", type(word(name)).__name__) for word in telling
                ]
                order, position = book.order(name), book.position("ib", symbol_of(name))
                assert order is not None and position is not None
                assert (order.state, order.filled) == (truth.state, filled), told
                assert position.quantity == filled, told
                if filled:
                    assert order.average_price == Decimal(truth.price), told
                    assert position.average_price == Decimal(truth.price), told
                fills = book.fills(client_order_id=name)
                assert sum(fill.quantity for fill in fills) == filled, told
                assert all(fill.commission_final for fill in fills), told
                charged = (("AUD", Decimal(truth.commission).normalize()),)
                assert position.commissions == charged, told
        finally:
            book.close()
        verify(book.connection.path)


def some_in_every_order(words: Telling) -> Iterable[Telling]:
    """Each word there or not, in every order."""
    for count in range(len(words) + 1):
        yield from itertools.permutations(words, count)


# Of orders that ended, the last thousand are at hand: they are played in parts.
_PARTS = 3


@pytest.mark.parametrize("part", range(_PARTS))
@pytest.mark.parametrize("story", STORIES)
def test_every_order_of_any_of_the_words_ends_at_the_brokers_truth(
    story: str, part: int, tmp_path: Path
) -> None:
    played = STORIES[story]
    tellings = list(some_in_every_order(played.words))[part::_PARTS]
    assert 0 < len(tellings) < 1000
    Play(tmp_path, played, tellings).run()


@pytest.mark.parametrize("story", STORIES)
def test_so_it_does_when_ledger_and_orders_begin_anew_before_the_lists_come(
    story: str, tmp_path: Path
) -> None:
    played = STORIES[story]
    Play(tmp_path, played, list(itertools.permutations(played.words))[::7]).run(restart=True)


@st.composite
def with_repetitions(draw: st.DrawFn) -> tuple[str, list[Telling]]:
    story = draw(st.sampled_from(sorted(STORIES)))
    words = STORIES[story].words
    telling = st.lists(st.sampled_from(words), max_size=3 * len(words))
    return story, draw(st.lists(telling, min_size=1, max_size=40))


@settings(max_examples=15, deadline=None)
@given(with_repetitions())
def test_any_number_of_repetitions_in_any_place(played: tuple[str, list[Telling]]) -> None:
    story, tellings = played
    with TemporaryDirectory() as folder:
        Play(Path(folder), STORIES[story], tellings).run()


def test_what_the_lists_bring_is_all_that_is_needed(tmp_path: Path) -> None:
    """Nothing was heard live, and the lists come in any order."""
    story = STORIES["cancelled after a part"]
    for number, lists in enumerate(itertools.permutations(story.lists)):
        if number % 10 == 0:
            Play(tmp_path / str(number), replace(story, lists=lists), [()]).run()
