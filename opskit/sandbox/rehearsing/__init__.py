"""Rehearsals: a runbook to its end on real servers that were broken first, judged by the system's own tool.

witness     a question to a system's own tool, and what its answer must be
witnesses   what says that a whole system is well
scenes      what each runbook is rehearsed on: profile, fault, parameters, and the witness of its goal
asking      runs opskit's own commands and the witnesses' tools
rehearsal   one rehearsal, from the fault to the verdict
"""
