"""What is to be delivered now, within bounds, and what has come of what was.

Pure. Nothing waits in a queue: whatever is due is put into letters at each attempt, so that what
could not be delivered for an hour is summed by then, and what is over by then is not told at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from domain import alert_letters as letters
from domain.alert_letters import Clean, Letter
from domain.alerting import SYDNEY, Incident, Level, is_daytime, was_told

CAP = 12
"""So many letters about incidents within an hour; the last of them sums what is left."""
_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)
_SUM_AGAIN = timedelta(minutes=10)
"""Beyond the cap, a sum with a WAKE in it still goes, so seldom."""
_SOON = timedelta(minutes=2)
"""What is to be repeated so soon is repeated together."""
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))
"""Between attempts while nothing is taken; the last goes on."""
FAILS_BEFORE_TOLD = 3
DIGITS_LAST = timedelta(days=1)
DIGITS_TRIES = 5
TEST, MORNING = "test", "morning"


@dataclass(frozen=True, slots=True)
class OutLetter:
    """A letter that is on its way: what is to be remembered of it, over a restart too."""

    id: str
    about: tuple[int, ...] = ()
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Out:
    """An errand that is on its way."""

    errand: str
    at: datetime
    letters: tuple[OutLetter, ...]


@dataclass(frozen=True, slots=True)
class PostState:
    """All that is to be known of deliveries over a restart; times are UTC."""

    next_number: int = 1
    ways: str = ""
    """A mark of the ways, by which it is seen that they are others; empty where there are none."""
    ways_since: datetime | None = None
    delivered_at: datetime | None = None
    delivered: int = 0
    failed: int = 0
    fails_in_a_row: int = 0
    retry_at: datetime | None = None
    proven_at: datetime | None = None
    acknowledged_at: datetime | None = None
    digits: str = ""
    """Of the test that is to be sent, or was, and has not been confirmed."""
    digits_at: datetime | None = None
    digits_told_at: datetime | None = None
    digits_wrong: int = 0
    morning: date | None = None
    """The Sydney day of the newest morning message."""
    morning_at: datetime | None = None
    sent: tuple[datetime, ...] = ()
    """When letters about incidents went, within the last hour."""
    summed_at: datetime | None = None
    out: Out | None = None


def with_ways(state: PostState, mark: str, now: datetime) -> PostState:
    """The ways are these; others than before have proven nothing."""
    if mark == state.ways:
        return state
    return replace(
        _without_digits(state),
        ways=mark,
        ways_since=now if mark else None,
        delivered_at=None,
        proven_at=None,
        fails_in_a_row=0,
        retry_at=None,
        out=None,
    )


def not_ahead(state: PostState, now: datetime) -> PostState:
    """What a clock wrote that was ahead, and was set back: it is as if it were now.

    Else nothing would be tried, and a day of silence not be noticed, until that time has come.
    The morning of a clock that was set back by a day at most is not sent twice.
    """

    def by_now(at: datetime | None) -> datetime | None:
        return None if at is None else min(at, now)

    retry, morning = state.retry_at, state.morning
    today = now.astimezone(SYDNEY).date()
    return replace(
        state,
        ways_since=by_now(state.ways_since),
        delivered_at=by_now(state.delivered_at),
        retry_at=None if retry is not None and retry > now + RETRIES[-1] else retry,
        summed_at=by_now(state.summed_at),
        morning=today if morning is not None and morning > today + _A_DAY else morning,
        sent=tuple(at for at in state.sent if at <= now),
    )


def asked_to_prove(state: PostState, digits: str, now: datetime) -> PostState:
    """Digits are to be sent."""
    asked = replace(state, digits=digits, digits_at=now, digits_told_at=None, digits_wrong=0)
    return replace(asked, retry_at=None)


def test_id(state: PostState) -> str:
    """The id of the letter with these digits: one with others may still be on its way."""
    return f"{TEST}:{state.digits_at}"


def proven(state: PostState, now: datetime) -> PostState:
    """The digits came back."""
    known = state.delivered_at or now  # whoever has the digits has received them
    return replace(_without_digits(state), proven_at=now, acknowledged_at=now, delivered_at=known)


def guessed_wrong(state: PostState) -> PostState:
    """Other digits came back; after a few the right ones are good for nothing."""
    wrong = replace(state, digits_wrong=state.digits_wrong + 1)
    return _without_digits(wrong) if wrong.digits_wrong >= DIGITS_TRIES else wrong


def _without_digits(state: PostState) -> PostState:
    return replace(state, digits="", digits_at=None, digits_told_at=None, digits_wrong=0)


# -- what is due ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Posting:
    """What one attempt takes out, and when the letters about incidents count as sent."""

    letters: tuple[Letter, ...]
    counted: int
    """So many of them count against the cap."""
    summed: bool


def due_letters(
    incidents: Iterable[Incident],
    state: PostState,
    now: datetime,
    *,
    mode: str,
    clean: Clean,
    new_id: Callable[[], str],
) -> Posting:
    """The letters about incidents and their ends that may go now."""
    all_of_them = tuple(incidents)
    before = len([at for at in state.sent if now - at < _HOUR])
    free = CAP - before
    found: list[Letter] = []
    repeats = _repeats(all_of_them, now)
    if len(repeats) == 1:
        found.append(letters.of_one(new_id(), mode, repeats[0], clean))
    elif repeats:
        found.append(letters.of_many(new_id(), mode, repeats, 0, clean))
    free -= len(found)
    new = _new(all_of_them, now)
    single = new if len(new) <= free else new[: max(free - 1, 0)]
    found += [letters.of_one(new_id(), mode, each, clean) for each in single]
    rest, summed = new[len(single) :], False
    if rest and (free > 0 or _may_sum(rest, state, now)):
        summed = True
        found.append(letters.of_many(new_id(), mode, rest, before + len(single), clean))
    found += _ends(all_of_them, now, CAP - before - len(found), mode, clean, new_id)
    return Posting(tuple(found), len(found), summed)


def _repeats(incidents: Sequence[Incident], now: datetime) -> list[Incident]:
    told = [each for each in incidents if each.open and each.told and each.due is not None]
    if not any(each.due <= now for each in told if each.due):
        return []
    return [each for each in told if each.due and each.due <= now + _SOON]


def _new(incidents: Sequence[Incident], now: datetime) -> list[Incident]:
    due = [
        each
        for each in incidents
        if each.open
        and not each.told
        and each.due is not None
        and each.due <= now
        # What could not be delivered by day waits for the next one.
        and (each.level is Level.WAKE or is_daytime(now))
    ]
    return sorted(due, key=lambda each: (each.level is not Level.WAKE, each.number))


def _may_sum(rest: Sequence[Incident], state: PostState, now: datetime) -> bool:
    if not any(each.level is Level.WAKE for each in rest):
        return False
    return state.summed_at is None or now - state.summed_at >= _SUM_AGAIN


def _ends(
    incidents: Sequence[Incident],
    now: datetime,
    free: int,
    mode: str,
    clean: Clean,
    new_id: Callable[[], str],
) -> list[Letter]:
    due = [
        each
        for each in incidents
        if each.end_due is not None
        and each.end_due <= now
        and (each.level is Level.WAKE or is_daytime(now))
    ]
    if not due or free <= 0:
        return []
    if len(due) <= min(free, 3):
        return [letters.of_end(new_id(), mode, each, clean) for each in due]
    return [letters.of_many_ends(new_id(), mode, due, clean)]


# -- what has come of it -------------------------------------------------------------------


def sent_out(
    state: PostState, errand: str, posted: Sequence[Letter], posting: Posting, now: datetime
) -> PostState:
    """These are on their way."""
    out = Out(errand, now, tuple(OutLetter(each.id, each.about, each.ends) for each in posted))
    recent = [at for at in state.sent if now - at < _HOUR]
    summed_at = now if posting.summed else state.summed_at
    sent = (*recent, *[now] * posting.counted)
    return replace(state, out=out, sent=sent, summed_at=summed_at)


def came_back(state: PostState, arrived: frozenset[str], now: datetime) -> PostState:
    """The errand is over: these letters were taken by at least one way."""
    out = state.out
    there = {each.id for each in out.letters} & arrived if out is not None else set()
    if not there:
        again = RETRIES[min(state.fails_in_a_row, len(RETRIES) - 1)]
        fails = state.fails_in_a_row + 1
        failed = replace(state, failed=state.failed + 1, fails_in_a_row=fails)
        # What reached nobody has used up nothing.
        unused = _counted(out)
        sent = state.sent[: len(state.sent) - unused]
        retry = None if _is_test_left(state) else now + again
        return replace(failed, out=None, retry_at=retry, sent=sent, summed_at=None)
    told = state.digits_told_at or (now if test_id(state) in there else None)
    state = replace(
        state,
        out=None,
        delivered_at=now,
        delivered=state.delivered + len(there),
        fails_in_a_row=0,
        retry_at=None,
        digits_told_at=told,
    )
    for id in there:
        if id.startswith(f"{MORNING}:"):
            day = date.fromisoformat(id.partition(":")[2])
            state = replace(state, morning=day, morning_at=now)
    return state


def told_of(
    incidents: dict[int, Incident], out: Out, arrived: frozenset[str], now: datetime
) -> list[Incident]:
    """The incidents as they are now that those letters have arrived."""
    changed: dict[int, Incident] = {}
    for letter in out.letters:
        for number in letter.about if letter.id in arrived else ():
            incident = changed.get(number) or incidents.get(number)
            if incident is None:
                continue
            if letter.ends:
                changed[number] = replace(incident, end_due=None)
            elif incident.open:
                changed[number] = was_told(incident, now)
            else:  # over while its letter was on its way: its end is news to whoever read that
                told = replace(incident, told=incident.told + 1, told_at=now)
                changed[number] = replace(told, end_due=now if incident.rule.lasts else None)
    return list(changed.values())


def _is_test_left(state: PostState) -> bool:
    """A test was asked for while others were on their way: it does not pay for their failure."""
    if state.out is None or not state.digits or state.digits_told_at is not None:
        return False
    return test_id(state) not in {each.id for each in state.out.letters}


def _counted(out: Out | None) -> int:
    """How many of its letters count against the cap."""
    if out is None:
        return 0
    return len([e for e in out.letters if e.about and not e.id.startswith(MORNING)])
