"""Kubernetes' label selectors as expressions.

https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements
"""

from opskit.core.errors import BadValue
from opskit.systems.calico.kubernetes_policies import LabelSelector, Requirement
from opskit.systems.calico.reach.expression import Expression, Has, Is, Not, both


def parse(selector: LabelSelector, *, prefix: str = "") -> Expression:
    """The conjunction of all terms; an empty selector holds of everything.

    Args:
        selector: as it stands in the object.
        prefix: put before every label.

    Raises:
        BadValue: an operator that Kubernetes does not know.

    """
    terms: list[Expression] = []
    for key, value in (selector.match_labels or {}).items():
        terms.append(Is(prefix + key, frozenset((value,))))
    for each in selector.match_expressions or ():
        terms.append(_term(each, prefix))
    return both(*terms)


def _term(requirement: Requirement, prefix: str) -> Expression:
    key, values = prefix + requirement.key, frozenset(requirement.values or ())
    match requirement.operator:
        case "In":
            return Is(key, values)
        case "NotIn":
            return Not(Is(key, values))
        case "Exists":
            return Has(key)
        case "DoesNotExist":
            return Not(Has(key))
        case other:
            raise BadValue(
                f"{other!r} is no operator of a label selector.", hint="In, NotIn, Exists, DoesNotExist"
            )
