"""What is true of the directory behind an LDAP connector: does it let Dex in, and has it what Dex searches.

As Dex itself searches: https://dexidp.io/docs/connectors/ldap/.
"""

from collections.abc import Iterable, Iterator

from opskit.core import directory
from opskit.core.cluster import Cluster
from opskit.core.directory import NO_SUCH_OBJECT, Searched
from opskit.core.errors import NotInSnapshot, Unauthorized
from opskit.core.findings import Data
from opskit.core.parts import Job, Unread, settle
from opskit.core.reads import SearchDirectory
from opskit.systems.dex.kinds import Connector, ConnectorConfig, DexConfig


class Base(Data, frozen=True):
    """An entry that the connector searches below."""

    setting: str
    """`userSearch` or `groupSearch`."""
    dn: str
    there: bool
    said: str = ""
    """What the directory answers."""
    matched: str = ""
    """The deepest entry above it that exists."""
    beside: tuple[str, ...] = ()
    """What stands directly below that."""


class Directory(Data, frozen=True):
    """A directory, asked as the connector asks it."""

    connector: str
    address: str
    bind: str
    refused: str = ""
    """Why the bind was refused; empty: it was not."""
    bases: tuple[Base, ...] = ()


def read(cluster: Cluster, config: DexConfig) -> dict[str, Directory | Unread]:
    """Connector → its directory, of the LDAP connectors; a snapshot that did not ask one lacks it."""
    jobs: dict[str, Job] = {
        each.id: lambda each=each: _directory(cluster, each) for each in ldap_connectors(config)
    }
    found = settle(jobs)
    return {name: each for name, each in found.items() if not _not_recorded(each)}


def _not_recorded(found: Directory | Unread) -> bool:
    return isinstance(found, Unread) and found.error == NotInSnapshot.__name__


def ldap_connectors(config: DexConfig) -> list[Connector]:
    """The connectors that ask an LDAP directory."""
    return [each for each in config.connectors if each.type == "ldap"]


def server(connector: Connector) -> str:
    """The directory, named as the connector and addressed as Dex does it, where opskit.toml has no other."""
    config = connector.config
    scheme = "ldap" if config.insecure_no_tls else "ldap+tls" if config.start_tls else "ldaps"
    return f"{connector.id}@{scheme}://{config.host}"


def search(
    cluster: Cluster,
    connector: Connector,
    base: str,
    *,
    filter: str = "(objectClass=*)",
    scope: str = "sub",
    attributes: Iterable[str] = (),
) -> Searched:
    """One search as the connector's own entry."""
    wanted = tuple(sorted({each for each in attributes if each and each != "DN"}))
    asked = SearchDirectory(
        server=server(connector),
        base=base,
        filter=filter,
        scope=scope,
        attributes=wanted,
        bind=connector.config.bind_dn,
    )
    return directory.search(cluster, asked)


def _directory(cluster: Cluster, connector: Connector) -> Directory:
    config, refused, bases = connector.config, "", list[Base]()
    try:
        for setting, dn in _searched(config):
            bases.append(base(cluster, connector, setting, dn))
    except Unauthorized as error:
        refused = error.what
    return Directory(
        connector=connector.id,
        address=config.host,
        bind=config.bind_dn,
        refused=refused,
        bases=tuple(bases),
    )


def _searched(config: ConnectorConfig) -> Iterator[tuple[str, str]]:
    if config.user_search:
        yield "userSearch", config.user_search.base
    if config.group_search and config.group_search.base:
        yield "groupSearch", config.group_search.base


def base(cluster: Cluster, connector: Connector, setting: str, dn: str) -> Base:
    """Whether the entry exists; where it does not, what does."""
    found = search(cluster, connector, dn, scope="base")
    there = found.code == 0 and bool(found.entries)
    beside: tuple[str, ...] = ()
    if found.code == NO_SUCH_OBJECT and found.matched:
        below = search(cluster, connector, found.matched, scope="one")
        beside = tuple(sorted(each.dn for each in below.entries)[:20])
    return Base(setting=setting, dn=dn, there=there, said=found.said, matched=found.matched, beside=beside)
