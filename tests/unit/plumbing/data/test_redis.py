"""What Redis' failures mean."""

import pytest
import redis.exceptions

from crossbook.plumbing.data.redis import open_redis, translating_outages
from crossbook.plumbing.errors import NotFoundError, SettingsError, UnavailableError

HANDLER_CLOSED = RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (redis.exceptions.ConnectionError("Error 111 connecting to secret.host:6379"), "Redis cannot be reached"),
        (HANDLER_CLOSED, "Redis cannot be reached"),
        (AttributeError("'NoneType' object has no attribute 'read'"), "Redis cannot be reached"),
        (redis.exceptions.ReadOnlyError("You can't write"), "Redis cannot do its work: it answers READONLY"),
        (redis.exceptions.NoPermissionError("User joe has no"), "Redis cannot do its work: it answers NOPERM"),
        (redis.exceptions.ResponseError("MISCONF Redis is configured"), "Redis cannot do its work: it answers MISCONF"),
        (redis.exceptions.ResponseError("UNHEARDOF of"), "Redis cannot do its work: it answers UNHEARDOF"),
        (redis.exceptions.ResponseError("joe may not"), "Redis cannot be reached"),
    ],
)
async def test_whatever_it_raises_is_an_outage_that_quotes_neither_host_nor_user(error: Exception, words: str) -> None:
    with pytest.raises(UnavailableError) as raised, translating_outages():
        raise error
    assert str(raised.value) == words


async def test_an_argument_that_cannot_be_sent_is_our_fault() -> None:
    with pytest.raises(redis.exceptions.DataError), translating_outages():
        raise redis.exceptions.DataError


async def test_what_we_raise_ourselves_goes_through() -> None:
    with pytest.raises(NotFoundError), translating_outages():
        raise NotFoundError("x")


def test_a_malformed_url_is_a_settings_error_that_does_not_quote_it() -> None:
    with pytest.raises(SettingsError) as raised:
        open_redis("hidden://x")
    assert "hidden" not in str(raised.value)
