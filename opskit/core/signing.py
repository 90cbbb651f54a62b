"""SSH signatures of approvals, by ssh-keygen: the keys that people have already.

Follows ssh-keygen(1), `-Y sign` and `-Y verify`, and its ALLOWED SIGNERS file.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from opskit.core.errors import ApprovalRejected, ConfigError

NAMESPACE = "opskit-approval"
SECONDS = 120.0
"""How long ssh-keygen may take: a person may have to touch a security key or type a passphrase."""


def sign(content: bytes, key: Path) -> str:
    """An armored signature.

    Args:
        content: what is signed.
        key: a private key's file, or a public key's whose private one the agent holds.

    Raises:
        ConfigError: ssh-keygen is missing, or the key can't be used.

    """
    if not key.is_file():
        raise ConfigError("There is no such key.", where=str(key), hint="name the file of an SSH key")
    done = _run(["-Y", "sign", "-n", NAMESPACE, "-f", str(key)], content)
    if done.returncode != 0:
        raise ConfigError(
            f"The approval can't be signed: {_said(done)}",
            where=str(key),
            hint="check the key, its passphrase, or the agent",
        )
    return done.stdout.decode()


def verify(content: bytes, signature: str, *, by: str, allowed_signers: Path) -> str:
    """The principal who signed.

    Args:
        content: what should have been signed.
        signature: armored; empty when there is none.
        by: who says that it is theirs.
        allowed_signers: the file of trusted keys.

    Raises:
        ApprovalRejected: not signed, not by that person, or not trusted.
        ConfigError: ssh-keygen or the file is missing.

    """
    where = f"approval by {by}"
    if not allowed_signers.is_file():
        raise ConfigError(
            "The file of allowed signers is missing.", where=str(allowed_signers), hint="mend opskit.toml"
        )
    if not signature:
        raise ApprovalRejected(
            "The approval is not signed, and only signed approvals are accepted here.",
            where=where,
            hint="approve with --sign KEY",
        )
    with tempfile.TemporaryDirectory(prefix="opskit-") as folder:
        file = Path(folder) / "signature"
        file.write_text(signature)
        known = ["-n", NAMESPACE, "-f", str(allowed_signers), "-s", str(file)]
        done = _run(["-Y", "verify", "-I", by, *known], content)
    if done.returncode != 0:
        raise ApprovalRejected(
            f"The approval's signature is not accepted for {by!r}: {_said(done)}",
            where=where,
            hint=f"let someone of {allowed_signers} approve, with a key that stands there",
        )
    return by


def _run(arguments: list[str], content: bytes) -> "subprocess.CompletedProcess[bytes]":
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ConfigError("ssh-keygen is not installed.", where="PATH", hint="install OpenSSH's client")
    try:
        return subprocess.run(
            [program, *arguments], input=content, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ConfigError(
            f"ssh-keygen did not end within {SECONDS:g} s.", where=program, hint="try it by hand"
        ) from error


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    return " ".join((done.stderr + done.stdout).decode(errors="replace").split())[:300] or "no reason given"
