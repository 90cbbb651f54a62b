"""Talking to monitors, managers and OSDs through librados itself.

A command costs a millisecond so, not half a second as a new `ceph` process does.

Follows librados.h of Ceph 16: https://docs.ceph.com/en/pacific/rados/api/librados/.
"""

import ctypes
import errno
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from opskit.core.errors import BadAnswer, NotInstalled, ToolFailed, Unreachable

_FULL_FORCE = ctypes.c_int(128)
"""LIBRADOS_OPERATION_FULL_FORCE: let the operation through though the pool is full."""


class Rados:
    """A connection to one Ceph cluster as `client.admin`.

    Args:
        conf: the cluster's ceph.conf.
        timeout: seconds that connecting and each command may take.

    Raises:
        NotInstalled: librados is missing.
        Unreachable: no monitor answers in time.

    """

    def __init__(self, conf: Path, *, timeout: float = 10.0) -> None:
        self._lib = _library()
        self._cluster = ctypes.c_void_p()
        self._conf = conf
        self._check(
            self._lib.rados_create2(ctypes.byref(self._cluster), b"ceph", b"client.admin", 0), "create"
        )
        self._check(
            self._lib.rados_conf_read_file(self._cluster, os.fsencode(conf)), "read its configuration"
        )
        for option in (b"client_mount_timeout", b"rados_mon_op_timeout", b"rados_osd_op_timeout"):
            self._lib.rados_conf_set(self._cluster, option, str(timeout).encode())
        connected = self._lib.rados_connect(self._cluster)
        if connected < 0:
            self._lib.rados_shutdown(self._cluster)
            raise Unreachable(
                f"No Ceph monitor answers: {os.strerror(-connected)}.",
                where=str(conf),
                hint="look at the monitors' logs.",
            )

    def close(self) -> None:
        """Close the connection."""
        self._lib.rados_shutdown(self._cluster)

    def __enter__(self) -> "Rados":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def mon(self, prefix: str, /, **arguments: Any) -> Any:
        """Send a command to the monitors.

        Args:
            prefix: the command's words, e.g. `osd dump`.
            arguments: as the command's own description names them.

        Returns:
            The answer's JSON, None where there is none.

        Raises:
            ToolFailed: the command was refused.
            Unreachable: no answer in time.

        """
        return self._send(self._lib.rados_mon_command, (), prefix, arguments)

    def osd(self, number: int, prefix: str, /, **arguments: Any) -> Any:
        """Send a command to one OSD, as `ceph tell osd.N` does."""
        return self._send(self._lib.rados_osd_command, (ctypes.c_int(number),), prefix, arguments)

    def put(self, pool: str, objects: Mapping[str, bytes]) -> None:
        """Write whole objects into a pool.

        Raises:
            ToolFailed: the pool does not exist, or a write was refused.

        """
        context = ctypes.c_void_p()
        self._done(
            self._lib.rados_ioctx_create(self._cluster, pool.encode(), ctypes.byref(context)), f"open {pool}"
        )
        try:
            for name, data in objects.items():
                code = self._lib.rados_write_full(context, name.encode(), data, ctypes.c_size_t(len(data)))
                self._done(code, f"write {pool}/{name}")
        finally:
            self._lib.rados_ioctx_destroy(context)

    def remove(self, pool: str, names: Iterable[str]) -> None:
        """Remove objects, even from a pool that is full; one that is not there is no error."""
        context = ctypes.c_void_p()
        self._done(
            self._lib.rados_ioctx_create(self._cluster, pool.encode(), ctypes.byref(context)), f"open {pool}"
        )
        try:
            for name in names:
                operation = ctypes.c_void_p(self._lib.rados_create_write_op())
                self._lib.rados_write_op_remove(operation)
                code = self._lib.rados_write_op_operate(operation, context, name.encode(), None, _FULL_FORCE)
                self._lib.rados_release_write_op(operation)
                if code != -errno.ENOENT:
                    self._done(code, f"remove {pool}/{name}")
        finally:
            self._lib.rados_ioctx_destroy(context)

    def _done(self, code: int, what: str) -> None:
        if code < 0:
            said = os.strerror(-code)
            raise ToolFailed(
                f"Ceph refused to {what}: {said}.",
                exit_code_of_tool=-code,
                stderr=said,
                where=str(self._conf),
            )

    def _send(self, function: Any, target: tuple[Any, ...], prefix: str, arguments: dict[str, Any]) -> Any:
        command = msgspec.json.encode({"prefix": prefix, "format": "json", **arguments})
        lines = (ctypes.c_char_p * 1)(command)
        out, status = _Buffer(), _Buffer()
        empty = (b"", ctypes.c_size_t(0))
        code = function(self._cluster, *target, lines, ctypes.c_size_t(1), *empty, *out.refs, *status.refs)
        said, told = out.take(self._lib), status.take(self._lib)
        if code == -110:
            raise Unreachable(f"Ceph did not answer to `{prefix}` in time.", where=str(self._conf))
        if code < 0:
            raise ToolFailed(
                f"Ceph refused `{prefix}`: {told.decode(errors='replace') or os.strerror(-code)}.",
                exit_code_of_tool=-code,
                stderr=told.decode(errors="replace"),
                where=str(self._conf),
            )
        return _decoded(said, prefix)

    def _check(self, code: int, what: str) -> None:
        if code < 0:
            raise Unreachable(f"librados can't {what}: {os.strerror(-code)}.", where=str(self._conf))


_shared: dict[Path, Rados] = {}
_sharing = threading.Lock()


def shared(conf: Path) -> Rados:
    """One connection a cluster for the whole process: to connect costs a hundred commands."""
    with _sharing:
        if conf not in _shared:
            _shared[conf] = Rados(conf)
        return _shared[conf]


def close_shared(conf: Path) -> None:
    """Close the shared connection to that cluster, if there is one."""
    with _sharing:
        connection = _shared.pop(conf, None)
    if connection is not None:
        connection.close()


class _Buffer:
    """A pair of output arguments: a pointer and a length."""

    def __init__(self) -> None:
        self._pointer = ctypes.c_void_p()
        self._length = ctypes.c_size_t()
        self.refs = (ctypes.byref(self._pointer), ctypes.byref(self._length))

    def take(self, library: ctypes.CDLL) -> bytes:
        """The bytes; the buffer is freed."""
        if not self._pointer:
            return b""
        data = ctypes.string_at(self._pointer, self._length.value)
        library.rados_buffer_free(self._pointer)
        return data


def _decoded(said: bytes, prefix: str) -> Any:
    if not said.strip():
        return None
    try:
        return msgspec.json.decode(said)
    except msgspec.DecodeError as error:
        raise BadAnswer(f"Ceph's answer to `{prefix}` is no JSON.", where="librados") from error


def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL("librados.so.2")
    except OSError as error:
        raise NotInstalled(
            "The library librados is missing.",
            where="this machine",
            hint="run `apt-get install ceph-common`.",
        ) from error
    library.rados_buffer_free.argtypes = [ctypes.c_void_p]
    library.rados_create_write_op.restype = ctypes.c_void_p
    return library
