"""What the venues allow us: requests and dials, counted by the host that counts them.

A host knows our address and no venue's name. Venues on one host share its budget, and so does everything that is asked
there for one of them: market lists, books, checks, tickets. It is the venue's own host that counts, also where another
address is given in its place: a simulator that plays all venues keeps each one's limits apart, as the venues do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from crossbook._core import VenueProfile
from crossbook.transport.budget import Budget

# Dials keep a quarter of the distance from each other that the limit alone would ask for, give or take a half.
SPACING_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Limits:
    """One venue's budgets; they outlive its driver, as the venue's memory of us does."""

    requests: Budget
    dials: Budget


def shared_limits(profiles: Iterable[VenueProfile]) -> dict[str, Limits]:
    """By venue. Where venues share a host, the tightest limit is the host's."""
    profiles = list(profiles)
    weights: dict[str, int] = {}
    connects: dict[str, int] = {}
    for profile in profiles:
        _tighten(weights, _host(profile.rest_url), profile.request_weight_per_minute)
        _tighten(connects, _host(profile.websocket_url), profile.connects_per_minute)
    requests = {host: Budget(limit) for host, limit in weights.items()}
    dials = {host: Budget(limit, spacing_seconds=SPACING_SECONDS / limit) for host, limit in connects.items()}
    return {
        profile.id: Limits(requests[_host(profile.rest_url)], dials[_host(profile.websocket_url)])
        for profile in profiles
    }


def _tighten(limits: dict[str, int], host: str, limit: int) -> None:
    limits[host] = min(limit, limits.get(host, limit))


def _host(url: str) -> str:
    return urlsplit(url).netloc
