"""Who may ask the page."""

from __future__ import annotations

import pytest

from monitor.errors import ConfigError
from monitor.ops.loopback import is_loopback
from monitor.settings import WebSettings
from monitor.web.access import access_for
from monitor.web.address import url_of

LOCAL = access_for(WebSettings())
TOKEN = "correct-horse-battery"
OPEN = access_for(WebSettings(host="0.0.0.0", token=TOKEN))


def status(access: object, **headers: str) -> int | None:
    """Return the status of the refusal."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    refusal = access.refuse(named)  # type: ignore[attr-defined]
    return refusal.status if refusal else None


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST"])
def test_this_machine_is_known_by_its_loopback_names(host: str) -> None:
    """With any port."""
    assert status(LOCAL, host=host) is None


@pytest.mark.parametrize(
    "host",
    ["", "elsewhere.example", "127.0.0.1.elsewhere.example", "localhost.", "[::1", "10.0.0.1"],
)
def test_a_name_that_points_here_is_refused(host: str) -> None:
    """DNS rebinding: the browser asks us under the name of another site."""
    assert status(LOCAL, host=host) == 421


def test_other_sites_may_not_read() -> None:
    """Origin and the browser's own word on who asks are both checked."""
    host = "localhost:8080"

    assert status(LOCAL, host=host, origin="http://localhost:8080") is None
    assert status(LOCAL, host=host, origin="https://elsewhere.example") == 403
    assert status(LOCAL, host=host, origin="http://localhost:9999") == 403
    assert status(LOCAL, host=host, origin="null") == 403
    assert status(LOCAL, host=host, sec_fetch_site="cross-site") == 403
    assert status(LOCAL, host=host, sec_fetch_site="same-site") == 403
    assert status(LOCAL, host=host, sec_fetch_site="same-origin") is None
    assert status(LOCAL, host=host, sec_fetch_site="cross-site", sec_fetch_mode="navigate") is None


def test_beyond_loopback_the_token_is_needed() -> None:
    """As Bearer or by our cookie; any host name will do, for a browser sends neither to others."""
    assert status(OPEN, host="monitor.example") == 401
    assert status(OPEN, host="monitor.example", authorization="Bearer wrong") == 401
    assert status(OPEN, host="monitor.example", authorization=f"Bearer {TOKEN}") is None
    assert OPEN.refuse({"Host": "monitor.example"}, OPEN.cookie) is None
    assert OPEN.refuse({"Host": "monitor.example"}, open_to_all=True) is None


def test_the_cookie_is_not_the_token() -> None:
    """Who sees the cookie does not learn the token; nor does a log of the rule."""
    assert TOKEN not in OPEN.cookie
    assert TOKEN not in repr(OPEN)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "monitor.example", ""])
def test_an_open_address_without_a_token_is_refused(host: str) -> None:
    """The text names the setting that is missing."""
    with pytest.raises(ConfigError, match=r"needs web\.token \(NEWSMON_WEB_TOKEN\)"):
        access_for(WebSettings(host=host))


def test_a_short_token_is_refused_and_not_shown() -> None:
    """The length is named, the token is not."""
    with pytest.raises(ConfigError, match="at least 16 characters") as caught:
        access_for(WebSettings(token="hunter2"))

    assert "hunter2" not in str(caught.value)


def test_what_is_loopback() -> None:
    """By number or by name."""
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "localhost.example", "128.0.0.1", ""]))


def test_the_address_for_a_browser() -> None:
    """IPv6 in brackets; an open address has no one name."""
    assert url_of("127.0.0.1", 8080) == "http://127.0.0.1:8080/"
    assert url_of("::1", 8080) == "http://[::1]:8080/"
    assert url_of("0.0.0.0", 8080) == "http://<this machine>:8080/"
