"""What the venues allow us: requests and dials, counted by the host that counts them.

A host knows our address and no venue's name. Venues on one host share its budget, and so does everything that is asked
there for one of them: market lists, books, checks, tickets. It is the venue's own host that counts, also where another
address is given in its place: a simulator that plays all venues keeps each one's limits apart, as the venues do.

A process counts for itself. Where several ask one venue from one address, each is given a share of what is allowed.
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


def shared_limits(profiles: Iterable[VenueProfile], share: float = 1.0) -> dict[str, Limits]:
    """By venue. Where venues share a host, the tightest limit is the host's; of that, the share, and never nothing."""
    profiles = list(profiles)
    weights: dict[str, int] = {}
    connects: dict[str, int] = {}
    for profile in profiles:
        _tighten(weights, _host(profile.rest_url), profile.request_weight_per_minute)
        _tighten(connects, _host(profile.websocket_url), profile.connects_per_minute)
    requests = {host: Budget(_part(limit, share)) for host, limit in weights.items()}
    dials = {host: _dials(_part(limit, share)) for host, limit in connects.items()}
    return {
        profile.id: Limits(requests[_host(profile.rest_url)], dials[_host(profile.websocket_url)])
        for profile in profiles
    }


def _part(limit: int, share: float) -> int:
    return max(1, int(limit * share))


def _dials(limit: int) -> Budget:
    return Budget(limit, spacing_seconds=SPACING_SECONDS / limit)


def _tighten(limits: dict[str, int], host: str, limit: int) -> None:
    limits[host] = min(limit, limits.get(host, limit))


def _host(url: str) -> str:
    return urlsplit(url).netloc
