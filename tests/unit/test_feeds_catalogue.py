"""The catalogue file, headers, windows, addresses: small pure parts of the poller."""

from __future__ import annotations

from email.utils import formatdate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.feeds.addresses import is_public
from monitor.feeds.feed import Feed, domain_of, load_feeds
from monitor.feeds.headers import floor_seconds, retry_after_seconds
from monitor.feeds.language import language_code
from monitor.feeds.window import measure, turnover
from monitor.settings import CONFIG_DIR
from monitor.topics import PARTITIONS, partition_of

NOW = 1_772_452_800


def catalogue(folder: Path, text: str) -> Path:
    path = folder / "feeds.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_catalogue_that_comes_with_newsmon_is_sound() -> None:
    """Hundreds of feeds, each with outlet, country and language, spread over all partitions."""
    feeds = load_feeds(CONFIG_DIR / "feeds.toml")
    assert len(feeds) > 350
    assert all(feed.outlet and feed.country and feed.language and feed.kind for feed in feeds)
    assert {partition_of(feed.domain) for feed in feeds} == set(range(PARTITIONS))
    assert not any(feed.allow_private for feed in feeds)


def test_a_feed_needs_an_id_and_an_address(tmp_path: Path) -> None:
    """All else has a default."""
    (feed,) = load_feeds(catalogue(tmp_path, '[[feeds]]\nid = "a"\nurl = "https://x.example/f"\n'))
    assert (feed.publisher, feed.interval, feed.allow_private) == ("x.example", None, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "feeds"),
        ("[[feeds]]\nid = 'a'\n", "feeds[0].url"),
        ("[[feeds]]\nid = 'a'\nurl = 'file:///etc/passwd'\n", "http"),
        ("[[feeds]]\nid = 'a'\nurl = 'https://x.example:99999/'\n", "url"),
        ("[[feeds]]\nid = 'a b'\nurl = 'https://x.example/'\n", "feeds[0].id"),
        (
            "[[feeds]]\nid = 'a'\nurl = 'https://x.example/'\nintervall = 3\n",
            "did you mean 'interval'",
        ),
        ("[[feeds]]\nid = 'a'\nurl = 'https://x.example/'\ninterval = 0\n", "interval"),
        (
            "[[feeds]]\nid = 'a'\nurl = 'https://x.example/'\n[[feeds]]\nid = 'a'\nurl = 'https://y.example/'\n",
            "is taken by feeds[0]",
        ),
        ("[[feeds]\n", "TOML"),
    ],
)
def test_faults_name_file_key_and_expectation(tmp_path: Path, text: str, words: str) -> None:
    """Each fault is one line that a user can act on."""
    path = catalogue(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_feeds(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://feeds.bbci.co.uk/news", "bbci.co.uk"),
        ("https://www.example.com/feed", "example.com"),
        ("http://127.0.0.1:8000/feed", "127.0.0.1"),
        ("http://[::1]:8000/feed", "::1"),
        ("http://localhost/feed", "localhost"),
        ("https://example.gov.ua/feed", "example.gov.ua"),
        ("https://user.github.io/feed", "user.github.io"),
    ],
)
def test_feeds_of_one_publisher_share_a_domain(url: str, domain: str) -> None:
    """The registrable domain decides who polls and how fast."""
    assert domain_of(url) == domain


def test_languages_are_two_letters() -> None:
    """Tags are cut, odd words are none."""
    assert [language_code(t) for t in ("en-US", "UK", "zh_Hans", "US", "english", "", None)] == [
        "en", "uk", "zh", None, None, None, None,
    ]  # fmt: skip
    assert Feed(id="a", url="https://x.example/", language="ru-RU").language == "ru"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"cache-control": "public, max-age=600"}, 600),
        ({"cache-control": "s-maxage=900, max-age=60", "age": "20"}, 40),
        ({"cache-control": 'max-age="300"'}, 300),
        ({"cache-control": "max-age=600, no-cache"}, 0),
        ({"cache-control": "max-age=-5"}, 0),
        ({"cache-control": "x-max-age=5"}, 0),
        (
            {"expires": formatdate(NOW + 500, usegmt=True), "date": formatdate(NOW, usegmt=True)},
            500,
        ),
        ({"expires": "0", "date": formatdate(NOW, usegmt=True)}, 0),
        ({"expires": "-1"}, 0),
    ],
)
def test_freshness_is_the_servers_floor(headers: dict[str, str], seconds: float) -> None:
    """`max-age` less `Age`, else `Expires` less `Date`."""
    assert floor_seconds(headers) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (formatdate(NOW + 60, usegmt=True), 60),
        (formatdate(NOW - 60, usegmt=True), 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("١٢", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """What cannot be read is nothing."""
    assert retry_after_seconds({"retry-after": value}, NOW) == seconds


@given(
    st.dictionaries(
        st.sampled_from(["cache-control", "expires", "date", "age", "retry-after"]), st.text()
    )
)
def test_any_headers_give_numbers(headers: dict[str, str]) -> None:
    """Nothing that a server can send raises."""
    assert floor_seconds(headers) >= 0
    assert (retry_after_seconds(headers, NOW) or 0) >= 0


def test_the_window_is_what_the_document_covers() -> None:
    """25 items, one an hour: a day."""
    window, rate = measure([NOW - n * 3600 for n in range(25)], 25, NOW)
    assert window == pytest.approx(24 * 3600)
    assert rate == pytest.approx(1)


def test_an_old_item_on_top_does_not_make_a_feed_slow() -> None:
    """The newer half counts: a pinned item of last year changes nothing."""
    dates = [NOW - n * 60 for n in range(20)] + [NOW - 365 * 86_400]
    window, _ = measure(dates, 21, NOW)
    assert window < 1800


@given(st.lists(st.integers(0, 2**31), max_size=60), st.integers(0, 80), st.integers(0, 2**31))
def test_any_dates_give_a_window(dates: list[int], items: int, now: int) -> None:
    """Never negative, and nothing raises."""
    window, rate = measure(dates, items, now)
    assert window >= 0
    assert rate >= 0


def test_without_dates_the_change_between_polls_tells() -> None:
    """A quarter of 20 items changed in an hour: all change in four."""
    assert turnover(20, 5, 3600) == 4 * 3600
    assert turnover(20, 0, 3600) == 0


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_public(address: str) -> None:
    """Also where a network wraps IPv4 for its IPv6-only hosts."""
    assert is_public(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "1.2.3", "127.1", "0x7f.0.0.1", "fe80::1%eth0", "2600::1%1"]
)
def test_what_is_no_plain_address_is_not_public(text: str) -> None:
    """Names, short forms and zones are refused."""
    assert not is_public(text)
