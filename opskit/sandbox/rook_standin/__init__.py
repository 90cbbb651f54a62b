"""A stand-in for Rook's operator and for the nodes' kubelets. It is not Rook.

Rook itself can't be had in this sandbox. What it would do that an operator of Ceph sees is done here: the
objects in the API look as Rook 1.20 makes them, and behind each daemon's pod the real daemon runs.

    objects     what Rook writes: deployments, services, secrets, custom resources (pure)
    leases      nodes' leases
    daemons     whose pods the kubelet stand-in keeps: each runs the real daemon and tells its true state
    operator    reconciles: missing deployments, new OSDs on empty disks, the CephCluster's status
    disruption  PodDisruptionBudgets as Rook manages them
"""
