"""What people are told."""

import pytest

from crossbook.alerts.channels.sample import sample_message
from crossbook.alerts.channels.templating import TemplateProblemError
from crossbook.alerts.channels.text import MAX_DIGEST_LINES, digest_of, text_of
from tests.support.alerts.messages import ACK_BASE, AT, CLOSED, UPDATED, message

NOW = AT * 10**9


def test_a_group_has_a_title_facts_and_its_other_members() -> None:
    """Of which the best is a fact, and those that are too many are counted."""
    text = text_of(message(UPDATED, 4, members=30), NOW)
    assert text.title == "UPDATED · BTC cheap"
    assert text.lines[0].startswith("buy cheap")
    assert text.lines[-1] == "– and 19 more"
    assert len([line for line in text.lines if line.startswith("– buy cheap")]) == 10
    assert (text.key, text.revision, text.topic, text.kind_name) == ("group-1", 4, "BTC cheap", "UPDATED")


def test_only_what_is_open_can_be_acknowledged_and_only_where_tokens_are_taken() -> None:
    """The token is part of the link."""
    assert text_of(message(), NOW, ack_base=ACK_BASE).ack_url == f"{ACK_BASE}t0ken"
    assert text_of(message(CLOSED, 2), NOW, ack_base=ACK_BASE).ack_url == ""
    assert text_of(message(), NOW).ack_url == ""


def test_a_template_s_first_line_is_the_title() -> None:
    """It says what it likes with the fields of the message."""
    text = text_of(message(), NOW, "{{ alert.group.label | upper }}\n{{ alert.kind }}\nrest")
    assert (text.title, text.lines) == ("BTC CHEAP", ("OPENED", "rest"))
    assert text_of(sample_message(), 0, "{{ alert.opportunity.asset }}").title == "SAMPLE"
    with pytest.raises(TemplateProblemError):
        text_of(sample_message(), 0, "{{ alert.nothing }}")


def test_a_digest_is_a_line_each_in_order_and_counts_the_rest() -> None:
    """It has a key of its own, so that it is no revision of anything."""
    texts = [text_of(message(key=f"g-{number}"), NOW) for number in range(MAX_DIGEST_LINES + 5)]
    digest = digest_of(texts)
    assert digest.title == f"{MAX_DIGEST_LINES + 5} messages that had to wait"
    assert (len(digest.lines), digest.lines[-1]) == (MAX_DIGEST_LINES + 1, "and 5 more")
    assert digest.key not in {text.key for text in texts}
    assert digest.kind_name == "DIGEST"


def test_a_line_is_all_of_it() -> None:
    """For a console."""
    assert text_of(message(), NOW).line.startswith("BTC cheap · buy cheap")
