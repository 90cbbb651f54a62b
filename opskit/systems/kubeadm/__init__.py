"""kubeadm: nodes, versions, certificates, etcd, and the way to the next version."""
