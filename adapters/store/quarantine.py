"""Facts that crashed their handlers, as rows of the audit: what happened, and what a person did.

A table of their own would say nothing more: they are few, and read by people alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from adapters.book import AuditRow, KeptFact

KEPT, ENDED = "quarantine", "quarantine ended"


def kept_row(fact: KeptFact) -> AuditRow:
    """The row that says that a fact is kept apart."""
    detail = {
        "id": fact.id,
        "message": fact.message,
        "content": fact.content,
        "cause": fact.cause,
        "correlation": fact.correlation,
        "times": fact.times,
    }
    return AuditRow(fact.at, fact.seat, KEPT, json.dumps(detail))


def ended_row(id: str, at: datetime, who: str, outcome: str, reason: str) -> AuditRow:
    """The row that says that it is no longer."""
    detail = {"id": id, "outcome": outcome, "reason": reason}
    return AuditRow(at, who, ENDED, json.dumps(detail))


def open_facts(rows: Iterable[AuditRow]) -> Sequence[KeptFact]:
    """Those that are kept apart still, by all rows of theirs from the oldest on."""
    kept: dict[str, KeptFact] = {}
    for row in rows:
        detail = json.loads(row.detail)
        if row.what == ENDED:
            kept.pop(detail["id"], None)
            continue
        kept[detail["id"]] = KeptFact(
            id=detail["id"],
            at=row.at,
            seat=row.who,
            message=detail["message"],
            content=detail["content"],
            cause=detail["cause"],
            correlation=detail["correlation"],
            times=detail["times"],
        )
    return list(kept.values())
