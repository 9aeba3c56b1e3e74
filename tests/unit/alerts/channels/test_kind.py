"""Addresses that may hold a token, masked and meant."""

import pytest

from crossbook.alerts.channels.kind import masked_url, restored_url


@pytest.mark.parametrize(
    "url", ["https://a.example/token", "https://a.example?key=token", "https://a.example/x/token#token"]
)
def test_all_behind_the_host_is_masked(url: str) -> None:
    """Path, query and fragment: any of them may be the secret."""
    assert masked_url(url) == "https://a.example/***"


def test_the_port_stays_and_what_is_no_address_shows_nothing() -> None:
    """One can tell receivers apart by host and port."""
    assert masked_url("http://a.example:8080/token") == "http://a.example:8080/***"
    assert masked_url("http://[::1") == "***"


def test_a_mask_stands_for_what_is_stored_and_a_new_address_for_itself() -> None:
    """So an update that sends back what it read keeps the secret."""
    assert restored_url("https://a.example/***", "https://a.example/token") == ("https://a.example/token", "")
    assert restored_url("https://a.example/new", "https://a.example/token") == ("https://a.example/new", "")


@pytest.mark.parametrize("stored", [None, "https://b.example/token", "http://a.example/token"])
def test_a_mask_without_its_address_is_a_violation(stored: str | None) -> None:
    """A secret never goes to another host, and never in clear where it was encrypted."""
    assert "redacted" in restored_url("https://a.example/***", stored)[1]
