"""Rehearsals: a runbook to its end on real servers that were broken first, judged by the system's own tool.

witness     a question to a system's own tool, and what its answer must be
witnesses   what says that a whole system is well
scene       what a runbook is rehearsed on: profile, fault, parameters, and by what it is judged
scenes      the scene of each runbook
goals       what must be true once a runbook has reached its goal
admin       kubectl, for witnesses of several steps
answers_*   what says whether an answer is right: a real login, real requests, a real upgrade
shown       what a run's notebook showed, which is what answered
entering    what is there before, besides the fault
asking      runs opskit's own commands and the witnesses' tools
rehearsal   one rehearsal, from the fault to the verdict
"""
