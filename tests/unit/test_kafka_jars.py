"""Fetching Kafka's jars, against a Maven repository of the test's own."""

from __future__ import annotations

import hashlib
import tarfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from monitor.errors import MachineError
from monitor.kafka import fetch as fetching
from monitor.kafka import jars, maven
from monitor.kafka.fetch import Cancelled, fetch, read_bundle, write_bundle
from monitor.settings import Settings

FILES = {
    f"org/apache/kafka/{name}/4.3.1/{name}-4.3.1.jar": (name * 40_000).encode()
    for name in ("kafka-clients", "kafka-server", "kafka-raft")
}
CLIENTS = next(iter(FILES))


@dataclass
class Mirror:
    """A Maven repository whose answers a test can spoil."""

    url: str
    asked: Counter[str] = field(default_factory=Counter)
    spoil: Callable[[str, int], bytes | int | None] = lambda path, count: None
    headers: list[str | None] = field(default_factory=list)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mirror]:
    """Serve `FILES`; `spoil(path, count)` gives other bytes, an HTTP status, or None."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.lstrip("/")
            made.asked[path] += 1
            made.headers.append(self.headers["Authorization"])
            body = made.spoil(path, made.asked[path])
            if isinstance(body, int):
                self.send_error(body)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(FILES[path])))
            self.end_headers()
            self.wfile.write(FILES[path] if body is None else body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Mirror(f"http://127.0.0.1:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def small_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a lock of three small jars in place, an empty home and no Maven Central."""
    lock = tmp_path / "jars.lock"
    lock.write_text(
        "".join(
            f"{path} {hashlib.sha256(body).hexdigest()} {len(body)}\n"
            for path, body in FILES.items()
        )
    )
    monkeypatch.setattr(jars, "_LOCK", lock)
    monkeypatch.setattr(maven, "CENTRAL", "http://127.0.0.1:1")
    monkeypatch.setattr(fetching, "_PAUSE", 0.0)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    jars.locked.cache_clear()
    jars.kafka_version.cache_clear()
    yield
    jars.locked.cache_clear()
    jars.kafka_version.cache_clear()


@pytest.fixture
def settings(tmp_path: Path, mirror: Mirror) -> Settings:
    return Settings(cache_dir=tmp_path / "cache", maven_mirror=mirror.url)


def stored(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in jars.store(settings).iterdir()}


WANTED = {path.rpartition("/")[2]: body for path, body in FILES.items()}


def test_all_jars_arrive_and_nothing_else(settings: Settings, mirror: Mirror):
    """The store holds the locked jars to the last byte, and no leftovers."""
    steps: list[tuple[int, int]] = []
    folder = fetch(settings, lambda done, total: steps.append((done, total)))
    assert folder == settings.cache_dir / "kafka" / "4.3.1"
    assert stored(settings) == WANTED
    total = sum(map(len, FILES.values()))
    assert steps[-1] == (total, total)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_the_second_time_nobody_is_asked(settings: Settings, mirror: Mirror):
    """A complete store needs no network."""
    fetch(settings)
    mirror.asked.clear()
    fetch(settings)
    fetch(settings, thorough=True)
    assert not mirror.asked


def test_only_what_is_missing_is_fetched(settings: Settings, mirror: Mirror):
    """One lost jar costs one request."""
    fetch(settings)
    mirror.asked.clear()
    (jars.store(settings) / "kafka-clients-4.3.1.jar").unlink()
    fetch(settings)
    assert mirror.asked == {CLIENTS: 1}


