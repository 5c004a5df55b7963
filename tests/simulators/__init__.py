"""Tests of the stand-ins: exchange, broker and gateway."""
