"""How a finding about the network is worded, and where its upstream document is."""

from collections.abc import Iterable

from opskit.core.findings import Evidence, Finding, Remedy, Severity

DOCS = "https://docs.tigera.io/calico/latest"
BGP = f"{DOCS}/networking/configuring/bgp"
BGP_TROUBLE = f"{DOCS}/operations/troubleshoot/troubleshooting#running-sudo-calicoctl-"
IPAM = f"{DOCS}/reference/calicoctl/ipam/check"
POOLS = f"{DOCS}/reference/resources/ippool"
FELIX = f"{DOCS}/reference/resources/felixconfig"
TIERS = f"{DOCS}/reference/resources/tier"
STAGED = f"{DOCS}/reference/resources/stagednetworkpolicy"
HEALTH = f"{DOCS}/reference/felix/prometheus"
NETWORK_POLICY = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"

INFO, WARNING, ERROR, CRITICAL = Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL


def finding(
    code: str,
    severity: Severity,
    subject: str,
    summary: str,
    *,
    evidence: Iterable[Evidence] = (),
    cause: str = "",
    remedy: str | Remedy = "",
    source: str = BGP,
) -> Finding:
    """A finding of this system."""
    next_step = Remedy(text=remedy) if isinstance(remedy, str) else remedy
    return Finding(
        code=f"calico/{code}",
        severity=severity,
        subject=subject,
        summary=summary,
        evidence=tuple(evidence),
        cause=cause,
        remedy=next_step if next_step.text else None,
        source=source,
    )
