"""A cluster in which operators have left nothing yet."""

from datetime import UTC, datetime

from opskit.systems.operators.facts import Facts

NOW = datetime(2026, 11, 25, tzinfo=UTC)
EMPTY = Facts(
    now=NOW,
    crds=[],
    resources={},
    conversions={},
    deployments=[],
    slices=[],
    csvs=[],
    install_plans=[],
    subscriptions=[],
    catalog_sources=[],
    extensions=[],
    catalogs=[],
    quorums=[],
)
