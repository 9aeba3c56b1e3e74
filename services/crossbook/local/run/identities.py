"""Who the processes of a run are to each other where keys are asked for: each has a key of its own, in a file that no
other user reads, and a tracker's names the venues that it may feed.

They are keys as any program's: in Postgres by their hashes, in `crossbook accounts key list`, and revoked as such. A
run makes them anew and revokes those that the one before it left.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crossbook.gateway.accounts.keeper import AccessKeeper
from crossbook.gateway.accounts.made_keys import id_of, made_key
from crossbook.gateway.store.accounts import AccountStore
from crossbook.gateway.store.sessions import SessionStore
from crossbook.local.run.environments import Setup, venues_of
from crossbook.local.services import services_of
from crossbook.plumbing.access.folder import KEYS, OF_RUN, key_file, open_secrets
from crossbook.plumbing.access.party import take_part
from crossbook.plumbing.access.roles import role_of
from crossbook.plumbing.data.postgres import open_pool
from crossbook.plumbing.errors import NotFoundError
from crossbook.plumbing.private_files import private_folder, write_whole
from crossbook.plumbing.settings import Settings

ROLE_OF_RUN = "operator"
CREATOR = "crossbook up"


@dataclass(frozen=True, slots=True)
class Identity:
    """Of one process: its name, the role of its key, and of a tracker its venues."""

    name: str
    role: str
    venues: tuple[str, ...] = ()


def identities_of(setup: Setup) -> Iterator[Identity]:
    """Of every process that dials another, and of the run itself; none where no key is asked for."""
    if not setup.places.has_identities:
        return
    yield Identity(OF_RUN, ROLE_OF_RUN)
    for service in services_of(is_live=setup.options.is_live):
        for endpoint in setup.ports.of(service.name) if service.shows else ():
            venues = venues_of(setup, endpoint) if service.shows == "tracker" else ()
            yield Identity(endpoint.name, service.shows, tuple(venues))


async def give_identities(setup: Setup, settings: Settings) -> None:
    """Makes the keys and tells the ring; this process shows its own from now on. The tables have to be there.

    Raises UnavailableError, PrivateFolderError and OSError.
    """
    folder = setup.places.access_dir
    if folder is None:
        return
    pool = await open_pool(setup.servers["postgres"], 1)
    try:
        store = AccountStore(pool)
        await _revoke_left(store, folder / KEYS)
        for identity in identities_of(setup):
            kept, shown = made_key(identity.name, role_of(identity.role), CREATOR, venues=identity.venues)
            await store.create_key(kept)
            write_whole(key_file(folder, identity.name), f"{shown}\n")
        seconds = settings.gateway.access_token_seconds
        await AccessKeeper(open_secrets(folder), store, SessionStore(pool), seconds, lambda _: 0, folder).look()
    finally:
        await pool.close()
    if (own := setup.places.key_file(OF_RUN)) is not None:
        access = settings.access.model_copy(update={"token_file": own})
        take_part(settings.model_copy(update={"access": access}))


async def _revoke_left(store: AccountStore, folder: Path) -> None:
    """Those of an earlier run, of which a file is left; Postgres may be another one than theirs."""
    private_folder(folder)
    for file, shown in _left(folder):
        with suppress(NotFoundError):
            await store.revoke_key(id_of(shown))
        file.unlink()


def _left(folder: Path) -> list[tuple[Path, str]]:
    return [(file, file.read_text().strip()) for file in folder.glob("*.key")]
