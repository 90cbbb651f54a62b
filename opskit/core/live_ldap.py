"""One LDAP search: connect, bind, search, leave. It only reads, and a refused bind is not tried again."""

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from opskit.core.config import Server
from opskit.core.directory import Entry, Searched
from opskit.core.errors import (
    BadAnswer,
    DeadlineExceeded,
    NotInstalled,
    OpsError,
    Unauthorized,
    Unreachable,
    Untrusted,
)
from opskit.core.findings import Data
from opskit.core.live_retry import retried
from opskit.core.reads import SearchDirectory
from opskit.core.secrets import resolve

if TYPE_CHECKING:
    from opskit.core.live_servers import Servers

MOST = 1000
"""Entries after which a search is cut off."""
_PORTS = {"ldaps": 636, "ldap": 389, "ldap+tls": 389}


class _Place(Data, frozen=True):
    """Where the directory is reached."""

    scheme: str
    host: str
    port: int
    name: str
    """What its certificate must be for."""
    ca: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"


def found(servers: "Servers", read: SearchDirectory, *, deadline: float) -> bytes:
    """The search's end as JSON of `Searched`; see `core.directory.search`."""
    named = servers.named(read.server)
    password = _password(read, named)
    place = _place(servers, read, named, deadline)
    searched = retried(
        lambda timeout: _search(place, read, password, timeout), deadline=deadline, budget=servers.budget
    )
    return msgspec.json.encode(searched)


def _password(read: SearchDirectory, named: Server) -> str:
    reference = read.password or named.password
    if not read.bind:
        return ""
    if not reference:
        name = read.server.partition("@")[0]
        raise NotInstalled(
            f"The directory is not asked: the password of {read.bind} is not known here.",
            where=read.server,
            hint=f'name where it is kept in opskit.toml: [clusters.NAME.servers.{name}] password = "env:…"',
        )
    return resolve(reference).reveal()


def _place(servers: "Servers", read: SearchDirectory, named: Server, deadline: float) -> _Place:
    name, _, at = read.server.partition("@")
    url = urlsplit(named.url or at)
    if url.scheme not in _PORTS:
        raise BadAnswer(
            f"{named.url or read.server!r} is no address of a directory.",
            where=read.server,
            hint="write ldaps://HOST:PORT, ldap://HOST:PORT, or ldap+tls://HOST:PORT for StartTLS",
        )
    host, port = url.hostname or "", url.port or _PORTS[url.scheme]
    shown = named.tls_name or host
    if named.service:
        through = urlsplit(servers.endpoint(name, deadline=deadline).url)
        host, port = through.hostname or "", through.port or port
    return _Place(scheme=url.scheme, host=host, port=port, name=shown, ca=named.ca)


def _search(place: _Place, read: SearchDirectory, password: str, timeout: float) -> Searched:
    client = _client()
    connection = _connection(client, place, read, password, timeout)
    try:
        _bind(connection, place, read)
        connection.search(
            read.base,
            read.filter,
            search_scope={"base": client.BASE, "one": client.LEVEL, "sub": client.SUBTREE}[read.scope],
            attributes=list(read.attributes) or [client.NO_ATTRIBUTES],
            size_limit=MOST,
        )
        return _searched(connection)
    except client.core.exceptions.LDAPExceptionError as error:
        raise _broken(error, str(place), timeout) from error
    finally:
        _leave(connection)


def _client() -> Any:
    try:
        import ldap3
    except ImportError as error:
        raise NotInstalled(
            "The directory is not asked: there is no LDAP client here.",
            where="this machine",
            hint="pip install 'opskit[ldap]'",
        ) from error
    return ldap3


def _connection(client: Any, place: _Place, read: SearchDirectory, password: str, timeout: float) -> Any:
    tls = client.Tls()
    # The library's own check of names is none of Python's, and knows no addresses.
    tls.wrap_socket = partial(_secure, place=place)
    server = client.Server(
        place.host,
        port=place.port,
        use_ssl=place.scheme == "ldaps",
        tls=tls,
        get_info=client.NONE,
        connect_timeout=timeout,
    )
    return client.Connection(
        server,
        user=read.bind or None,
        password=password or None,
        receive_timeout=max(1, round(timeout)),
        read_only=True,
        auto_referrals=False,
    )


def _secure(connection: Any, do_handshake: bool = True, *, place: _Place) -> None:  # noqa: ARG001
    import ssl

    context = ssl.create_default_context(cafile=place.ca or None)
    connection.socket = context.wrap_socket(connection.socket, server_hostname=place.name)


def _bind(connection: Any, place: _Place, read: SearchDirectory) -> None:
    connection.open()
    if place.scheme == "ldap+tls":
        connection.start_tls()
    if not connection.bind():
        raise Unauthorized(
            f"The directory refuses the bind of {read.bind or 'nobody'}: {_said(connection.result)}.",
            where=str(place),
            hint="check the DN and its password; many directories lock an entry after a few wrong ones",
        )


def _searched(connection: Any) -> Searched:
    result = connection.result
    return Searched(
        code=int(result["result"]),
        said=_said(result),
        matched=str(result.get("dn") or ""),
        entries=tuple(_entry(each) for each in connection.response or [] if each["type"] == "searchResEntry"),
    )


def _entry(found: Any) -> Entry:
    values = {
        name: tuple(value.decode(errors="replace") for value in raw)
        for name, raw in found["raw_attributes"].items()
    }
    return Entry(dn=found["dn"], attributes=values)


def _said(result: Any) -> str:
    further = f" ({result['message']})" if result.get("message") else ""
    return f"{result['description']}{further}"


def _broken(error: Exception, where: str, timeout: float) -> OpsError:
    text, kind = str(error), type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return _untrusted(text, where)
    if "timed out" in text:
        return DeadlineExceeded(
            f"The directory did not answer within {round(timeout, 1):g} s.",
            where=where,
            hint="check the address, the route and whether the directory runs",
        )
    if kind.startswith(("LDAPSocket", "LDAPSession", "LDAPStartTLS")):
        return Unreachable(
            f"The directory does not answer: {text}.",
            sent=False,
            where=where,
            hint="start the directory, or mend its address",
        )
    return BadAnswer(
        f"The search can't be made: {text}.", where=where, hint="check base and filter for a slip"
    )


def _untrusted(text: str, where: str) -> Untrusted:
    why = re.search(r"certificate verify failed: (.*?)\.? \(_ssl", text)
    return Untrusted(
        f"The directory's certificate is not trusted: {why[1] if why else text}.",
        sent=False,
        where=where,
        hint="name its CA in opskit.toml (`ca`), and the name that its certificate is for (`tls_name`)",
    )


def _leave(connection: Any) -> None:
    """Its socket, too: the library forgets it where no connection came about."""
    if not connection.closed:
        connection.unbind()
    if connection.socket is not None:
        connection.socket.close()
