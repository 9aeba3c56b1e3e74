"""Whose budget is whose."""

from dataclasses import dataclass
from typing import cast

from crossbook._core import VenueProfile, venue_profiles
from crossbook.transport.limits import shared_limits


@dataclass
class Profile:
    """As much of a profile as limits look at."""

    id: str
    rest_url: str
    websocket_url: str
    request_weight_per_minute: int = 100
    connects_per_minute: int = 60


async def test_venues_on_one_host_share_its_budget_and_the_tightest_limit_is_the_host_s() -> None:
    """Whatever the path; sockets on another host are counted apart."""
    profiles = [
        Profile("a", "https://api.x.test/spot", "wss://one.x.test", request_weight_per_minute=100),
        Profile("b", "https://api.x.test/perps", "wss://two.x.test", request_weight_per_minute=5),
        Profile("c", "https://api.y.test", "wss://one.x.test"),
    ]
    limits = shared_limits(cast(list[VenueProfile], profiles))
    assert limits["a"].requests is limits["b"].requests is not limits["c"].requests
    assert limits["a"].dials is limits["c"].dials is not limits["b"].dials
    limits["a"].requests.pause(60)
    assert limits["b"].requests.paused_seconds > 0 == limits["c"].requests.paused_seconds
    await limits["c"].requests.acquire(100)
    assert limits["c"].requests._wait_seconds(1) > 0


async def test_every_real_venue_has_its_limits() -> None:
    """One entry each."""
    profiles = venue_profiles()
    assert shared_limits(profiles).keys() == {profile.id for profile in profiles}


async def test_a_process_spends_its_share_and_never_less_than_one() -> None:
    """A quarter of ten requests is two; of a single dial a minute, one."""
    profile = Profile("a", "https://x.test", "wss://x.test", request_weight_per_minute=10, connects_per_minute=1)
    limits = shared_limits(cast(list[VenueProfile], [profile]), share=0.25)["a"]
    for budget, whole in ((limits.requests, 2), (limits.dials, 1)):
        await budget.acquire(whole)
        assert budget._total == whole
        assert budget._wait_seconds(1) > 0
