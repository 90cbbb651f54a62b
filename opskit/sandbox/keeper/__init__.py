"""A kubelet stand-in for pods whose daemon is a process of the sandbox.

Such a pod carries annotations: `DAEMON`, the process; `PROBE`, how its readiness is asked; and `ADDRESS`, its
pod address. In each, `{pod}` and `{index}` stand for the pod's name and the number at its end. The process
that does this is `python -m opskit.sandbox.keeper NAME`.
"""
