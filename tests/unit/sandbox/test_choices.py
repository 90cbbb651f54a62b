from typing import Any

import pytest

from opskit.core.errors import OpsError
from opskit.sandbox.choices import choices, given
from opskit.sandbox.profiles import PROFILES, profile


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], {}),
        (["--mons", "3", "--mds"], {"mons": "3", "mds": True}),
        (["--osd-size=128"], {"osd_size": "128"}),
        (["--no-prometheus"], {"prometheus": False}),
        (["--prometheus=false"], {"prometheus": "false"}),
    ],
)
def test_options_of_a_profile_are_read_from_the_command_line(
    arguments: list[str], found: dict[str, Any]
) -> None:
    assert given(profile("light"), arguments) == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mon", "3"], "did you mean mons"),
        (["--mons"], "lacks its value"),
        (["3"], "belongs to no option"),
        (["--no-mons"], "no option"),
    ],
)
def test_what_is_no_option_is_named(arguments: list[str], said: str) -> None:
    with pytest.raises(OpsError) as error:
        given(profile("light"), arguments)
    assert said in str(error.value)


def test_texts_become_what_the_option_means() -> None:
    options = profile("light").options({"mons": "3", "mds": "true"})
    assert (options["mons"], options["mds"]) == (3, True)


@pytest.mark.parametrize("name", PROFILES)
def test_every_option_says_what_it_means_and_is_named_once(name: str) -> None:
    found = choices(profile(name))
    assert all(each.meaning for each in found)
    assert len({each.name for each in found}) == len(found)


@pytest.mark.parametrize("name", PROFILES)
def test_every_need_of_every_profile_is_met(name: str) -> None:
    components = profile(name).everything()
    names = [each.name for each in components]
    assert len(set(names)) == len(names)
    assert {need for each in components for need in each.needs} <= set(names)


def test_what_comes_up_beside_a_profile_can_be_had_with_its_options() -> None:
    beside = [(name, options) for each in PROFILES.values() for name, options in each.beside.items()]
    assert beside == [("kubeadm", {"workers": 1})]
    assert [PROFILES[name].options(options)["workers"] for name, options in beside] == [1]