def test_a_jar_damaged_on_disk_is_found_and_replaced(settings: Settings, mirror: Mirror):
    """Same size, other bytes: `damaged` names it, a thorough fetch replaces it."""
    folder = fetch(settings)
    victim = folder / "kafka-clients-4.3.1.jar"
    victim.write_bytes(b"x" * victim.stat().st_size)
    assert [jar.name for jar in jars.damaged(folder)] == [victim.name]
    assert jars.missing(folder) == []
    fetch(settings, thorough=True)
    assert stored(settings) == WANTED


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param(FILES[CLIENTS][:1000], id="truncated"),
        pytest.param(b"x" * len(FILES[CLIENTS]), id="other bytes"),
        pytest.param(503, id="server error"),
    ],
)
def test_a_spoiled_download_is_begun_anew(settings: Settings, mirror: Mirror, spoiled):
    """Twice wrong, the third time right: the jar is whole, and the progress is not beyond it."""
    steps: list[int] = []
    mirror.spoil = lambda path, count: spoiled if path == CLIENTS and count < 3 else None
    fetch(settings, lambda done, total: steps.append(done))
    assert stored(settings) == WANTED
    assert mirror.asked[CLIENTS] == 3
    assert steps[-1] == sum(map(len, FILES.values()))


def test_a_download_that_stays_wrong_is_an_error_and_leaves_nothing(
    settings: Settings, mirror: Mirror
):
    """After three tries the jar is named with the reason; no broken file stays."""
    mirror.spoil = lambda path, count: b"short" if path == CLIENTS else None
    with pytest.raises(MachineError, match=r"kafka-clients-4\.3\.1\.jar .*truncated or damaged"):
        fetch(settings)
    assert mirror.asked[CLIENTS] == 3
    assert "kafka-clients-4.3.1.jar" not in stored(settings)
    assert not [name for name in stored(settings) if name.endswith(".part")]


def test_an_answer_without_end_is_cut_off(settings: Settings):
    """A server that sends for ever does not fill the disk: at most one piece beyond the size."""

    class Endless:
        def read(self, size: int) -> bytes:
            return b"x" * size

    jar, sizes = jars.locked()[0], []
    folder = jars.store(settings)
    folder.mkdir(parents=True)
    assert not jars.take(Endless(), jar, folder, sizes.append)
    assert jar.size < sum(sizes) <= jar.size + (1 << 16)
    assert stored(settings) == {}


def test_the_next_repository_is_asked_where_one_lacks_a_jar(
    settings: Settings, mirror: Mirror, monkeypatch
):
    """404 is an answer: no second try there, the jar comes from the next in line."""
    monkeypatch.setattr(maven, "CENTRAL", mirror.url + "/central")
    central = {f"central/{path}": body for path, body in FILES.items()}
    monkeypatch.setattr(f"{__name__}.FILES", FILES | central)
    mirror.spoil = lambda path, count: 404 if path == CLIENTS else None
    fetch(settings)
    assert stored(settings) == WANTED
    assert mirror.asked[CLIENTS] == 1
    assert mirror.asked["central/" + CLIENTS] == 1


def test_an_unreachable_repository_is_named(settings: Settings, monkeypatch):
    """Without network the error says who was asked and what else can be done."""
    monkeypatch.setattr(fetching, "_TIMEOUT", 2.0)
    offline = settings.model_copy(update={"maven_mirror": "http://127.0.0.1:1"})
    with pytest.raises(MachineError, match=r"127\.0\.0\.1:1.*Maven Central.*--from-bundle"):
        fetch(offline)


def test_a_password_goes_to_its_server_and_nowhere_else(settings: Settings, mirror: Mirror):
    """Credentials in the address travel as a header and never stand in an error."""
    secret = settings.model_copy(
        update={"maven_mirror": mirror.url.replace("http://", "http://reader:hush-hush@")}
    )
    fetch(secret)
    assert set(mirror.headers) == {"Basic cmVhZGVyOmh1c2gtaHVzaA=="}
    mirror.spoil = lambda path, count: 403
    jars.store(secret).joinpath("kafka-clients-4.3.1.jar").unlink()
    with pytest.raises(MachineError) as caught:
        fetch(secret)
    assert "hush" not in str(caught.value)
    assert "HTTP 403" in str(caught.value)


