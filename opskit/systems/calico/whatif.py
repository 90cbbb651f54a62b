"""What a policy would do before it is applied: a file of manifests against the cluster as it is."""

from pathlib import Path
from typing import Any

from opskit.core.errors import BadValue
from opskit.core.kinds import Object
from opskit.systems.calico.facts import Facts
from opskit.systems.calico.reach import Difference, Objects, Reach, unknown_fields
from opskit.systems.calico.reach.objects import FIELDS


def manifests(path: str) -> list[dict[str, Any]]:
    """The documents of a YAML file.

    Raises:
        BadValue: it can't be read, or holds something else.

    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = list(YAML(typ="safe").load_all(Path(path).read_text()))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise BadValue(
            f"The manifests can't be read: {error}", where=path, hint="name a YAML file of policies"
        ) from error
    return [document for document in found if isinstance(document, dict)]


def difference(facts: Facts, policies: list[dict[str, Any]]) -> Difference:
    """What these policies, added or put in place of those of the same name, change.

    Args:
        facts: of the cluster.
        policies: raw objects, as `manifests` reads them.

    Returns:
        The changes, with a warning for locked-out DNS and one for each field that strict validation refuses.

    Raises:
        BadValue: an object does not have the shape of its kind.

    """
    given = Objects.of_manifests(policies)
    changed: list[Object] = [each for name in FIELDS for each in getattr(given, name)]
    found = Reach.difference(facts.reach, Reach.of(facts.objects.with_changed(*changed)))
    refused = tuple(each.text for manifest in policies for each in unknown_fields(manifest))
    return Difference(found.changes, found.dns, (*refused, *found.unsupported))


def of_file(facts: Facts, path: str) -> Difference:
    """`difference` of a file's manifests; no file changes nothing.

    Raises:
        BadValue: as `manifests` and `difference`.

    """
    return difference(facts, manifests(path)) if path else Difference((), ())
