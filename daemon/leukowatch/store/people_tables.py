"""The tables of those who may act: accounts, sessions, tokens, tries to log in, and the trail of what was done."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from leukowatch.store.tables import Base

_ROLES = "role IN ('reader', 'technologist', 'supervisor', 'administrator')"


class Account(Base):
    """A person who may log in; never deleted, as decisions and signatures refer to it."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("name <> ''", "name"), CheckConstraint(_ROLES, "role"))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str]
    password_hash: Mapped[str]
    """Of argon2id, with its parameters and salt."""
    active: Mapped[bool]
    created_at: Mapped[datetime]


class WebSession(Base):
    """A browser that is logged in; deleted at logout and when it has expired."""

    __tablename__ = "web_session"
    __table_args__ = (CheckConstraint("length(token_hash) = 64", "token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the cookie's token: who reads the database cannot take over a session."""
    csrf: Mapped[str]
    """What each form of the session must bring along."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiToken(Base):
    """A program that may use the HTTP API in a person's name, with a role of its own."""

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint(_ROLES, "role"),
        CheckConstraint("length(token_hash) = 64", "token_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str]
    """What it is for."""
    role: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginAttempt(Base):
    """A try to log in; those of more than a day ago are deleted."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    """As it was typed."""
    address: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    succeeded: Mapped[bool]


class Audit(Base):
    """What somebody did; append-only, each row sealed together with the one before."""

    __tablename__ = "audit"
    __table_args__ = (
        CheckConstraint("length(hash) = 64 AND length(previous_hash) = 64", "hash"),
        CheckConstraint("who <> ''", "who"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """1, 2, 3, ... without a gap."""
    at: Mapped[datetime]
    who: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    """What was acted on, as `slide S17` or `account anna`."""
    before: Mapped[str] = mapped_column(server_default="")
    """JSON, or empty."""
    after: Mapped[str] = mapped_column(server_default="")
    """JSON, or empty."""
    previous_hash: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)
