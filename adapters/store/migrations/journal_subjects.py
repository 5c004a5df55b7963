"""Schema 13: the journal is found by what it is about, so that an order can be explained."""

JOURNAL_SUBJECTS = ("CREATE INDEX journal_subject ON journal (subject, seq)",)
