"""The profile `kubeadm`: a cluster of several nodes, made by kubeadm itself, on one machine without Docker.

Each node is one tree of processes in network, mount, UTS, IPC and PID namespaces of its own, with its own
containerd, kubelet and SSH server.
"""
