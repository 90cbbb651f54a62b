"""Stands in for operators whose own programs can't be had, on the real API server.

It is not any of them: their deployments carry `sandbox.opskit.dev/stand-in`. Behind each EtcdCluster it
adds and removes members of a real etcd.
"""
