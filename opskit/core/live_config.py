"""Kubeconfig files and in-cluster credentials, loaded by the official client."""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from opskit.core.errors import ConfigError, Unauthorized, UnknownName

DEFAULT_KUBECONFIG = "~/.kube/config"
IN_CLUSTER = "in-cluster"
"""The cluster's name inside a pod that has a service account and no kubeconfig."""


class Source(Protocol):
    """Where a cluster's address and credential come from; asked again when the credential is refused."""

    def load(self) -> Any:
        """A `kubernetes.client.Configuration`."""
        ...


@dataclass(frozen=True)
class Plain:
    """An address without a credential, e.g. of `kubectl proxy`.

    Attributes:
        address: `http://127.0.0.1:8001`.

    """

    address: str

    def load(self) -> Any:
        """A configuration with the address only."""
        from kubernetes.client import Configuration

        return Configuration(host=self.address)


@dataclass(frozen=True)
class Credentials:
    """Where a cluster's address and credential come from.

    Attributes:
        kubeconfig: one path, or several joined with `:` as in `$KUBECONFIG`.
        context: its context; `in-cluster` is the pod's own service account.

    """

    kubeconfig: str
    context: str

    def load(self) -> Any:
        """A `kubernetes.client.Configuration`, read anew: files, tokens and exec plug-ins included.

        Raises:
            ConfigError: the kubeconfig is missing, damaged or incomplete.
            Unauthorized: its exec plug-in gave no credential.

        """
        from kubernetes.client import Configuration
        from kubernetes.config import load_incluster_config

        configuration = Configuration()
        with _config_errors(self.kubeconfig or IN_CLUSTER), _logged_errors() as complaints:
            if self.context == IN_CLUSTER and in_cluster():
                load_incluster_config(client_configuration=configuration)
                return configuration
            user = _load(self, configuration)
        if "exec" in user and not _has_credential(configuration):
            raise _plugin_failed(self, user["exec"], complaints)
        return configuration


def default_kubeconfig() -> str:
    """`$KUBECONFIG`, else the usual path."""
    return os.environ.get("KUBECONFIG") or DEFAULT_KUBECONFIG


def in_cluster() -> bool:
    """Whether this process runs in a pod with a service account."""
    token = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST")) and token.exists()


def contexts(kubeconfig: str | None = None) -> list[str]:
    """Names of all contexts; empty when there is no kubeconfig.

    Raises:
        ConfigError: a kubeconfig that can't be parsed.

    """
    path = kubeconfig or default_kubeconfig()
    found = [IN_CLUSTER] if in_cluster() else []
    if any(Path(part).expanduser().is_file() for part in path.split(os.pathsep) if part):
        with _config_errors(path):
            merged = _merged(path)
            found.extend(str(each["name"]) for each in merged["contexts"].value if "name" in each)
    return found


def credentials(context: str, *, kubeconfig: str | None = None) -> Credentials:
    """The credentials of a context.

    Raises:
        UnknownName: the kubeconfig has no such context.
        ConfigError: a kubeconfig that can't be parsed.

    """
    path = kubeconfig or default_kubeconfig()
    known = contexts(path)
    if context not in known:
        raise UnknownName.among("context", context, known, where=path)
    return Credentials(kubeconfig=path, context=context)


def _merged(path: str) -> Any:
    from kubernetes.config.kube_config import KubeConfigMerger

    config = KubeConfigMerger(path).config
    if config is None:
        raise ConfigError(
            "There is no kubeconfig.", where=path, hint="set KUBECONFIG to your kubeconfig's path"
        )
    return config


def _load(source: Credentials, configuration: Any) -> dict[str, Any]:
    from kubernetes.config.kube_config import KubeConfigLoader

    # Refreshed tokens stay in memory: a read must not rewrite the user's kubeconfig.
    loading: Any = KubeConfigLoader
    loader = loading(
        config_dict=_merged(source.kubeconfig), active_context=source.context, config_base_path=None
    )
    loader.load_and_set(configuration)
    user = loader._user
    return dict(user.value) if user is not None else {}


def _has_credential(configuration: Any) -> bool:
    return bool(configuration.api_key.get("BearerToken") or configuration.cert_file)


def _plugin_failed(source: Credentials, plugin: dict[str, Any], complaints: list[str]) -> Unauthorized:
    said = f": {'; '.join(complaints)[:500]}" if complaints else ""
    return Unauthorized(
        f"The exec plug-in `{plugin.get('command')}` gave no credential{said}",
        where=f"context {source.context} in {source.kubeconfig}",
        hint="run the plug-in by hand, e.g. through `kubectl get --raw /version`, and log in again",
    )


@contextmanager
def _config_errors(where: str) -> Generator[None]:
    """Whatever the client makes of a wrong kubeconfig is a ConfigError."""
    import yaml
    from kubernetes.config import ConfigException

    try:
        yield
    except (ConfigException, yaml.YAMLError, OSError) as error:
        raise ConfigError(
            f"The kubeconfig can't be used: {error}", where=where, hint="check it with `kubectl config view`"
        ) from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"The kubeconfig is not of the expected shape ({type(error).__name__}: {error}).",
            where=where,
            hint="check it with `kubectl config view`",
        ) from error


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _logged_errors() -> Generator[list[str]]:
    """What the client logs, where it swallows an exec plug-in's failure."""
    kept = _Kept()
    logging.getLogger().addHandler(kept)
    try:
        yield kept.messages
    finally:
        logging.getLogger().removeHandler(kept)
