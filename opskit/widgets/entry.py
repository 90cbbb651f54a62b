"""`opskit.open_run`: the one call with which a notebook begins, interactive or headless."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from opskit.core.errors import BadValue, UnknownName, UsageError
from opskit.runner import catalogue, context, frames, quiet, session
from opskit.runner.session import Run
from opskit.runner.static import StaticPresenter

if TYPE_CHECKING:
    from opskit.core.cluster import Cluster


def open_run(runbook: str, *, cluster: "str | Cluster" = "demo", **parameters: Any) -> Run:
    """Open a runbook's run.

    Where someone can click (JupyterLab, Notebook), it is shown with widgets; under a runner,
    papermill, nbclient or plain Python, as static HTML and text.

    Args:
        runbook: its name, e.g. `rook/osd-down`.
        cluster: `demo`, a snapshot's path, a name in `opskit.toml`, or a kubeconfig context.
        parameters: the runbook's, as raw text or Python values; None is not given.

    Raises:
        UnknownName, NotARunbook, BadValue: wrong use; each problem stands beside its field too.
        ReadError: the cluster does not answer.

    """
    given = {name: value for name, value in parameters.items() if value is not None}
    shell = _shell()
    if shell is not None:
        quiet.install(shell)
        frames.install(shell)
    if shell is None or not _someone_is_there(shell):
        presenter = StaticPresenter()
        return session.open_run(runbook, presenter=presenter, parameters=given, cluster=cluster)
    return _interactive(shell, runbook, cluster, given)


def _interactive(shell: Any, runbook: str, cluster: "str | Cluster", parameters: dict[str, Any]) -> Run:
    from opskit.widgets import tables
    from opskit.widgets.presenter import WidgetPresenter

    tables.install(shell)
    try:
        return session.open_run(runbook, presenter=WidgetPresenter(), parameters=parameters, cluster=cluster)
    except (BadValue, UnknownName):
        _ask_again(runbook, {**parameters, "cluster": cluster})
        raise


def _ask_again(name: str, given: dict[str, Any]) -> None:
    """Show the form, where the runbook itself is known."""
    from IPython.display import display

    from opskit.widgets.parameters import ask_again

    with suppress(UsageError):
        display(ask_again(catalogue.find(name), given))


def _shell() -> Any:
    """The kernel's shell, where there is one."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def _someone_is_there(shell: Any) -> bool:
    """Whether the front end says that a person can be asked."""
    return context.current() is None and bool(getattr(shell.kernel, "_allow_stdin", False))
