"""`crossbook login` and `crossbook accounts`: for whoever can read the folder of secrets, of a gateway that runs."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossbook.cli.names import split_names

if TYPE_CHECKING:
    from crossbook.pb.v1.accounts_pb2_grpc import AccountServiceAsyncStub

DataDir = Annotated[Path, typer.Option("--data-dir", help="Of the run: its folder access/ holds the secrets.")]
Target = Annotated[str, typer.Option("--gateway", help="host:port of its gRPC port; default: the run's.")]
_HERE = Path(".crossbook")

app = typer.Typer(help="Keys of programs, users, and what was done by whom.", no_args_is_help=True)
keys = typer.Typer(help="Keys of programs.", no_args_is_help=True)
users = typer.Typer(help="Users with passwords.", no_args_is_help=True)
app.add_typer(keys, name="key")
app.add_typer(users, name="user")


def login(data_dir: DataDir = _HERE) -> None:
    """Print a link that lets one browser in, once, within ten minutes."""
    from crossbook.plumbing.access.folder import open_secrets

    print(f"{_entry(data_dir)['pages']}/#code={open_secrets(data_dir / 'access').code()}")


@keys.command("create")
def create_key(
    role: Annotated[str, typer.Option(help="viewer, trader, operator, admin or tracker.")] = "viewer",
    name: Annotated[str, typer.Option(help="For people.")] = "",
    days: Annotated[float | None, typer.Option(help="How long it is good for; default: until it is revoked.")] = None,
    venues: Annotated[str, typer.Option(help="Of a tracker's key: venues that it may feed; default: all.")] = "",
    methods: Annotated[str, typer.Option(help="RPCs that it may call; default: all of its role.")] = "",
    networks: Annotated[str, typer.Option(help="Networks that it may be used from; default: all.")] = "",
    quota: Annotated[int, typer.Option(help="Requests of a day that gateways answer it; default: no bound.")] = 0,
    data_dir: DataDir = _HERE,
    gateway: Target = "",
) -> None:
    """Make a key and print it: it is shown now and never again."""
    from crossbook.pb.v1.access_pb2 import Role
    from crossbook.pb.v1.accounts_pb2 import CreateApiKeyRequest

    request = CreateApiKeyRequest(
        display_name=name,
        role=_role(role, Role),
        venues=split_names(venues),
        methods=split_names(methods),
        networks=split_names(networks),
        daily_quota=quota,
    )
    if days is not None:
        request.lifetime.FromTimedelta(timedelta(days=days))
    print(_ask(data_dir, gateway, lambda stub, **how: stub.CreateApiKey(request, **how)).secret)


@keys.command("list")
def list_keys(data_dir: DataDir = _HERE, gateway: Target = "") -> None:
    """Print every key, without its secret."""
    from crossbook.pb.v1.accounts_pb2 import ListApiKeysRequest

    for key in _ask(data_dir, gateway, lambda stub, **how: stub.ListApiKeys(ListApiKeysRequest(), **how)).keys:
        state = "revoked" if key.HasField("revoke_time") else "good"
        used = key.last_use_time.ToJsonString() if key.HasField("last_use_time") else "never used"
        today = f"{key.used_today} of {key.daily_quota} today" if key.HasField("daily_quota") else "no quota"
        print(f"{key.id}  {_word(key.role):<8}  {state:<7}  {used}  {today}  {key.display_name}")


@keys.command("revoke")
def revoke_key(key: str, data_dir: DataDir = _HERE, gateway: Target = "") -> None:
    """End a key, everywhere within seconds."""
    from crossbook.pb.v1.accounts_pb2 import RevokeApiKeyRequest

    _ask(data_dir, gateway, lambda stub, **how: stub.RevokeApiKey(RevokeApiKeyRequest(id=key), **how))


@users.command("create")
def create_user(
    name: str,
    role: Annotated[str, typer.Option(help="viewer, trader, operator or admin.")] = "viewer",
    password: Annotated[str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True)] = "",
    data_dir: DataDir = _HERE,
    gateway: Target = "",
) -> None:
    """Make a user; the password is asked for."""
    from crossbook.pb.v1.access_pb2 import Role
    from crossbook.pb.v1.accounts_pb2 import CreateUserRequest

    request = CreateUserRequest(name=name, role=_role(role, Role), password=password)
    _ask(data_dir, gateway, lambda stub, **how: stub.CreateUser(request, **how))


@users.command("list")
def list_users(data_dir: DataDir = _HERE, gateway: Target = "") -> None:
    """Print every user."""
    from crossbook.pb.v1.accounts_pb2 import ListUsersRequest

    for user in _ask(data_dir, gateway, lambda stub, **how: stub.ListUsers(ListUsersRequest(), **how)).users:
        print(f"{user.name}  {_word(user.role)}")


@users.command("delete")
def delete_user(name: str, data_dir: DataDir = _HERE, gateway: Target = "") -> None:
    """Remove a user and end their sessions."""
    from crossbook.pb.v1.accounts_pb2 import DeleteUserRequest

    _ask(data_dir, gateway, lambda stub, **how: stub.DeleteUser(DeleteUserRequest(name=name), **how))


@app.command("audit")
def audit(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Rows.")] = 50,
    data_dir: DataDir = _HERE,
    gateway: Target = "",
) -> None:
    """Print what was done by whom, newest first."""
    from crossbook.pb.v1.accounts_pb2 import ListAuditRequest

    request = ListAuditRequest(page_size=limit)
    for entry in _ask(data_dir, gateway, lambda stub, **how: stub.ListAudit(request, **how)).entries:
        when = entry.time.ToJsonString()
        print(f"{when}  {entry.principal}  {entry.address}  {entry.method}  {entry.resource}  {entry.outcome}")


def _ask(data_dir: Path, gateway: str, call: Callable[..., Coroutine[Any, Any, Any]]) -> Any:
    from crossbook.plumbing.access.folder import open_secrets
    from crossbook.plumbing.access.party import take_part
    from crossbook.plumbing.settings import load_settings

    take_part(load_settings())
    token = open_secrets(data_dir / "access").local_token()
    return asyncio.run(_asked(gateway or _entry(data_dir)["address"], token, call))


async def _asked(target: str, token: str, call: Callable[..., Coroutine[Any, Any, Any]]) -> Any:
    import grpc

    from crossbook.pb.v1.accounts_pb2_grpc import AccountServiceStub
    from crossbook.plumbing.errors import CrossbookError
    from crossbook.plumbing.follow import call_reason
    from crossbook.plumbing.grpc.channel import UNARY_DEADLINE_SECONDS, open_channel

    async with open_channel(target) as channel:
        stub: AccountServiceAsyncStub = AccountServiceStub(channel)
        try:
            return await call(stub, metadata=(("authorization", f"Bearer {token}"),), timeout=UNARY_DEADLINE_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise CrossbookError(f"the gateway at {target} did not do it: {call_reason(error)}") from None


def _entry(data_dir: Path) -> dict[str, str]:
    """Where the run's gateway is, by its own file."""
    from crossbook.plumbing.errors import CrossbookError

    try:
        found: dict[str, str] = json.loads((data_dir / "run.json").read_text())["processes"]["gateway"]
    except (OSError, ValueError, KeyError):
        raise CrossbookError(f"no gateway runs in {data_dir}: name its --data-dir, or start `crossbook up`") from None
    return found


def _role(name: str, roles: Any) -> Any:
    from crossbook.plumbing.errors import CrossbookError

    try:
        return roles.Value(f"ROLE_{name.upper()}")
    except ValueError:
        raise CrossbookError(f"{name!r} is no role: viewer, trader, operator, admin or tracker") from None


def _word(role: int) -> str:
    from crossbook.plumbing.access.roles import role_name

    return role_name(role)