def test_mavens_own_copies_are_reused_when_right(
    settings: Settings, mirror: Mirror, tmp_path: Path
):
    """A right jar in the local repository saves a request, a wrong one is not taken."""
    local = tmp_path / "home" / ".m2" / "repository"
    for path, body in FILES.items():
        (local / path).parent.mkdir(parents=True)
        (local / path).write_bytes(b"x" * len(body) if path == CLIENTS else body)
    fetch(settings)
    assert stored(settings) == WANTED
    assert mirror.asked == {CLIENTS: 1}


def test_a_cancelled_fetch_ends_and_keeps_no_part(settings: Settings):
    """The caller's event stops the threads."""
    cancel = threading.Event()
    with pytest.raises(Cancelled):
        fetch(settings, lambda done, total: cancel.set(), cancel=cancel)
    assert not [name for name in stored(settings) if name.endswith(".part")]


def test_a_cache_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path):
    """A file where the cache should be: one line with the folder."""
    (tmp_path / "file").write_text("")
    wrong = settings.model_copy(update={"cache_dir": tmp_path / "file"})
    with pytest.raises(MachineError, match=r"file/kafka/4\.3\.1: cannot store"):
        fetch(wrong)


def test_a_bundle_fills_an_empty_store_without_network(
    settings: Settings, mirror: Mirror, tmp_path: Path
):
    """What one machine has bundled, another one can use."""
    fetch(settings)
    bundle = tmp_path / "kafka.tar"
    assert write_bundle(settings, bundle) == bundle.stat().st_size
    mirror.asked.clear()
    other = settings.model_copy(update={"cache_dir": tmp_path / "other"})
    read_bundle(other, bundle)
    assert stored(other) == WANTED
    assert not mirror.asked


def test_an_incomplete_store_makes_no_bundle(settings: Settings, tmp_path: Path):
    """The error says what to do first, and no tar is begun."""
    with pytest.raises(MachineError, match="newsmon kafka fetch"):
        write_bundle(settings, tmp_path / "kafka.tar")
    assert not (tmp_path / "kafka.tar").exists()


def test_a_hostile_bundle_writes_nothing_outside_and_no_wrong_bytes(
    settings: Settings, tmp_path: Path
):
    """Paths in a tar are no paths of ours; links and wrong bytes count as missing."""
    bundle, source = tmp_path / "bad.tar", tmp_path / "evil"
    source.write_bytes(b"evil")
    with tarfile.open(bundle, "w") as tar:
        tar.add(source, "../../escaped.jar")
        tar.add(source, "kafka-4.3.1/kafka-clients-4.3.1.jar")
        link = tarfile.TarInfo("kafka-4.3.1/kafka-raft-4.3.1.jar")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(MachineError, match="missing or damaged"):
        read_bundle(settings, bundle)
    assert stored(settings) == {}
    assert not list(tmp_path.rglob("escaped.jar"))


@pytest.mark.parametrize("content", [b"", b"no tar at all" * 100])
def test_a_file_that_is_no_bundle_is_refused(settings: Settings, tmp_path: Path, content: bytes):
    """One line with the file's name."""
    (tmp_path / "x.tar").write_bytes(content)
    with pytest.raises(MachineError, match=r"x\.tar"):
        read_bundle(settings, tmp_path / "x.tar")
    with pytest.raises(MachineError, match=r"none\.tar"):
        read_bundle(settings, tmp_path / "none.tar")


def test_a_jar_looks_the_same_each_time_it_is_fetched(settings: Settings):
    """Java's start-up cache compares file times, so these are fixed."""
    folder = fetch(settings)
    before = {path.name: path.stat().st_mtime for path in folder.iterdir()}
    (folder / "kafka-clients-4.3.1.jar").unlink()
    fetch(settings)
    assert {path.name: path.stat().st_mtime for path in folder.iterdir()} == before
    assert len(set(before.values())) == 1
