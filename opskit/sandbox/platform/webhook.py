"""The process of the webhook that converts gadgets."""

import sys

from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

WEBHOOK = "gadget-webhook"
"""Its process."""


def webhook_command(site: Site) -> Command:
    """What runs it."""
    return python_module("opskit.sandbox.platform_standin.webhook", site)


def python_module(module: str, site: Site) -> Command:
    """What runs a module of the sandbox as a process of its own."""
    return Command(argv=(sys.executable, "-m", module, site.name))
