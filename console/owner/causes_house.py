"""Causes in Kelpie itself: its book, its standing, its alerts, its back-ups, and the pause."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

from config.alert_table import rule_of
from console.owner.causes import Cause, Level
from console.owner.causes_link import OF_LINKS
from console.owner.facts import Facts
from console.owner.words import length, listed, sentence
from domain.alerting import Incident, begun
from domain.alerting import Level as Urgency
from domain.outage import RED_AFTER
from domain.permits import Condition, Hold

_BACKUP_TOO_OLD = timedelta(hours=26)
#: What holds purchases back everywhere, and what happens if nobody does anything.
_NEEDS_YOU = {
    Condition.FALLING_BEHIND: "Nothing new is bought until Kelpie has caught up.",
    Condition.UNHEARD: "Nothing new is bought until an alert has reached you; exits and stops go "
    "on.",
}
_SAFE_MODE = (Condition.SAFE_MODE_RECONCILED, Condition.SAFE_MODE_MISMATCH)
#: Alerts of which a cause may have spoken that knows more, and by which codes it has.
_TWINS = {
    "ALERTS_NOT_DELIVERED": {"ALERTS_NOT_DELIVERED"},
    "BACKUP_FAILED": {"BACKUP_FAILED"},
    "BACKUP_NOT_RESTORABLE": {"BACKUP_NOT_RESTORABLE"},
    "BOOK_NOT_WRITABLE": {"BOOK_NOT_WRITABLE"},
    "FACT_QUARANTINED": {"QUARANTINED"},
    "LIVE_DISARMED": {"DISARMED"},
    "MISMATCH": {"MISMATCH"},
    "ORDER_IN_DOUBT": {"ORDER_UNKNOWN"},
    "SAFE_MODE": {"SAFE_MODE"},
    "UNPROTECTED": {"UNPROTECTED"},
    "VENUE_DOWN": OF_LINKS,
}


def open_alerts(facts: Facts) -> Sequence[Incident]:
    """Those that stand, newest first; where the alerts do not answer, those that the desk knows."""
    if facts.alerts is not None:
        return [each for each in facts.alerts.incidents if each.open]
    venues = facts.desk.venues if facts.desk is not None else ()
    return [
        begun(0, rule_of(a.code), venue.venue, "", a.sentence, a.cure, a.since)
        for venue in venues
        for a in venue.alerts
    ]


def of_the_book(facts: Facts) -> Iterator[Cause]:
    """It cannot be written, or whoever keeps it does not answer."""
    if facts.desk is None:
        yield Cause(
            Level.NEEDS_YOU,
            "DESK_SILENT",
            "Kelpie runs, but the part of it that decides does not answer.",
            "Nothing new is bought. Stops that work at IB stay there.",
            (
                "Look again in a minute; `kelpie actors` shows what hangs.",
                "If it stays so, stop Kelpie and start it again.",
            ),
        )
    for alert in open_alerts(facts):
        if alert.code == "BOOK_NOT_WRITABLE":
            yield _of_alert(alert)
    if facts.orders is None and facts.desk is not None:
        yield Cause(
            Level.NEEDS_YOU,
            "BOOK_SILENT",
            "Kelpie runs, but its book does not answer.",
            "Nothing new is bought while it does not. Stops that work at IB stay there.",
            ("Look again in a minute; `kelpie actors` shows what hangs.",),
        )


def of_the_standing(facts: Facts) -> Iterator[Cause]:
    """Safe mode, messages that could not be handled, and what else holds purchases."""
    holds = facts.desk.holds if facts.desk is not None else ()
    for hold in holds:
        if hold.condition in _SAFE_MODE:
            if_nothing = "Nothing new is bought until you end safe mode; stops stay."
            yield _of_hold(hold, "SAFE_MODE", if_nothing)
    if facts.quarantined:
        many = facts.quarantined
        yield Cause(
            Level.NEEDS_YOU,
            "QUARANTINED",
            f"{many} message{'s' if many > 1 else ''} from IB could not be handled.",
            "They are kept aside. Nothing new is bought until Kelpie and IB have been compared.",
            ("`kelpie release` shows them, and lets one go again.",),
        )
    for hold in holds:
        if hold.condition in _NEEDS_YOU:
            yield _of_hold(hold, hold.code, _NEEDS_YOU[hold.condition])
        young = facts.now - facts.started_at < RED_AFTER
        if hold.condition is Condition.STANDING_NOT_KNOWN and not young:
            yield _of_hold(hold, hold.code, "Nothing new is bought while it is not known.")


def of_alerts(facts: Facts, said: Collection[str]) -> Iterator[Cause]:
    """Those that nobody has answered, the urgent ones first.

    Left out is what other causes have said (`said`: their codes), what is told only once it has
    lasted and has not yet, and what nobody has said again since a restart.
    """
    waiting = [
        alert
        for alert in open_alerts(facts)
        if alert.level is not Urgency.FYI
        and alert.answered_at is None
        and alert.doubted is None
        and _TWINS.get(alert.code, set()).isdisjoint(said)
        and facts.now - alert.since >= timedelta(seconds=alert.rule.wait_seconds)
    ]
    for alert in sorted(waiting, key=lambda each: each.level is not Urgency.WAKE):
        yield _of_alert(alert)


def answered_alerts(facts: Facts) -> Iterator[Incident]:
    """What a person knows of, and what stands all the same; the urgent ones first."""
    known = [
        alert
        for alert in open_alerts(facts)
        if alert.level is not Urgency.FYI
        and alert.rule.lasts
        and alert.answered_at is not None
        and alert.doubted is None
    ]
    yield from sorted(known, key=lambda each: each.level is not Urgency.WAKE)


def of_backups(facts: Facts) -> Iterator[Cause]:
    """The last one failed, is too old, or could not be restored on trial."""
    backups = facts.backups
    if backups is None or not backups.wanted:
        return
    age = None if backups.newest is None else facts.now - backups.newest
    late = facts.now - facts.started_at > _BACKUP_TOO_OLD if age is None else age > _BACKUP_TOO_OLD
    if late or backups.trouble:
        newest = "there is none" if age is None else f"the last is {length(age)} old"
        rule = rule_of("BACKUP_FAILED")
        yield Cause(
            Level.NEEDS_YOU,
            rule.code,
            f"The book is not backed up as it should be: {newest}.",
            rule.if_nothing,
            (rule.to_do,),
        )
    if backups.sound is False:
        # By what was seen last, which outlives a restart as the alert of it does not.
        rule = rule_of("BACKUP_NOT_RESTORABLE")
        told = f"{rule.title}, as was tried."
        yield Cause(Level.NEEDS_YOU, rule.code, told, rule.if_nothing, (rule.to_do,))


def of_silence(facts: Facts) -> Iterator[Cause]:
    """A part that does not answer may hide anything: that is not well, whatever the others say."""
    if facts.silent and facts.desk is not None and facts.orders is not None:
        parts = listed(list(dict.fromkeys(each.part for each in facts.silent)))
        yield Cause(
            Level.NEEDS_YOU,
            "PARTS_SILENT",
            f"A part of Kelpie did not answer in time: {parts}.",
            "What did answer goes on, and so do the stops at IB.",
            ("Look again in a minute; if it stays so, `kelpie actors` shows what hangs.",),
        )


def of_a_persons_will(facts: Facts) -> Iterator[Cause]:
    """Paused, or not armed: nothing is wrong, and nothing is bought."""
    desk = facts.desk
    if desk is None:
        return
    if desk.paused:
        yield Cause(
            Level.NOT_TRADING_EXPECTED,
            "PAUSED",
            f"Paused: {desk.paused_reason.rstrip('.') or 'no reason was given'}.",
            "Nothing new is bought until you resume; exits and stops go on.",
            ("`kelpie resume` when you want new positions again.",),
        )
    taken_back = any(alert.code == "LIVE_DISARMED" for alert in open_alerts(facts))
    for hold in desk.holds:
        if hold.condition is Condition.DISARMED:
            level = Level.NEEDS_YOU if taken_back else Level.NOT_TRADING_EXPECTED
            if_nothing = "Nothing is bought with real money; exits and stops go on."
            yield _of_hold(hold, "DISARMED", if_nothing, level)
        elif hold.condition is Condition.AWAY:
            if_nothing = "Nothing new is bought until you are back; exits and stops go on."
            yield _of_hold(hold, hold.code, if_nothing, Level.NOT_TRADING_EXPECTED)


def _of_hold(hold: Hold, code: str, if_nothing: str, level: Level = Level.NEEDS_YOU) -> Cause:
    return Cause(level, code, sentence(hold.sentence), if_nothing, (sentence(hold.cure),))


def _of_alert(alert: Incident) -> Cause:
    known = f" `kelpie alerts answer {alert.id}` once you know." if alert.number else ""
    return Cause(
        Level.NEEDS_YOU,
        alert.code,
        sentence(alert.sentence),
        alert.rule.if_nothing,
        (f"{sentence(alert.to_do)}{known}",),
    )
