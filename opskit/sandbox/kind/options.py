"""What can be chosen of a cluster that kind makes."""

from pathlib import Path

import msgspec

from opskit.core.errors import BadValue


class KindOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What can be chosen of a cluster that kind makes: its own flags of the same names."""

    image: str = ""
    """The nodes' image, e.g. `kindest/node:v1.37.2`; empty: the one of this kind."""
    config: str = ""
    """A file with kind's configuration: nodes, networking, patches; empty: one node."""

    def checked(self) -> "KindOptions":
        """Itself with the file's whole path, if the file is there.

        Raises:
            BadValue: it is not.

        """
        if not self.config:
            return self
        path = Path(self.config).expanduser().resolve()
        if not path.is_file():
            raise BadValue(
                f"There is no file {self.config!r}.",
                where="--config",
                hint="name a file with kind's configuration: https://kind.sigs.k8s.io/docs/user/configuration/.",
            )
        return msgspec.structs.replace(self, config=str(path))
