"""The ledger's part in what is told from outside: each fact is written once."""

from __future__ import annotations

from actors.base import on
from actors.ledger_switches import LedgerSwitches
from actors.messages import GetOutside, LoadOutside, OutsideLoaded, RecordOutside
from adapters.book import AuditRow
from domain.outside_facts import OutsideFact


class LedgerOutside(LedgerSwitches):
    """Writes facts from outside, and tells which there are."""

    @on(RecordOutside)
    def _record_outside(self, message: RecordOutside) -> None:
        now = self.clock.now()
        written = self.book.outside.record(message.facts, message.who, now)
        if written:
            sources = ", ".join(sorted({fact.source for fact in message.facts}))
            words = f"{written} of {len(message.facts)} facts from {sources} are new"
            self.book.record_audit(AuditRow(now, message.who, "import", words))

    @on(LoadOutside)
    def _load_outside(self, message: LoadOutside) -> None:
        self._later(message.reply_to, OutsideLoaded(self.book.outside.all(message.kinds)))

    @on(GetOutside)
    def _outside(self, message: GetOutside) -> tuple[OutsideFact, ...]:
        outside = self.book.outside
        return outside.all() if message.ids is None else outside.known(message.ids)
