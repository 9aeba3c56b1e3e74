"""Which venues a process tracks and what of them, by its settings; what makes no sense is refused at the start."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog

from crossbook._core import VenueProfile
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import Endpoint, TrackerSettings
from crossbook.tracker.wanted import Choice

log = structlog.get_logger()


def choose_venues(profiles: Mapping[str, VenueProfile], settings: TrackerSettings) -> list[VenueProfile]:
    """The venues to track: those named, or all that can be. Raises SettingsError.

    One that can only be replayed is refused with its reason when it is named, and left out of all, unless a replay stands
    behind an endpoint of its own.
    """
    for venue in (*settings.venues, *settings.endpoints):
        if venue not in profiles:
            raise SettingsError(f"{venue!r} is not a venue: choose of {', '.join(sorted(profiles))}")
    for venue, endpoint in settings.endpoints.items():
        _check_endpoint(venue, endpoint)
    named = [profiles[venue] for venue in dict.fromkeys(settings.venues)] or list(profiles.values())
    return [profile for profile in named if _is_available(profile, settings)]


def _is_available(profile: VenueProfile, settings: TrackerSettings) -> bool:
    if profile.unavailable_reason is None or profile.id in settings.endpoints:
        return True
    if profile.id in settings.venues:
        raise SettingsError(f"setting tracker.venues: {profile.id!r} cannot be tracked: {profile.unavailable_reason}")
    log.warning("venue_left_out", venue=profile.id, reason=profile.unavailable_reason)
    return False


def _check_endpoint(venue: str, endpoint: Endpoint) -> None:
    kinds = (
        ("websocket_url", endpoint.websocket_url, ("ws", "wss")),
        ("rest_url", endpoint.rest_url, ("http", "https")),
    )
    for key, url, schemes in kinds:
        if url is not None and not _is_address(url, schemes):
            raise SettingsError(
                f"setting tracker.endpoints.{venue}.{key}: {url!r} is no {' or '.join(schemes)} address"
            )


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
