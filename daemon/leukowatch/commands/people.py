"""The commands `leukowatch user` and `leukowatch token`: who may use the review page and its API."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from leukowatch.commands.options import HomeOption, PasswordOption, settings_of, typed_password

if TYPE_CHECKING:
    from leukowatch.store.rights import AccountRole, Actor

users = typer.Typer(help="Who may use the review page.", no_args_is_help=True)
tokens = typer.Typer(help="Programs that use the HTTP API.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Name of the account.")]
RoleOption = Annotated[str, typer.Option("--role", help="reader, technologist, supervisor or administrator.")]


@users.command("add")
def user_add(
    name: NameArgument, role: RoleOption, password_stdin: PasswordOption = False, home: HomeOption = None
) -> None:
    """Add an account; without --password-stdin the password is asked for on the terminal."""
    from leukowatch.store.accounts import add_account
    from leukowatch.store.opened import writer

    chosen, password = _role(role), typed_password(from_stdin=password_stdin, new=True)
    with writer(settings_of(home)) as engine:
        add_account(engine, _operator(), name, chosen, password)
    typer.echo(f"{name} may log in as {chosen}")


@users.command("list")
def user_list(home: HomeOption = None) -> None:
    """List the accounts."""
    from leukowatch.store.accounts import accounts
    from leukowatch.store.opened import reader

    with reader(settings_of(home)) as engine:
        for account in accounts(engine):
            typer.echo(f"{account.name}  {account.role}{'' if account.active else '  (not active)'}")


@users.command("role")
def user_role(name: NameArgument, role: RoleOption, home: HomeOption = None) -> None:
    """Give an account another role."""
    from leukowatch.store.accounts import set_role
    from leukowatch.store.opened import writer

    chosen = _role(role)
    with writer(settings_of(home)) as engine:
        set_role(engine, _operator(), name, chosen)
    typer.echo(f"{name} is now {chosen}")


@users.command("password")
def user_password(
    name: NameArgument, password_stdin: PasswordOption = False, home: HomeOption = None
) -> None:
    """Give an account another password; whoever is logged in with it is logged out."""
    from leukowatch.store.accounts import set_password
    from leukowatch.store.opened import writer

    password = typed_password(from_stdin=password_stdin, new=True)
    with writer(settings_of(home)) as engine:
        set_password(engine, _operator(), name, password)
    typer.echo(f"{name} has a new password")


@users.command("deactivate")
def user_deactivate(name: NameArgument, home: HomeOption = None) -> None:
    """Let an account log in no more; what it did stays under its name."""
    _activate(name, home, active=False)


@users.command("activate")
def user_activate(name: NameArgument, home: HomeOption = None) -> None:
    """Let an account log in again."""
    _activate(name, home, active=True)


@tokens.command("add")
def token_add(
    name: NameArgument,
    role: RoleOption,
    label: Annotated[str, typer.Option(help="What the token is for.")],
    home: HomeOption = None,
) -> None:
    """Make a token in a person's name, and print it; it is not shown again."""
    from leukowatch.store.opened import writer
    from leukowatch.store.tokens import add_token

    chosen = _role(role)
    with writer(settings_of(home)) as engine:
        typer.echo(add_token(engine, _operator(), name, label, chosen))


@tokens.command("list")
def token_list(home: HomeOption = None) -> None:
    """List the tokens by number."""
    from leukowatch.store.opened import reader
    from leukowatch.store.tokens import tokens as known

    with reader(settings_of(home)) as engine:
        for token in known(engine):
            revoked = f"  (revoked {token.revoked_at:%Y-%m-%d})" if token.revoked_at else ""
            typer.echo(f"{token.id}  {token.account}  {token.role}  {token.label}{revoked}")


@tokens.command("revoke")
def token_revoke(
    number: Annotated[int, typer.Argument(help="As `token list` shows it.")], home: HomeOption = None
) -> None:
    """Make a token worthless."""
    from leukowatch.store.opened import writer
    from leukowatch.store.tokens import revoke_token

    with writer(settings_of(home)) as engine:
        revoke_token(engine, _operator(), number)
    typer.echo(f"token {number} is revoked")


def _activate(name: str, home: HomeOption, *, active: bool) -> None:
    from leukowatch.store.accounts import set_active
    from leukowatch.store.opened import writer

    with writer(settings_of(home)) as engine:
        set_active(engine, _operator(), name, active=active)
    typer.echo(f"{name} {'may log in again' if active else 'may log in no more'}")


def _operator() -> "Actor":
    from leukowatch.store.rights import operator

    return operator(getpass.getuser())


def _role(name: str) -> "AccountRole":
    from leukowatch.store.rights import AccountRole

    try:
        return AccountRole(name)
    except ValueError:
        raise typer.BadParameter(f"{name}: the roles are {', '.join(AccountRole)}") from None
