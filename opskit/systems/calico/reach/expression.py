"""What a selector says, as a tree over labels. Kubernetes' and Calico's selectors both become this."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec


class Everything(msgspec.Struct, frozen=True, gc=False):
    """True of every endpoint."""


class Has(msgspec.Struct, frozen=True, gc=False):
    """The label is there."""

    key: str


class Is(msgspec.Struct, frozen=True, gc=False):
    """The label is there and has one of the values."""

    key: str
    values: frozenset[str]


class Like(msgspec.Struct, frozen=True, gc=False):
    """The label is there and its value contains, starts with or ends with a text."""

    key: str
    how: str
    text: str

    def of(self, value: str) -> bool:
        """Whether a value is like that."""
        match self.how:
            case "contains":
                return self.text in value
            case "starts with":
                return value.startswith(self.text)
            case _:
                return value.endswith(self.text)


class Not(msgspec.Struct, frozen=True, gc=False):
    """The opposite; an absent label makes `Is` false and so this true."""

    term: "Expression"


class Both(msgspec.Struct, frozen=True, gc=False):
    """Every term holds."""

    terms: "tuple[Expression, ...]"


class Either(msgspec.Struct, frozen=True, gc=False):
    """At least one term holds."""

    terms: "tuple[Expression, ...]"


Expression = Everything | Has | Is | Like | Not | Both | Either
Leaf = Has | Is | Like


def both(*terms: Expression) -> Expression:
    """The conjunction, without terms that say nothing."""
    said = tuple([term for term in terms if not isinstance(term, Everything)])
    return said[0] if len(said) == 1 else Both(said) if said else Everything()


def leaves(expressions: Iterable[Expression]) -> Iterator[Leaf]:
    """Every statement about one label."""
    left = list(expressions)
    while left:
        expression = left.pop()
        if isinstance(expression, (Both, Either)):
            left.extend(expression.terms)
        elif isinstance(expression, Not):
            left.append(expression.term)
        elif not isinstance(expression, Everything):
            yield expression


def holds(expression: Expression, labels: Mapping[str, str]) -> bool:
    """Whether an endpoint with these labels is selected."""
    match expression:
        case Everything():
            return True
        case Not(term):
            return not holds(term, labels)
        case Both(terms):
            return all(holds(term, labels) for term in terms)
        case Either(terms):
            return any(holds(term, labels) for term in terms)
        case Has(key):
            return key in labels
        case Is(key, values):
            return labels.get(key) in values
        case Like(key):
            return key in labels and expression.of(labels[key])
