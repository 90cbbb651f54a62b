"""Nodes are reached as a runbook reaches them: over SSH, as root, with a key; host keys are known."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opskit.sandbox.control_plane import context_name
from opskit.sandbox.files import private_folder, write_private
from opskit.sandbox.kubeadm.layout import Node, nodes
from opskit.sandbox.site import Site

# A state below /tmp lies in a folder that everybody may write; the node's own folder is private all the same.
_SSHD = """ListenAddress {address}
StrictModes no
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
PidFile none
Subsystem sftp internal-sftp
SetEnv PATH={path}{environment}
"""


def make_keys(site: Site) -> None:
    """Make the key that all nodes let in, each node's host key, and the file of known hosts."""
    folder = site.folder("ssh")
    public = _key_pair(folder / "id_ed25519", comment=f"opskit-{site.name}")
    known: list[str] = []
    for node in nodes(site):
        own = private_folder(private_folder(node.folder) / "ssh")
        known.append(f"{node.address} {_key_pair(own / 'host_key', comment=node.name)}")
        write_private(own / "authorized_keys", public)
    write_private(folder / "known_hosts", "".join(known))


def configure(node: Node, *, path: str, environment: str = "") -> None:
    """Write a node's sshd_config.

    Args:
        node: which one.
        path: PATH of the sessions.
        environment: further variables of the sessions, ` NAME=value`.

    """
    folder = node.folder / "ssh"
    text = _SSHD.format(address=node.address, folder=folder, path=path, environment=environment)
    write_private(folder / "sshd_config", text)


def write_opskit_toml(site: Site) -> Path:
    """Write an opskit.toml by which opskit reaches the cluster and its nodes; its path."""
    name, folder = context_name(site), site.folder("ssh")
    addresses = "".join(f'{node.name} = "{node.address}"\n' for node in nodes(site))
    text = (
        f'[clusters.{name}]\nkubeconfig = "{site.state}/kubeconfig"\ncontext = "{name}"\n\n'
        f'[clusters.{name}.nodes]\nuser = "root"\nkey = "{folder}/id_ed25519"\n'
        f'known_hosts = "{folder}/known_hosts"\n\n'
        f"[clusters.{name}.nodes.addresses]\n{addresses}"
    )
    return write_private(site.state / "opskit.toml", text)


def _key_pair(path: Path, *, comment: str) -> str:
    """Write a private key; its public half as one line."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    write_private(path, private)
    return f"{public.decode()} {comment}\n"
