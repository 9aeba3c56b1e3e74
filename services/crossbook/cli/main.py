"""The `crossbook` command: one machine, each service by itself, and looking at what runs.

What a command needs is imported when it runs, so that `--help` is quick. A user's mistake is one line and exit code 2.
"""

import os
import sys

import typer

from crossbook.cli import accounts, alert_rules, services
from crossbook.cli import export as exporting
from crossbook.cli import groups as grouping
from crossbook.cli import inspect as inspecting
from crossbook.cli import opportunities as lives
from crossbook.cli import record as recording
from crossbook.cli import top as topping
from crossbook.cli import up as upping
from crossbook.cli import watch as watching

app = typer.Typer(
    name="crossbook",
    help="Exact windows of many exchanges' order books, and the arbitrage between them, the moment it opens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.command("up")(upping.up)
app.command("top")(topping.top)
app.command("record")(recording.record)
app.command("replay")(recording.replay)
for command in services.commands():
    if command.__name__ == "alerts":
        app.add_typer(alert_rules.group_of(command), name="alerts")
    else:
        app.command(command.__name__)(command)
app.add_typer(watching.app, name="watch")
app.add_typer(lives.app, name="opportunities")
app.command("export")(exporting.export)
app.add_typer(grouping.groups, name="groups")
app.add_typer(grouping.silences, name="silences")
app.command("explain")(watching.explain)
app.command("login")(accounts.login)
app.add_typer(accounts.app, name="accounts")
app.command("doctor")(inspecting.doctor)
app.command("venues")(inspecting.venues)
app.command("version")(inspecting.version)


def run() -> None:
    """The console script's entry."""
    from crossbook.plumbing.errors import CrossbookError

    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C++ core would print beside our own line
    try:
        app()
    except CrossbookError as error:
        print(f"crossbook: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
