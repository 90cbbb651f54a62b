"""The profile `light`: a real Kubernetes control plane and a real Ceph cluster, without root."""
