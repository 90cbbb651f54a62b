"""How a system's findings are made: one maker a system, which knows the system's name and its documents."""

from collections.abc import Iterable, Mapping

from opskit.core.findings import Evidence, Finding, Remedy, Severity


class Judge:
    """Makes the findings of one system.

    Args:
        system: its name, which its codes begin with.
        docs: the root of its upstream documentation.
        pages: a code, or a code's first word, → the page that explains it: a path below `docs`, or a URL.
        page: that of every other code.

    """

    def __init__(
        self, system: str, docs: str, *, pages: Mapping[str, str] | None = None, page: str = ""
    ) -> None:
        self._system, self._docs = system, docs.rstrip("/")
        self._pages, self._page = pages or {}, page

    def __call__(
        self,
        code: str,
        severity: Severity,
        subject: str,
        summary: str,
        *,
        evidence: Iterable[Evidence] = (),
        cause: str = "",
        remedy: str | Remedy | None = None,
        source: str = "",
    ) -> Finding:
        """A finding of this system: `Finding` says what each argument means.

        `code` goes without the system's name; a text as `remedy` is one without a runbook; `source` is a path
        below the documentation's root or a URL, where the code's own page is not the one.
        """
        return Finding(
            code=f"{self._system}/{code}",
            severity=severity,
            subject=subject,
            summary=summary,
            evidence=tuple(evidence),
            cause=cause,
            remedy=Remedy(text=remedy) if isinstance(remedy, str) and remedy else remedy or None,
            source=self._url(source or self._page_of(code)),
        )

    def _page_of(self, code: str) -> str:
        return self._pages.get(code) or self._pages.get(code.partition("_")[0], self._page)

    def _url(self, page: str) -> str:
        if "://" in page:
            return page
        return f"{self._docs}/{page.lstrip('/')}" if page else self._docs
