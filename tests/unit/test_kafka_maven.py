"""Maven's settings, as far as newsmon reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.kafka.maven import mirrors_central, read_maven_settings, repositories

SETTINGS = """\
<settings xmlns="urn:settings">
  <localRepository>${user.home}/jars</localRepository>
  <mirrors>
    <mirror><id>other</id><url>https://other.example</url><mirrorOf>snapshots</mirrorOf></mirror>
    <mirror><id>house</id><url>https://maven.example/all/</url><mirrorOf>*</mirrorOf></mirror>
  </mirrors>
  <servers>
    <server><id>house</id><username>reader</username><password>${env.HOUSE_PASS}</password></server>
  </servers>
</settings>
"""


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("central", True),
        ("*", True),
        ("external:*", True),
        ("snapshots, central", True),
        ("*,!central", False),
        ("!central,*", False),
        ("snapshots", False),
        ("", False),
    ],
)
def test_a_mirror_counts_when_it_covers_central(pattern: str, covered: bool):
    """The patterns of Maven's mirrorOf, exclusions included."""
    assert mirrors_central(pattern) is covered


def test_mirror_credentials_and_local_repository_are_read(tmp_path: Path):
    """Namespace, ${user.home} and ${env.X} are understood; foreign mirrors are left out."""
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(SETTINGS)
    found = read_maven_settings(tmp_path, {"HOUSE_PASS": "hush"})
    (mirror,) = found.mirrors
    assert mirror.url == "https://maven.example/all"
    assert mirror.authorization == "Basic cmVhZGVyOmh1c2g="
    assert "hush" not in repr(mirror)
    assert found.local == tmp_path / "jars"
    request = mirror.request("a/b.jar")
    assert request.full_url == "https://maven.example/all/a/b.jar"
    assert request.unredirected_hdrs["Authorization"] == mirror.authorization
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("text", [None, "", "<settings>", "no xml"])
def test_missing_or_broken_settings_count_as_empty(tmp_path: Path, text: str | None):
    """Maven's file is not ours to complain about."""
    if text is not None:
        (tmp_path / ".m2").mkdir()
        (tmp_path / ".m2" / "settings.xml").write_text(text)
    found = read_maven_settings(tmp_path, {})
    assert found.mirrors == ()
    assert found.local == tmp_path / ".m2" / "repository"


def test_the_own_mirror_comes_first_and_central_last(tmp_path: Path):
    """The order in which repositories are asked."""
    (tmp_path / ".m2").mkdir()
    (tmp_path / ".m2" / "settings.xml").write_text(SETTINGS)
    found = repositories("http://me:pw@mine.example/m2/", read_maven_settings(tmp_path, {}))
    assert [repository.url for repository in found[:2]] == [
        "http://mine.example/m2",
        "https://maven.example/all",
    ]
    assert found[-1].name == "Maven Central"
    assert "pw" not in found[0].name


def test_a_mirror_that_is_no_address_is_refused(tmp_path: Path):
    """The setting is named."""
    with pytest.raises(ConfigError, match="maven_mirror: expected"):
        repositories("nonsense", read_maven_settings(tmp_path, {}))
