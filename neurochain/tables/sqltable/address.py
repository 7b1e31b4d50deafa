"""Address: where a database is, which may hold a password and so is shown without it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from neurochain.datasets.secrets import masked
from neurochain.errors import MissingExtraError, StorageError, TableError

__all__ = ["Address"]

ENVIRONMENT = "env:"


@dataclass(frozen=True, repr=False)
class Address:
    """Where a database is.

    Attributes
    ----------
    given : str
        As of SQLAlchemy, ``postgresql+psycopg://user:password@host/name``, or ``env:NAME`` for the variable of the environment that holds
        it, which is looked at when it is needed.
    table : str
        Whose it is, for messages.
    """

    given: str
    table: str

    def __post_init__(self) -> None:
        if not isinstance(self.given, str) or not self.given or self.given == ENVIRONMENT:
            raise TableError(
                f"Table {self.table!r}: url= takes an address as SQLAlchemy writes it, or env:NAME for the variable that holds it."
            )
        if not self.given.startswith(ENVIRONMENT):
            _ = self.url  # what cannot be read is said where it is declared

    @property
    def is_named(self) -> bool:
        """Whether a variable of the environment holds it."""
        return self.given.startswith(ENVIRONMENT)

    @property
    def url(self) -> URL:
        """The address itself, with all that it holds.

        Raises
        ------
        StorageError
            The variable is not set.
        TableError
            It is no address. The message does not show it.
        """
        text = self.given
        if self.is_named:
            name = text.removeprefix(ENVIRONMENT)
            text = os.environ.get(name, "")
            if not text:
                raise StorageError(
                    f"Table {self.table!r}: the variable {name} of the environment is not set. It holds the database's address."
                )
        try:
            url = make_url(text)
            name = url.database or ""
            if (
                url.get_backend_name() == "sqlite"
                and name
                and name != ":memory:"
                and not name.startswith("file:")
            ):
                return url.set(database=str(Path(name).expanduser().absolute()))
            return url
        except (ArgumentError, ValueError):
            # The cause shows what was given.
            raise TableError(
                f"Table {self.table!r}: its url is no address of a database. Write dialect+driver://user:password@host/name, sqlite:///file.db, "
                "or env:NAME."
            ) from None

    @property
    def shown(self) -> str:
        """Where it is, without a user, a password and options."""
        url = self.url
        return str(URL.create(url.drivername, host=url.host, port=url.port, database=url.database))

    @property
    def recorded(self) -> str | None:
        """What may be kept to reach it again; None where it holds a user, a password, or another secret."""
        if self.is_named:
            return self.given
        if self.url.username or self.url.password or masked(self.given) != self.given:
            return None
        return str(self.url)

    @contextmanager
    def connected(self, **options: Any) -> Iterator[Connection]:
        """A connection that only reads, for as long as it is needed.

        Raises
        ------
        StorageError
            The database cannot be reached, or refuses.
        MissingExtraError
            The package that speaks to it is not installed.
        """
        engine = self._engine()
        try:
            with engine.connect() as connection:
                if engine.dialect.name == "postgresql":
                    options["postgresql_readonly"] = True
                yield connection.execution_options(**options)
        except SQLAlchemyError as error:
            raise StorageError(f"Table {self.table!r}: {self.shown}: {self.words(error)}") from None
        finally:
            engine.dispose()

    def words(self, error: Exception) -> str:
        """What a database says, in one line, without its password."""
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        for secret in (self.url.password, self.url.username):
            if secret:
                said = said.replace(str(secret), "***")
        return masked(said)

    def _engine(self) -> Engine:
        url = self.url
        if url.get_backend_name() == "sqlite":
            _check_file(url, self.table)
        try:
            engine = create_engine(
                url,
                poolclass=NullPool,
                hide_parameters=True,
                connect_args={"check_same_thread": False} if url.get_backend_name() == "sqlite" else {},
            )
        except NoSuchModuleError:
            raise TableError(
                f"Table {self.table!r}: SQLAlchemy knows no {url.drivername!r}. Install the package that brings it."
            ) from None
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                f"Table {self.table!r}: {url.drivername} needs the package {error.name!r}, which is not installed. "
                f"Install it with: pip install {error.name}"
            ) from None
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _only_read)
        return engine


def _check_file(url: URL, table: str) -> None:
    """SQLite makes a file where there is none."""
    name = url.database
    if name and name != ":memory:" and not name.startswith("file:") and not Path(name).is_file():
        raise StorageError(f"Table {table!r}: there is no file {name}.")


def _only_read(connection: sqlite3.Connection, record: object) -> None:
    connection.execute("PRAGMA query_only = ON")
