"""Calico's selector language.

https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selectors: `==`, `!=`, `in`,
`not in`, `contains`, `starts with`, `ends with`, `has()`, `all()`, `global()`, `!`, `&&`, `||`,
parentheses. `!` binds tightest, then `&&`, then `||`. Strings are quoted either way and know no escapes.
"""

import re
from functools import lru_cache
from typing import NoReturn

from opskit.core.errors import BadValue
from opskit.systems.calico.reach.expression import Both, Either, Everything, Expression, Has, Is, Like, Not

_NAME = r"[A-Za-z0-9_./-]+"
_SYMBOL = re.compile(r"==|!=|&&|\|\||[!(){},]")
_STRING = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_CALL = re.compile(rf"has\([ \t]*({_NAME})[ \t]*\)|(all|global)\([ \t]*\)")
_WORD = re.compile(r"(contains|starts[ \t]*with|ends[ \t]*with|not[ \t]*in|in)(?![A-Za-z0-9_./-])")
_LABEL = re.compile(_NAME)
_SPACE = re.compile(r"[ \t]*")


class _Reader:
    """Reads one selector from left to right."""

    def __init__(self, text: str, prefix: str, everything: Expression) -> None:
        self.text, self.prefix, self.everything = text, prefix, everything
        self.at = 0
        self._skip()

    def whole(self) -> Expression:
        """The selector; an empty one selects everything."""
        if self.at == len(self.text):
            return self.everything
        result = self._either()
        if self.at < len(self.text):
            self._fail("a selector should end here")
        return result

    def _either(self) -> Expression:
        terms = [self._both()]
        while self._symbol("||"):
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else Either(tuple(terms))

    def _both(self) -> Expression:
        terms = [self._operation()]
        while self._symbol("&&"):
            terms.append(self._operation())
        return terms[0] if len(terms) == 1 else Both(tuple(terms))

    def _operation(self) -> Expression:
        if self._symbol("!"):
            return Not(self._operation())
        if self._symbol("("):
            inner = self._either()
            return inner if self._symbol(")") else self._fail("a closing ) is missing")
        if call := self._take(_CALL):
            return self._call(call)
        if label := self._take(_LABEL):
            return self._comparison(self.prefix + label[0])
        return self._fail("a label, has(), all(), ! or ( is expected")

    def _call(self, call: re.Match[str]) -> Expression:
        if call[1]:
            return Has(self.prefix + call[1])
        return self.everything if call[2] == "all" else Not(self.everything)

    def _comparison(self, key: str) -> Expression:
        if self._symbol("=="):
            return Is(key, frozenset((self._string(),)))
        if self._symbol("!="):
            return Not(Is(key, frozenset((self._string(),))))
        word = self._take(_WORD)
        match "".join(word[1].split()) if word else "":
            case "in":
                return Is(key, self._set())
            case "notin":
                return Not(Is(key, self._set()))
            case "contains":
                return Like(key, "contains", self._string())
            case "startswith":
                return Like(key, "starts with", self._string())
            case "endswith":
                return Like(key, "ends with", self._string())
            case _:
                return self._fail("an operator is expected after the label")

    def _set(self) -> frozenset[str]:
        if not self._symbol("{"):
            self._fail("a set { ... } is expected")
        values: list[str] = []
        while quoted := self._take(_STRING):
            values.append(quoted[1] if quoted[1] is not None else quoted[2])
            if not self._symbol(","):
                break
        return frozenset(values) if self._symbol("}") else self._fail("a closing } is missing")

    def _string(self) -> str:
        quoted = self._take(_STRING)
        if quoted is None:
            self._fail("a quoted string is expected")
        return quoted[1] if quoted[1] is not None else quoted[2]

    def _symbol(self, symbol: str) -> bool:
        found = _SYMBOL.match(self.text, self.at)
        if found is None or found[0] != symbol:
            return False
        self.at = found.end()
        self._skip()
        return True

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            self._skip()
        return found

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _fail(self, why: str) -> NoReturn:
        raise BadValue(
            f"{self.text!r} is not a Calico selector: {why} at character {self.at}.",
            hint="see https://docs.tigera.io/calico/latest/reference/resources/networkpolicy#selectors",
        )


@lru_cache(maxsize=65536)
def parse(text: str, *, prefix: str = "", everything: Expression = Everything()) -> Expression:  # noqa: B008
    """Parse a selector.

    Args:
        text: the selector; empty selects everything.
        prefix: put before every label, for selectors over a namespace's or service account's labels.
        everything: what `all()` means; `global()` is its opposite where that makes sense.

    Raises:
        BadValue: it is no selector.

    """
    return _Reader(text, prefix, everything).whole()
