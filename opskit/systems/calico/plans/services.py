"""The flows that a namespace's own Services stand for."""

from collections.abc import Iterator

from opskit.systems.calico.facts import Facts
from opskit.systems.calico.flows import Flow, Side
from opskit.systems.calico.workloads import Service


def service_flows(facts: Facts, namespace: str) -> list[Flow]:
    """For each Service with a selector: every pod of the namespace to its pods, at the ports that they serve.

    Who else uses a Service can't be read anywhere: such flows are to be declared.
    """
    held = [each for each in facts.objects.services if each.namespace == namespace and each.spec.selector]
    return [flow for service in held for flow in _flows(facts, service)]


def _flows(facts: Facts, service: Service) -> Iterator[Flow]:
    home = service.namespace or ""
    destination = Side(namespace=home, labels=tuple(sorted((service.spec.selector or {}).items())))
    for protocol, port in sorted(_ports(facts, service)):
        yield Flow(source=Side(namespace=home), destination=destination, protocol=protocol, port=port)


def _ports(facts: Facts, service: Service) -> set[tuple[str, int]]:
    """Where its endpoints really listen; its own port is only its own."""
    return {
        (port.protocol, port.port)
        for each in facts.objects.endpoint_slices
        if each.namespace == service.namespace and each.service == service.name
        for port in each.ports or ()
        if port.port
    }
