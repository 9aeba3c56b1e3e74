"""A process listens to this machine alone, unless it is said that more is meant."""

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.exposure import OpenHostError, OpenWebError, check_exposure, check_web_exposure
from crossbook.plumbing.settings import load_settings


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "localhost"])
def test_loopback_needs_no_permission(host: str) -> None:
    """However it is written."""
    check_exposure(load_settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "192.0.2.7", "::ffff:10.1.2.3"])
def test_any_other_host_is_refused_until_it_is_meant(host: str) -> None:
    """The error says what to set, either way."""
    with pytest.raises(OpenHostError, match=r"CROSSBOOK_HOST=127.0.0.1.*CROSSBOOK_ALLOW_OPEN=true") as caught:
        check_exposure(load_settings(host=host))
    assert caught.value.host == host
    check_exposure(load_settings(host=host, allow_open=True))


@pytest.mark.parametrize(
    ("tls", "is_required", "asks"),
    [
        ({"certificate_file": "c", "key_file": "k"}, False, False),
        ({"certificate_file": "c", "key_file": "k"}, True, True),
        ({"certificate_file": "c", "key_file": "k", "client_ca_file": "a"}, False, True),
        ({}, True, False),
    ],
)
def test_ports_that_ask_who_calls_over_tls_may_be_reached(tls: dict[str, str], is_required: bool, asks: bool) -> None:
    """By a certificate or by a key; a key that goes over the wire for all to read is no reason."""
    settings = load_settings(host="0.0.0.0", tls=tls, access={"is_required": is_required, "ring_file": "r"})
    if asks:
        check_exposure(settings)
        return
    with pytest.raises(OpenHostError, match="CROSSBOOK_TLS__CLIENT_CA_FILE"):
        check_exposure(settings)


def test_a_host_without_an_address_is_a_setting_to_correct() -> None:
    """And no traceback."""
    with pytest.raises(SettingsError, match=r"setting host: no\.such\.host\.invalid has no address"):
        check_exposure(load_settings(host="no.such.host.invalid"))


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({}, "CROSSBOOK_GATEWAY__CERTIFICATE_FILE"),
        ({"trusted_proxies": ["10.0.0.0/8"]}, "CROSSBOOK_GATEWAY__ANONYMOUS_ROLE=none"),
        ({"trusted_proxies": ["10.0.0.0/8"], "anonymous_role": "none"}, ""),
        ({"certificate_file": "c.pem", "key_file": "k.pem", "anonymous_role": "none"}, ""),
    ],
)
def test_a_gateway_that_others_reach_wants_tls_and_no_strangers(own: dict[str, object], says: str) -> None:
    """Whatever allow_open says: that is of ports that no browser speaks to. The message says what to set."""
    settings = load_settings(host="0.0.0.0", allow_open=True, gateway=own)
    if not says:
        check_web_exposure(settings)
        return
    with pytest.raises(OpenWebError, match=says):
        check_web_exposure(settings)
    check_web_exposure(load_settings(gateway=own))
