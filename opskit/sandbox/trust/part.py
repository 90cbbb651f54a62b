"""The parts of the profile `trust`."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from opskit.sandbox.component import Component
from opskit.sandbox.keeper import part as keeper
from opskit.sandbox.part import NoOptions, Part
from opskit.sandbox.trust import acme, certmanager, configuration, dex, openbao, openldap
from opskit.sandbox.trust.authority import CERTIFICATES
from opskit.sandbox.trust.faults import issuing, login
from opskit.sandbox.trust.faults import openbao as bao_faults


def _shared(_: NoOptions, __: Sequence[Part[Any]]) -> list[Component]:
    return [CERTIFICATES]


AUTHORITY = Part(name="trust-authority", components=_shared, options=NoOptions)
"""The authority of all servers of the profile."""

PARTS: tuple[Part[Any], ...] = (
    AUTHORITY,
    keeper.PART,
    replace(openbao.PART, faults=bao_faults.FAULTS, ailments=openbao.ailments),
    acme.PART,
    replace(
        certmanager.PART,
        faults=issuing.FAULTS,
        ailments=certmanager.ailments,
    ),
    openldap.PART,
    replace(dex.PART, faults=login.FAULTS, ailments=login.ailments),
    configuration.PART,
)
"""All of them, with what can be broken in each."""
