"""How a finding about a kubeadm cluster is worded."""

from opskit.core.judging import Judge

DOCS = "https://kubernetes.io/docs/"


finding = Judge("kubeadm", DOCS)
