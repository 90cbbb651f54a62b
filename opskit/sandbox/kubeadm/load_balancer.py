"""haproxy in front of the API servers: the endpoint that nodes, pods and people use."""

from opskit.sandbox.binaries import require
from opskit.sandbox.files import write_private
from opskit.sandbox.kubeadm.layout import control_planes, endpoint
from opskit.sandbox.processes import Command
from opskit.sandbox.site import Site

_CONFIG = """global
  maxconn 4000
defaults
  mode tcp
  timeout connect 2s
  timeout check 5s
  timeout client 1h
  timeout server 1h
frontend api
  bind {endpoint}
  default_backend apiservers
backend apiservers
  option httpchk GET /readyz
  http-check expect status 200
  retries 4
  option redispatch 1
  default-server check check-ssl verify none inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{servers}"""


def write_config(site: Site) -> None:
    """Write its configuration: a connection that one server refuses goes to the next at once.

    A server that is only slow, on a busy machine, is none that is down: its sessions must not be cut.

    """
    servers = "".join(f"  server {node.name} {node.address}:6443\n" for node in control_planes(site))
    write_private(site.state / "haproxy.cfg", _CONFIG.format(endpoint=endpoint(site), servers=servers))


def command(site: Site) -> Command:
    """What to run."""
    return Command(argv=(require("haproxy"), "-db", "-f", f"{site.state}/haproxy.cfg"))
