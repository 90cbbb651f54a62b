"""The people and groups of the directory."""

from typing import Final

import msgspec

SUFFIX: Final = "dc=sandbox,dc=test"
PEOPLE_BASE, GROUPS_BASE = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
BIND_DN: Final = f"cn=dex,{SUFFIX}"
"""Who Dex asks as."""
ROOT_DN: Final = f"cn=root,{SUFFIX}"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """One entry."""

    uid: str
    groups: tuple[str, ...]
    mail: bool = True
    """Whether the entry has a mail address; Dex lets nobody in without."""

    @property
    def dn(self) -> str:
        """The entry's name."""
        return f"uid={self.uid},{PEOPLE_BASE}"


PEOPLE: Final = (
    Person(uid="alice", groups=("admins", "devs")),
    Person(uid="bob", groups=("devs",)),
    Person(uid="carol", groups=()),
    Person(uid="dave", groups=("devs",), mail=False),
)


def ldif(passwords: dict[str, str]) -> str:
    """The whole directory.

    Args:
        passwords: of each uid, and of `dex`.

    """
    entries = [
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: sandbox\ndc: sandbox",
        f"dn: {BIND_DN}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"cn: dex\nuserPassword: {passwords['dex']}",
        *(f"dn: ou={ou},{SUFFIX}\nobjectClass: organizationalUnit\nou: {ou}" for ou in ("people", "groups")),
        *(_person(person, passwords[person.uid]) for person in PEOPLE),
        *(_group(name) for name in sorted({group for person in PEOPLE for group in person.groups})),
    ]
    return "\n\n".join(entries) + "\n"


def _person(person: Person, password: str) -> str:
    mail = f"\nmail: {person.uid}@sandbox.test" if person.mail else ""
    return (
        f"dn: {person.dn}\nobjectClass: inetOrgPerson\nuid: {person.uid}\ncn: {person.uid.title()}\n"
        f"sn: {person.uid}\nuserPassword: {password}{mail}"
    )


def _group(name: str) -> str:
    members = "\n".join(f"member: {person.dn}" for person in PEOPLE if name in person.groups)
    return f"dn: cn={name},{GROUPS_BASE}\nobjectClass: groupOfNames\ncn: {name}\n{members}"
