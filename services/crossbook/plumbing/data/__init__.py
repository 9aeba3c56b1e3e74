"""Postgres and Redis as every service uses them: connections, migrations, cooldowns, leases."""
