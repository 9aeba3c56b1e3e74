"""Which addresses HTTP channels may call."""

import httpx
import pytest

from crossbook.alerts.channels.targets import TargetPolicy, TargetRefusedError, TargetUnresolvedError, is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "not an address",
    ],
)  # fmt: skip
def test_every_other_kind_of_address_is_not(address: str) -> None:
    assert not is_public(address)


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
        await TargetPolicy(allow_private=False).resolve(httpx.URL("http://localhost:80/"))
    assert await TargetPolicy(allow_private=True).resolve(httpx.URL("http://localhost:80/")) in ("127.0.0.1", "::1")


@pytest.mark.parametrize("number", ["http://2130706433/", "http://127.1/", "http://0x7f.1/"])
async def test_odd_spellings_of_a_private_address_are_refused_when_resolved(number: str) -> None:
    with pytest.raises((TargetRefusedError, TargetUnresolvedError)):
        await TargetPolicy(allow_private=False).resolve(httpx.URL(number))


async def test_a_name_that_does_not_resolve_may_resolve_later() -> None:
    with pytest.raises(TargetUnresolvedError):
        await TargetPolicy(allow_private=False).resolve(httpx.URL("http://no-such-name.invalid/"))
