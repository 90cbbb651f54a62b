"""Try a person's login at the directory, as Dex' LDAP connector would, up to the groups: nobody logs in.

Searches, filters and what must be in an entry: https://dexidp.io/docs/connectors/ldap/.
"""

from opskit.core import directory
from opskit.core.cluster import Cluster
from opskit.core.directory import Entry, Searched
from opskit.core.errors import BadValue, Refused, Unauthorized
from opskit.core.findings import Data
from opskit.core.parts import Unread, attempt
from opskit.core.reads import SearchDirectory
from opskit.core.wording import some
from opskit.systems.dex.directory import ldap_connectors, search, server
from opskit.systems.dex.facts import Facts
from opskit.systems.dex.kinds import Connector, GroupSearch, UserSearch


class GroupsFound(Data, frozen=True):
    """What one matcher of the group search found."""

    filter: str
    base: str
    said: str
    code: int
    names: tuple[str, ...] = ()


class Tried(Data, frozen=True):
    """How far a person's login came."""

    connector: str
    user: str
    stopped: Unread | None = None
    """Why it could not be tried to its end."""
    filter: str = ""
    base: str = ""
    found: Searched | None = None
    """Of the user search."""
    missing: tuple[str, ...] = ()
    """Attributes that Dex needs and that the entry lacks."""
    mail: str = ""
    password: bool | None = None
    """Whether the password was right; None where none was given."""
    groups: tuple[GroupsFound, ...] = ()

    @property
    def entry(self) -> Entry | None:
        """The person's, where the search found exactly one."""
        entries = self.found.entries if self.found else ()
        return entries[0] if len(entries) == 1 else None

    @property
    def group_names(self) -> list[str]:
        """Every group, once."""
        return list(dict.fromkeys(name for each in self.groups for name in each.names))


def try_login(
    cluster: Cluster, facts: Facts, *, user: str, connector: str = "", password: str | None = None
) -> Tried:
    """Bind as the connector's own entry, search the person, and the person's groups.

    Args:
        cluster: live or a snapshot.
        facts: read before.
        user: what the person types as user name.
        connector: its ID; empty is the only LDAP connector.
        password: reference to the person's password; without one it is not tried.

    Raises:
        Refused: it is not clear which connector is meant.
        BadValue: no user is named.

    """
    if not user.strip():
        raise BadValue("No user is named.", where="user", hint="give the name that the person types")
    chosen = _chosen(facts, connector)
    found = attempt(chosen.id, lambda: _tried(cluster, chosen, user.strip(), password))
    return Tried(connector=chosen.id, user=user, stopped=found) if isinstance(found, Unread) else found


def _chosen(facts: Facts, name: str) -> Connector:
    config = None if isinstance(facts.config, Unread) else facts.config
    every = ldap_connectors(config) if config else []
    found = [each for each in every if name in ("", each.id)]
    if len(found) == 1:
        return found[0]
    there = some(each.id for each in every) or "none"
    why = facts.config.reason if isinstance(facts.config, Unread) else f"LDAP connectors: {there}"
    raise Refused(
        f"Which LDAP connector is meant is not clear: {why}.",
        where=f"Dex' configuration in namespace {facts.namespace}",
        hint="name one as `connector`",
    )


def _tried(cluster: Cluster, connector: Connector, user: str, password: str | None) -> Tried:
    wanted = connector.config.user_search or UserSearch()
    groups = connector.config.group_search or GroupSearch()
    chosen = _both(wanted.filter, wanted.username, user)
    own = (wanted.id_attribute, wanted.mail_attribute, wanted.name_attribute)
    matched = tuple(each.user_attribute for each in groups.pairs)
    found = search(
        cluster,
        connector,
        wanted.base,
        filter=chosen,
        scope=wanted.scope or "sub",
        attributes=(wanted.username, *own, *matched),
    )
    tried = Tried(connector=connector.id, user=user, filter=chosen, base=wanted.base, found=found)
    if tried.entry is None:
        return tried
    return Tried(
        connector=connector.id,
        user=user,
        filter=chosen,
        base=wanted.base,
        found=found,
        missing=_missing(tried.entry, wanted),
        mail=_mail(tried.entry, wanted),
        password=_right(cluster, connector, tried.entry, password),
        groups=tuple(_groups(cluster, connector, tried.entry, groups)),
    )


def _both(filter: str, attribute: str, value: str) -> str:
    own = f"({attribute}={_escaped(value)})"
    return f"(&{filter}{own})" if filter else own


def _escaped(value: str) -> str:
    """As https://www.rfc-editor.org/rfc/rfc4515#section-3 has it: what a person types is no filter."""
    plain = {"\\": r"\5c", "*": r"\2a", "(": r"\28", ")": r"\29", "\0": r"\00"}
    return "".join(plain.get(each, each) for each in value)


def _values(entry: Entry, name: str) -> tuple[str, ...]:
    """An attribute's values, whatever letters its name is written in; `DN` is the entry's own name."""
    found = next((v for key, v in entry.attributes.items() if key.casefold() == name.casefold()), ())
    return found or ((entry.dn,) if name == "DN" else ())


def _missing(entry: Entry, wanted: UserSearch) -> tuple[str, ...]:
    needed = [wanted.id_attribute or "uid", wanted.name_attribute]
    if not wanted.mail_suffix:
        needed.append(wanted.mail_attribute or "mail")
    return tuple(name for name in needed if name and not any(_values(entry, name)))


def _mail(entry: Entry, wanted: UserSearch) -> str:
    if wanted.mail_suffix:
        return f"{next(iter(_values(entry, wanted.id_attribute)), '')}@{wanted.mail_suffix}"
    return next(iter(_values(entry, wanted.mail_attribute or "mail")), "")


def _right(cluster: Cluster, connector: Connector, entry: Entry, password: str | None) -> bool | None:
    if not password:
        return None
    own = SearchDirectory(
        server=server(connector), base=entry.dn, scope="base", bind=entry.dn, password=password
    )
    try:
        directory.search(cluster, own)
    except Unauthorized:
        return False
    return True


def _groups(cluster: Cluster, connector: Connector, entry: Entry, wanted: GroupSearch) -> "list[GroupsFound]":
    if not wanted.base:
        return []
    filters = [
        _both(wanted.filter, pair.group_attribute, value)
        for pair in wanted.pairs
        for value in _values(entry, pair.user_attribute)
    ]
    return [_of_filter(cluster, connector, wanted, each) for each in filters]


def _of_filter(cluster: Cluster, connector: Connector, wanted: GroupSearch, filter: str) -> GroupsFound:
    found = search(
        cluster,
        connector,
        wanted.base,
        filter=filter,
        scope=wanted.scope or "sub",
        attributes=(wanted.name_attribute,),
    )
    names = (name for each in found.entries for name in _values(each, wanted.name_attribute)[:1])
    return GroupsFound(filter=filter, base=wanted.base, said=found.said, code=found.code, names=tuple(names))
