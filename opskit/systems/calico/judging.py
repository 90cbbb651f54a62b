"""How a finding about the network is worded, and where its upstream document is."""

from opskit.core.findings import Severity
from opskit.core.judging import Judge

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


finding = Judge("calico", DOCS, page=BGP)
