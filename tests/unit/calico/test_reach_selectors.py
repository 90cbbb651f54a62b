"""Calico's selector language and Kubernetes' label selectors, as tables."""

import pytest

from opskit.core.errors import BadValue
from opskit.systems.calico.kubernetes_policies import LabelSelector, Requirement
from opskit.systems.calico.reach import calico_selector, label_selector
from opskit.systems.calico.reach.expression import holds
from opskit.systems.calico.reach.labels import LabelIndex

WEB = {"app": "web", "env": "prod", "x.io/y-z_1": "a b"}

HOLDS = [
    ("", True),
    ("all()", True),
    ("all( )", True),
    ("app == 'web'", True),
    ('app=="web"', True),
    ("app == 'db'", False),
    ("none == ''", False),
    ("app != 'web'", False),
    ("none != 'web'", True),
    ("app in {'db', 'web'}", True),
    ("app in {'db',}", False),
    ("app in {}", False),
    ("none in {'a'}", False),
    ("app not in {'web'}", False),
    ("app notin {'web'}", False),
    ("none not in {'a'}", True),
    ("none not in {}", True),
    ("app contains 'e'", True),
    ("app contains ''", True),
    ("none contains ''", False),
    ("app starts with 'we'", True),
    ("app startswith 'eb'", False),
    ("app ends with 'eb'", True),
    ("app ends\twith 'we'", False),
    ("has(app)", True),
    ("has( none )", False),
    ("!has(none)", True),
    ("! ! has(app)", True),
    ("!app == 'db' && has(env)", True),
    ("app == 'db' || app == 'web' && env == 'dev'", False),
    ("app == 'web' || app == 'db' && env == 'dev'", True),
    ("(app == 'web' || app == 'db') && env == 'dev'", False),
    ("!(app == 'web' && env == 'prod')", False),
    ("x.io/y-z_1 == 'a b'", True),
    ("in == 'x' || has(app)", True),
    ("contains contains 'x' || all()", True),
    ("\"app\" == 'web'", None),
    ("app", None),
    ("app = 'web'", None),
    ("app == web", None),
    ("app == 'web", None),
    ("app == 'web' &&", None),
    ("app == 'web' & has(env)", None),
    ("(app == 'web'", None),
    ("app == 'web')", None),
    ("app in 'web'", None),
    ("app in {'web'", None),
    ("has()", None),
    ("has(app", None),
    ("app not 'web'", None),
    ("app\n== 'web'", None),
    ("app == 'web' env == 'prod'", None),
]


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_a_selector_holds_or_is_refused(text: str, expected: bool | None) -> None:
    if expected is None:
        with pytest.raises(BadValue, match="is not a Calico selector"):
            calico_selector.parse(text)
    else:
        assert holds(calico_selector.parse(text), WEB) is expected


@pytest.mark.parametrize(("text", "expected"), [row for row in HOLDS if row[1] is not None])
def test_the_index_finds_what_holds(text: str, expected: bool) -> None:
    index = LabelIndex([{}, WEB, {"app": "db"}])
    found = index.find(calico_selector.parse(text))
    assert bool(int(found[0]) & 2) is expected
    assert int(found[0]) < 8


def test_a_prefix_is_put_before_every_label() -> None:
    parsed = calico_selector.parse("team == 'red' && !has(env)", prefix="pcns.")
    assert holds(parsed, {"pcns.team": "red", "env": "prod"})
    assert not holds(parsed, {"team": "red"})


@pytest.mark.parametrize(
    ("operator", "values", "labels", "expected"),
    [
        ("In", ["web"], {"app": "web"}, True),
        ("In", ["web"], {}, False),
        ("NotIn", ["web"], {"app": "web"}, False),
        ("NotIn", ["web"], {}, True),
        ("Exists", None, {"app": ""}, True),
        ("Exists", None, {}, False),
        ("DoesNotExist", None, {}, True),
        ("DoesNotExist", None, {"app": "x"}, False),
    ],
)
def test_kubernetes_operators(
    operator: str, values: list[str] | None, labels: dict[str, str], expected: bool
) -> None:
    selector = LabelSelector(match_expressions=[Requirement(key="app", operator=operator, values=values)])
    assert holds(label_selector.parse(selector), labels) is expected


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(BadValue, match="Gt"):
        label_selector.parse(
            LabelSelector(match_expressions=[Requirement(key="a", operator="Gt", values=["1"])])
        )
