"""The reachability engine: `Reach.of(objects)`, then `allowed`, `why`, `ports`, `matrix`, `difference`."""

from opskit.systems.calico.reach.difference import Change as Change
from opskit.systems.calico.reach.difference import Difference as Difference
from opskit.systems.calico.reach.dns import DnsLockout as DnsLockout
from opskit.systems.calico.reach.lints import Lint as Lint
from opskit.systems.calico.reach.locked_out import LockedOut as LockedOut
from opskit.systems.calico.reach.locked_out import locked_out as locked_out
from opskit.systems.calico.reach.manifests import unknown_fields as unknown_fields
from opskit.systems.calico.reach.matrix import Matrix as Matrix
from opskit.systems.calico.reach.objects import Objects as Objects
from opskit.systems.calico.reach.reach import LIMITS as LIMITS
from opskit.systems.calico.reach.reach import Reach as Reach
from opskit.systems.calico.reach.spans import Span as Span
from opskit.systems.calico.reach.traffic import Traffic as Traffic
from opskit.systems.calico.reach.verdict import Verdict as Verdict
