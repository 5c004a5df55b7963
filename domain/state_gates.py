"""The gates of state: what must hold of Kelpie, its book and the venue before anything is sent.

What each state allows is the table of `domain.permits`; here it is asked, and told.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.admission import Refusal
from domain.conditions import holding
from domain.figures import LEAVING, RISK_REDUCING, DeskFigures
from domain.gate_words import GateWord
from domain.orders import OrderRequest, Purpose
from domain.permits import KELPIE, TABLE, Act, Asker, Condition, Hold, Permit, act_of, forbids

#: How each state is told while it holds nothing back. Made once: this is on the way of each order.
_CALM = tuple(
    GateWord(code, True, sentence)
    for code, sentence in (
        ("SYMBOL_NOT_ALLOWED", "The symbol is among those that may be traded."),
        ("BOOK_NOT_WRITABLE", "The book can be written."),
        ("OBSERVING", "Orders are sent in this mode."),
        ("SAFE_MODE", "Kelpie is not in safe mode."),
        ("DISARMED", "New positions may be opened in this mode."),
        ("PAUSED", "New orders are not paused."),
        ("FALLING_BEHIND", "No facts wait to be handled."),
        ("STANDING_NOT_KNOWN", "How this start stands has been said."),
        ("ALERTS_NOT_DELIVERED", "Alerts reach the owner, or none are asked for."),
        ("AWAY", "Every login to come is made, or nothing hangs on it."),
        ("ANNOUNCED_RESTART", "No announced window of the venue is near."),
        ("VENUE_NOT_TRADABLE", "The venue can be traded."),
        ("SYMBOL_ON_HOLD", "Nothing holds the symbol back."),
        ("FLATTENING", "The symbol is not being taken out."),
    )
)
_SAME = {"SAFE_MODE_MISMATCH": "SAFE_MODE"}


def states(
    request: OrderRequest, figures: DeskFigures, asker: Asker = KELPIE
) -> tuple[Refusal | None, tuple[GateWord, ...]]:
    """The strictest state that forbids the order, and the word of every state.

    Whether the quote is fresh is asked later (`fresh_quote`): while the market is closed it never
    is, and that would hide the reason.
    """
    act = _act_of(request, figures)
    holds = [h for h in holding(request.symbol, figures) if h.condition is not Condition.DATA_STALE]
    first = known(request, figures) or written(request, figures)
    if first is None and not holds:
        return None, _CALM
    refusal = first or _refused(forbids(act, holds, asker), act, request)
    return refusal, _words(first, holds, act, asker)


def permitted(
    act: Act, request: OrderRequest, figures: DeskFigures, asker: Asker = KELPIE
) -> Refusal | None:
    """What the table of what may still be sent says of it; None when it may."""
    return _refused(forbids(act, holding(request.symbol, figures), asker), act, request)


def fresh_quote(request: OrderRequest, figures: DeskFigures) -> Refusal | GateWord | None:
    """Nothing is opened on data that is old, delayed or one-sided, not even with a limit."""
    act = act_of(request.purpose)
    holds = [h for h in holding(request.symbol, figures) if h.condition is Condition.DATA_STALE]
    refusal = _refused(forbids(act, holds), act, request)
    if refusal is not None:
        return refusal
    if figures.price is None or figures.rate is None:
        return None
    told = (("price", str(figures.price)), ("rate", str(figures.rate)))
    return GateWord("NO_FRESH_QUOTE", True, f"The market's price is {figures.price}.", told)


def known(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """Only what the owner allows is traded; of what is held, what leaves it goes all the same."""
    leaves = request.purpose in RISK_REDUCING and figures.managed != 0
    if figures.allowed or leaves:
        return None
    return Refusal(
        request.client_order_id,
        "SYMBOL_NOT_ALLOWED",
        f"{request.symbol} is not among the symbols that Kelpie may trade.",
        "Name it in ALLOWED_SYMBOLS and start Kelpie again, or choose one that is there.",
    )


def written(request: OrderRequest, figures: DeskFigures) -> Refusal | None:
    """Exits have a file of their own for when the book cannot be written."""
    if request.purpose not in LEAVING:
        return unwritable(request.client_order_id, figures.book_trouble)
    if figures.book_trouble and not figures.exits_written:
        return Refusal(
            request.client_order_id,
            "BOOK_NOT_WRITABLE",
            f"Not even the emergency file can be written: {figures.book_trouble}",
            "Free or mend the disk of STATE_DIR at once, or sell by hand; cancels go, and the "
            "stops at the venue stand.",
        )
    return None


def unwritable(subject: str, trouble: str) -> Refusal | None:
    """Nothing goes to a venue that is not on disk first; `trouble` is why it would not be."""
    if not trouble:
        return None
    return Refusal(
        subject,
        "BOOK_NOT_WRITABLE",
        f"Nothing can be written down, so nothing new is sent: {trouble}",
        "Free or mend the disk of STATE_DIR; exits and cancels go on, the rest when it writes.",
    )


def _act_of(request: OrderRequest, figures: DeskFigures) -> Act:
    """Its column; in the shadow a stop is a part of its entry, or leaves as an exit does."""
    if figures.observing and request.purpose is Purpose.PROTECTION:
        return Act.EXIT if request.parent is None else Act.ENTRY
    together = figures.observing and request.parent is not None
    return Act.ENTRY if together else act_of(request.purpose)


def _refused(hold: Hold | None, act: Act, request: OrderRequest) -> Refusal | None:
    if hold is None or TABLE[hold.condition][act] is Permit.SHADOW:
        return None  # in the shadow it may: the desk sees to it that it goes nowhere else
    if TABLE[hold.condition][act] is Permit.CONFIRMED:
        return Refusal(
            request.client_order_id,
            "CONFIRMATION_NEEDED",
            f"This is done only once a person has confirmed it. {hold.sentence}",
            "Look at what it would do, and confirm it with the code that comes with that.",
        )
    return Refusal(request.client_order_id, hold.code, hold.sentence, hold.cure)


def _words(
    first: Refusal | None, holds: Sequence[Hold], act: Act, asker: Asker
) -> tuple[GateWord, ...]:
    """Every state: a hold that the act does not mind is told, and open."""
    shut = {first.code: GateWord(first.code, False, first.sentence)} if first is not None else {}
    for hold in holds:
        code = _SAME.get(hold.code, hold.code)
        shadow = TABLE[hold.condition][act] is Permit.SHADOW
        open_to_it = shadow or forbids(act, [hold], asker) is None
        sentence = f"{hold.sentence} This order goes all the same." if open_to_it else hold.sentence
        if code not in shut or shut[code].open:
            shut[code] = GateWord(code, open_to_it, sentence)
    return tuple(shut.get(word.gate, word) for word in _CALM)
