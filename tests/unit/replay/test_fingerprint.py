"""Fingerprints of what a run said."""

from crossbook.replay.fingerprint import Fingerprint, fingerprint


def test_equal_items_in_equal_order_have_equal_fingerprints() -> None:
    """And only they: where one item ends is part of it."""
    assert fingerprint([b"a", b"bc"]) == fingerprint(iter([b"a", b"bc"]))
    assert fingerprint([b"a", b"bc"]).items == 2
    assert len({fingerprint(items) for items in ([b"a", b"bc"], [b"bc", b"a"], [b"ab", b"c"], [b"abc"], [])}) == 5


def test_it_is_shown_short() -> None:
    """As a column of a table."""
    assert str(Fingerprint(1234, "0123456789abcdef" * 4)) == "    1,234  0123456789abcdef"
