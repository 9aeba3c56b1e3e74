"""The role under which the services of a run use the embedded Postgres: they read and write rows, and nothing more.

The cluster's owner, a superuser, makes the tables; its password stays with the supervisor. What the services call that
makes tables, a venue's partitions, runs with the owner's rights and takes nothing but a venue's name.
"""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from crossbook.local.processes.privileges import server_home
from crossbook.local.servers.embedded import kept_password
from crossbook.plumbing.data.postgres import connect

ROLE = "crossbook_service"
# %s stands for the password, which is ours and has no quote in it: DDL takes no parameters.
_STATEMENTS = (
    f"DO $$ BEGIN IF to_regrole('{ROLE}') IS NULL THEN CREATE ROLE {ROLE}; END IF; END $$",
    f"ALTER ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '%s'",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    f"GRANT USAGE ON SCHEMA public TO {ROLE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE}",
    f"REVOKE INSERT, UPDATE, DELETE ON schema_migrations FROM {ROLE}",
    f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLE}",
    "ALTER FUNCTION create_venue_partitions(text) SECURITY DEFINER SET search_path = public, pg_temp",
)


async def make_service_role(owner_dsn: str, data_dir: Path) -> str:
    """To be called by the owner when the tables are there, at every start; the DSN of the services' role."""
    password = kept_password(server_home(data_dir) / "service-password")
    async with await connect(owner_dsn) as connection:
        for statement in _STATEMENTS:
            await connection.execute((statement % password if "%s" in statement else statement).encode())
    parts = urlsplit(owner_dsn)
    address = f"{ROLE}:{password}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=address))
