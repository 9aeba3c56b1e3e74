"""Which tokens acknowledge a group."""

from hypothesis import given
from hypothesis import strategies as st

from crossbook.alerts.ack_tokens import VALID_NS, group_of, is_good, token_of
from crossbook.plumbing.timestamps import SECOND_NS

NOW_NS = 1_790_000_000 * SECOND_NS
GROUP = "0123456789abcdef" * 2
TOKEN = token_of(GROUP, "key", NOW_NS)


def test_a_token_is_good_with_its_group_s_key_and_for_a_week() -> None:
    """To the second; it fits where little room is."""
    assert group_of(TOKEN) == GROUP
    assert is_good(TOKEN, "key", NOW_NS + VALID_NS - 1)
    assert not is_good(TOKEN, "key", NOW_NS + VALID_NS)
    assert not is_good(TOKEN, "another key", NOW_NS)
    assert len(TOKEN) <= 66


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="utf-8"))
def test_no_character_of_it_can_be_changed(index: int, other: str) -> None:
    """Neither whose it is nor when it ends."""
    forged = TOKEN[:index] + other + TOKEN[index + 1 :]
    assert is_good(forged, "key", NOW_NS) == (forged == TOKEN)


@given(st.text())
def test_whatever_is_sent_is_no_error(token: str) -> None:
    """It is not good."""
    assert not is_good(token, "key", NOW_NS)
