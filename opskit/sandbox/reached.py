"""One sandbox, as its own tools reach it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from opskit.core import config
from opskit.core.errors import BadAnswer, NotInstalled, ToolFailed
from opskit.core.live_config import default_kubeconfig
from opskit.sandbox.access import restricted_kubeconfig
from opskit.sandbox.binaries import require
from opskit.sandbox.files import write_private
from opskit.sandbox.light import ceph_files
from opskit.sandbox.profiles import Profile, profile
from opskit.sandbox.running import run
from opskit.sandbox.site import Site, sandbox_names

_TOOLBOX = ("-n", "rook-ceph", "exec", "deploy/rook-ceph-tools", "--")


class Reached:
    """A sandbox's place, credentials and tools.

    Attributes:
        name: of the sandbox.
        site: its folders, ports and processes.

    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.site = Site(name)

    def companions(self) -> list[Self]:
        """The sandboxes that came up beside this one."""
        every = [type(self)(name) for name in sandbox_names()]
        return [each for each in every if each.site.record.get("beside_of") == self.name]

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of a cluster admin."""
        own = str(self.site.state / "kubeconfig") if self.own else default_kubeconfig()
        return Path(self.site.record.get("kubeconfig") or own)

    @property
    def config(self) -> Path | None:
        """The opskit.toml that names the servers of this sandbox and of those beside it, if any."""
        every = [each.site.state / config.FILE for each in (self, *self.companions())]
        found = [path for path in every if path.exists()]
        if len(found) < 2:
            return found[0] if found else None
        return write_private(self.site.state / "together.toml", "\n".join(path.read_text() for path in found))

    @property
    def context(self) -> str:
        """The name of the kubeconfig's context."""
        return self.site.record.get("context") or f"opskit-{self.name}"

    @property
    def own(self) -> bool:
        """Whether its servers are this machine's own; False for a context of the user's."""
        return "context" not in self.site.record

    @property
    def profile(self) -> Profile:
        """Its profile."""
        return profile(self.site.record["profile"])

    def restricted_kubeconfig(
        self, name: str, rules: Sequence[Mapping[str, Any]], *, namespace: str | None = None
    ) -> Path:
        """A kubeconfig of a new ServiceAccount that has these rights and no others.

        Args:
            name: of the ServiceAccount; given again, its rights are replaced.
            rules: as a Role has them: `{"apiGroups": […], "resources": […], "verbs": […]}`.
            namespace: where the rights hold; None is everywhere.

        """
        return restricted_kubeconfig(self.site, name, [dict(rule) for rule in rules], namespace=namespace)

    def kubectl(self, *arguments: str, deadline: float = 60.0, text: str | None = None) -> str:
        """Run `kubectl` as cluster admin; its standard output.

        Args:
            arguments: e.g. `"-n", "rook-ceph", "get", "pods"`.
            deadline: seconds.
            text: its standard input.

        Raises:
            ToolFailed: it ended with a nonzero exit code, or not in time.

        """
        where = [f"--context={self.context}"]
        if self.own or self.site.record.get("kubeconfig"):
            where.append(f"--kubeconfig={self.kubeconfig}")
        return run([require("kubectl"), *where, *arguments], deadline=deadline, text=text)

    def _toolbox(self, *argv: str, deadline: float) -> str:
        try:
            return self.kubectl(*_TOOLBOX, *argv, deadline=deadline)
        except ToolFailed as error:
            if "not found" not in error.stderr:
                raise
            raise NotInstalled(
                f"There is no Rook toolbox behind the context {self.context!r}.",
                where="namespace rook-ceph, deploy/rook-ceph-tools",
                hint="install Rook with its toolbox there, or break a sandbox of opskit's own: "
                "`opskit sandbox up`.",
            ) from error

    def ceph(self, *arguments: str, deadline: float = 30.0) -> Any:
        """Run `ceph` on this machine, beside all of Kubernetes; its JSON, None where it prints none.

        Where the servers are not this machine's own, it is run in the toolbox pod.

        Raises:
            ToolFailed: it ended with a nonzero exit code, or not in time.
            NotInstalled: there is no toolbox.
            BadAnswer: it printed something else.

        """
        if self.own:
            conf = str(ceph_files.conf(self.site))
            said = run([require("ceph"), "--conf", conf, "--format", "json", *arguments], deadline=deadline)
        else:
            said = self._toolbox("ceph", "--format", "json", *arguments, deadline=deadline)
        try:
            return msgspec.json.decode(said) if said.strip() else None
        except msgspec.DecodeError as error:
            raise BadAnswer("`ceph` printed no JSON.", where=" ".join(arguments), hint=said[:200]) from error
