"""Logs of pods as entries: what a server spreads over several lines is one."""


def folded(log: str) -> list[str]:
    """The entries of a log whose lines begin `pod: `; an indented line belongs to the entry before it.

    So klog and hclog write errors that have several lines.
    """
    entries: list[str] = []
    for line in log.splitlines():
        text = line.partition(": ")[2]
        if entries and text[:1].isspace():
            entries[-1] = f"{entries[-1]} {text.strip()}"
        else:
            entries.append(line)
    return entries
