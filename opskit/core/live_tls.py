"""The certificate that a TLS server shows, whoever signed it."""

import socket
import ssl

from opskit.core.errors import DeadlineExceeded, Unreachable
from opskit.core.reads import Handshake


def shown(read: Handshake, *, deadline: float) -> bytes:
    """The server's own certificate, as PEM.

    Raises:
        Unreachable: no connection, or no TLS there.
        DeadlineExceeded: no answer in time.

    """
    where = f"TLS {read.host}:{read.port}"
    try:
        with (
            socket.create_connection((read.host, read.port), timeout=deadline) as plain,
            _context().wrap_socket(plain, server_hostname=read.name or read.host) as secure,
        ):
            found = secure.getpeercert(binary_form=True)
    except TimeoutError as error:
        raise DeadlineExceeded(
            f"No handshake within {round(deadline, 1):g} s.",
            where=where,
            hint="check the address and the route",
        ) from error
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"No TLS handshake: {error}.", where=where, hint="check that this address and port speak TLS"
        ) from error
    if found is None:
        raise Unreachable("The server shows no certificate.", where=where, hint="look at its TLS settings")
    return ssl.DER_cert_to_PEM_cert(found).encode()


def _context() -> ssl.SSLContext:
    """What is shown is to be judged, expired and untrusted ones too; nothing is sent over it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
