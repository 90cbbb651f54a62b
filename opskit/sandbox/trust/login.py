"""Logging in as a person does: the authorization-code flow with a browser's steps, and the token it gives."""

import re
import secrets
from html import unescape
from typing import Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import msgspec
import urllib3

from opskit.core.errors import Refused, Unreachable
from opskit.sandbox.control_plane import assemble_kubeconfig
from opskit.sandbox.files import write_json
from opskit.sandbox.site import Site
from opskit.sandbox.trust import authentication
from opskit.sandbox.trust.authority import folder
from opskit.sandbox.trust.dex import CALLBACK

_SCOPES: Final = "openid profile email groups offline_access"


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    """What Dex gives at the end."""

    id_token: str
    refresh_token: str = ""


def log_in(
    site: Site, user: str, password: str, *, client: str = authentication.CLIENT, secret: str = ""
) -> Tokens:
    """Log a person in.

    Args:
        site: the sandbox.
        user: of the directory.
        password: of the user.
        client: who asks for the token.
        secret: of the client; a public one has none.

    Raises:
        Refused: with the status and the words of the page that the person sees.
        Unreachable: Dex does not answer.

    """
    browser = _Browser(site)
    state = secrets.token_hex(8)
    query = {
        "client_id": client,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": _SCOPES,
        "state": state,
    }
    form = browser.get(f"{authentication.issuer(site)}/auth?{urlencode(query)}")
    landed = browser.post(form, {"login": user, "password": password})
    answer = parse_qs(urlsplit(landed).query)
    if answer.get("state") != [state] or "code" not in answer:
        raise Refused(f"Dex sent the browser back without a code: {answer}.", where=client)
    code = {"code": answer["code"][0], "grant_type": "authorization_code", "redirect_uri": CALLBACK}
    return browser.tokens(f"{authentication.issuer(site)}/token", client, code, secret=secret)


def refresh(site: Site, token: str, *, client: str = authentication.CLIENT) -> Tokens:
    """New tokens for a refresh token.

    Raises:
        Refused: it is not, or no longer, worth anything.

    """
    fields = {"grant_type": "refresh_token", "refresh_token": token}
    return _Browser(site).tokens(f"{authentication.issuer(site)}/token", client, fields)


def kubeconfig_of(site: Site, user: str, token: str) -> str:
    """The path of a kubeconfig that shows this ID token."""
    made = assemble_kubeconfig(site, user={"token": token})
    return str(write_json(site.state / f"{user}.kubeconfig", made))


class _Browser:
    """Follows redirects up to the client's own address, as a browser would."""

    def __init__(self, site: Site) -> None:
        self._pool = urllib3.PoolManager(ca_certs=str(folder(site) / "ca.crt"), retries=False, timeout=20.0)

    def get(self, url: str) -> str:
        """Open a page; where its form, or the only one behind its links, is."""
        found, page = self._follow("GET", url, None)
        if 'name="password"' in page:
            return found
        link = re.search(r'href="([^"]*/auth/[^"]*)"', page)
        if link is None:
            raise Refused(f"No way to log in: {_words(page)}.", where=found)
        return self.get(urljoin(found, unescape(link[1])))

    def post(self, url: str, fields: dict[str, str]) -> str:
        """Send the form; the address at the client that the browser is sent to."""
        found, page = self._follow("POST", url, fields)
        if not found.startswith(CALLBACK):
            raise Refused(f"200 {_words(page)}", where=url.partition("?")[0])
        return found

    def tokens(self, url: str, client: str, fields: dict[str, str], *, secret: str = "") -> Tokens:
        """Ask the token endpoint as a client does."""
        status, body, _ = self._ask("POST", url, {**fields, "client_id": client, "client_secret": secret})
        if status != 200:
            raise Refused(f"{status} {_words(body)}", where=url)
        return msgspec.json.decode(body, type=Tokens)

    def _follow(self, method: str, url: str, fields: dict[str, str] | None) -> tuple[str, str]:
        while not url.startswith(CALLBACK):
            status, page, onward = self._ask(method, url, fields)
            if status >= 400:
                raise Refused(f"{status} {_words(page)}", where=url.partition("?")[0])
            if not onward:
                return url, page
            method, url, fields = "GET", urljoin(url, onward), None
        return url, ""

    def _ask(self, method: str, url: str, fields: dict[str, str] | None) -> tuple[int, str, str]:
        body = urlencode(fields) if fields else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        try:
            answer = self._pool.request(method, url, body=body, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise Unreachable(f"Dex does not answer: {error}.", where=url.partition("?")[0]) from error
        return answer.status, answer.data.decode(errors="replace"), answer.headers.get("Location", "")


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())[:200]
