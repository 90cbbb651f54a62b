"""A kernel as opskit starts it: `python -m opskit.runner.kernel -f CONNECTION_FILE`.

It keeps no history, speaks over sockets that only its owner can open, scrubs what it sends, and
runs one notebook.
"""

import sys


def main(argv: list[str]) -> None:
    """Start the kernel; it ends by a shutdown request or with its leader."""
    from ipykernel.kernelapp import IPKernelApp

    from opskit.runner import quiet

    app = IPKernelApp.instance()
    app.initialize([*argv, "--HistoryManager.enabled=False", "--HistoryManager.hist_file=:memory:"])
    quiet.install(app.shell)
    app.start()


if __name__ == "__main__":
    main(sys.argv[1:])
