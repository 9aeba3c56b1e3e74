"""Which venues a process tracks and what of them, by its settings; what makes no sense is refused at the start."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog

from crossbook._core import VenueProfile
from crossbook.plumbing.errors import SettingsError
from crossbook.plumbing.settings import Endpoint, TrackerSettings
from crossbook.tracker.venue.wanted import Choice

log = structlog.get_logger()


def choose_venues(profiles: Mapping[str, VenueProfile], settings: TrackerSettings) -> list[VenueProfile]:
    """The venues to track: those named, or all that can be. Raises SettingsError.

    One that can only be replayed is refused with its reason when it is named and left out of all, unless a replay
    stands behind an endpoint of its own.
    """
    for venue in (*settings.venues, *settings.endpoints):
        if venue not in profiles:
            raise SettingsError(f"{venue!r} is not a venue: choose of {', '.join(sorted(profiles))}")
    for venue, endpoint in settings.endpoints.items():
        _check_endpoint(venue, endpoint)
    named = [profiles[venue] for venue in dict.fromkeys(settings.venues)] or list(profiles.values())
    return [profile for profile in named if _is_available(profile, settings)]


def read_choice(settings: TrackerSettings) -> Choice:
    """What to track of each venue: by the choice file, if there is one. Raises SettingsError."""
    if settings.choice_file is None:
        return Choice(settings.symbols, settings.assets)
    try:
        given = json.loads(settings.choice_file.read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f"setting tracker.choice_file: {error}") from error
    if not isinstance(given, dict) or not given.keys() <= {"symbols", "assets"}:
        raise SettingsError('setting tracker.choice_file: must look like {"symbols": [...], "assets": [...]}')
    lists = [given.get("symbols", []), given.get("assets", [])]
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists):
        raise SettingsError("setting tracker.choice_file: symbols and assets must be lists of names")
    return Choice(*lists)


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
