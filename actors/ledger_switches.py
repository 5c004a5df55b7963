"""The ledger's part in durable switches (`paused`, a circuit, …): kept with who threw each."""

from __future__ import annotations

from actors.base import on
from actors.ledger_outage import LedgerOutage
from actors.messages import GetSwitch, RecordSetting
from adapters.book import AuditRow

_WHAT = "setting"
_LOOK_BACK = 500
"""So many of the newest audited switches are looked through."""


class LedgerSwitches(LedgerOutage):
    """Writes switches, and tells who threw one last."""

    @on(RecordSetting)
    def _setting(self, message: RecordSetting) -> None:
        now = self.clock.now()
        self.book.record_setting(message.key, message.value, now)
        if message.audited:
            detail = f"{message.key} = {message.value}: {message.reason}"
            self.book.record_audit(AuditRow(now, message.who, _WHAT, detail))

    @on(GetSwitch)
    def _switch_of(self, message: GetSwitch) -> AuditRow | None:
        newest = self.switch_on_file(message.key)
        if newest is not None:
            return newest
        begin = f"{message.key} = "
        rows = self.book.audit(limit=_LOOK_BACK, what=_WHAT)
        return next((row for row in rows if row.detail.startswith(begin)), None)
