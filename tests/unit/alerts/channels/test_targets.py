"""Which addresses HTTP channels may call."""

import asyncio

import pytest

from crossbook.alerts.channels.targets import TargetPolicy, TargetRefusedError, TargetUnresolvedError


@pytest.mark.parametrize("url", ["https://example.com/hook?x=1", "http://8.8.8.8:8080/", "https://bücher.example/"])
def test_a_plain_address_is_accepted(url: str) -> None:
    assert TargetPolicy(allow_private=False).url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "http://", "https://u:p@example.com", "http://x:99999/", "http://[::1/",
     " https://example.com", "https://example.com/\n", "https://example.com/" + "x" * 2048, "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_http_address_is_refused_whatever_is_allowed(url: str) -> None:
    assert TargetPolicy(allow_private=True).url_problem(url) is not None


@pytest.mark.parametrize(
    "url", ["http://localhost/", "http://a.localhost./", "http://127.0.0.1/", "http://[::1]:80/", "http://10.0.0.1"]
)
def test_a_private_address_in_a_url_is_refused_unless_allowed(url: str) -> None:
    assert "allow_private_targets" in str(TargetPolicy(allow_private=False).url_problem(url))
    assert TargetPolicy(allow_private=True).url_problem(url) is None


async def test_a_name_of_this_machine_is_refused_when_resolved() -> None:
    with pytest.raises(TargetRefusedError):
        await TargetPolicy(allow_private=False).resolve("localhost", 80)
    assert set(await TargetPolicy(allow_private=True).resolve("localhost", 80)) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("number", ["2130706433", "127.1", "0x7f.1"])
async def test_odd_spellings_of_a_private_address_are_refused_when_resolved(number: str) -> None:
    with pytest.raises((TargetRefusedError, TargetUnresolvedError)):
        await TargetPolicy(allow_private=False).resolve(number, 80)


async def test_a_name_that_does_not_resolve_may_resolve_later() -> None:
    with pytest.raises(TargetUnresolvedError):
        await TargetPolicy(allow_private=False).resolve("no-such-name.invalid", 80)


async def test_one_address_of_many_that_is_not_public_refuses_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of them would be dialled first."""

    async def answer(*_: object, **__: object) -> object:
        return [(2, 1, 6, "", ("8.8.8.8", 80)), (10, 1, 6, "", ("fec0::1", 80, 0, 0))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
    with pytest.raises(TargetRefusedError):
        await TargetPolicy(allow_private=False).resolve("two.example", 80)
    assert await TargetPolicy(allow_private=True).resolve("two.example", 80) == ["8.8.8.8", "fec0::1"]
