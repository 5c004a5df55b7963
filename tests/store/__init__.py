"""The ledger's book on SQLite."""
