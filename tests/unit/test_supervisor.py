"""What `newsmon up` decides, and what it tells."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import MachineError
from monitor.settings import KafkaSettings, Settings, SlackSettings, WebSettings
from monitor.supervisor.roles import common_options, restart_pause_s, roles
from monitor.supervisor.state import RoleState, UpState, only_one, read_state, write_state

STATE = UpState(
    pid=1,
    bootstrap_servers="127.0.0.1:9092",
    started_at=datetime(2026, 3, 2, tzinfo=UTC),
    roles=(RoleState(name="poller", pid=2, state="running"),),
)


def test_no_command_line_holds_a_secret() -> None:
    """Every user of a machine can list the command lines of all processes."""
    planted = "PLANTED-SECRET-TEXT"
    kafka = KafkaSettings(
        security_protocol="SASL_SSL", sasl_username="newsmon", sasl_password=planted
    )
    settings = Settings(
        bootstrap_servers=("kafka.example:9093",),
        kafka=kafka,
        slack=SlackSettings(bot_token=planted),
        web=WebSettings(token=planted),
    )

    commands = [role.command for role in roles(settings, common_options(None, Path("data")))]

    assert len(commands) == 4
    assert planted not in repr(commands)


def test_readers_start_before_writers() -> None:
    """Workers come first, then the poller."""
    names = [role.name for role in roles(Settings(workers=2), ())]

    assert names == ["worker-0", "worker-1", "web", "poller"]


def test_slack_runs_where_it_is_configured() -> None:
    """A secret, or a file with one, is what switches it on; it reads, so it starts early."""
    slack = SlackSettings(bot_token_file=Path("/run/secrets/slack"))

    names = [role.name for role in roles(Settings(slack=slack), ())]

    assert names == ["worker-0", "slack", "web", "poller"]


def test_the_page_can_be_switched_off() -> None:
    """With web.enabled = false no web role starts."""
    names = [role.name for role in roles(Settings(web=WebSettings(enabled=False)), ())]

    assert names == ["worker-0", "poller"]


def test_every_role_finds_the_same_data() -> None:
    """The data directory and the settings file are handed on."""
    common = common_options(Path("/etc/newsmon.toml"), Path("/data"))

    for role in roles(Settings(), common):
        assert role.command[-4:] == ("--config", "/etc/newsmon.toml", "--data-dir", "/data")


@given(uptime=st.floats(0, 1e6), failures=st.integers(1, 10_000))
def test_a_dead_role_comes_back_within_half_a_minute(uptime: float, failures: int) -> None:
    """The pause is never zero and never longer than 30 s."""
    assert 0.5 <= restart_pause_s(uptime, failures) <= 30


def test_the_pause_doubles_for_one_that_dies_young_and_begins_anew_for_a_healthy_one() -> None:
    """Back-off is by failures in a row."""
    assert [restart_pause_s(1, n) for n in (1, 2, 3, 9)] == [1, 2, 4, 30]
    assert restart_pause_s(61, 9) == 0.5
    assert restart_pause_s(1, 9, killed=True) == 2


def test_a_second_up_on_the_same_data_is_told_so(tmp_path: Path) -> None:
    """The message names the directory and the process."""
    with (
        only_one(tmp_path),
        pytest.raises(MachineError, match="another `newsmon up`") as caught,
        only_one(tmp_path),
    ):
        pass

    assert str(tmp_path) in str(caught.value)


def test_the_state_is_seen_while_it_runs_and_gone_after(tmp_path: Path) -> None:
    """A state left by a dead one is not believed."""
    with only_one(tmp_path):
        write_state(tmp_path, STATE)
        assert read_state(tmp_path) == STATE
    assert read_state(tmp_path) is None

    write_state(tmp_path, STATE)
    assert read_state(tmp_path) is None


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file in the way gives one clear line."""
    (tmp_path / "file").write_text("")

    with pytest.raises(MachineError, match="cannot be written"), only_one(tmp_path / "file"):
        pass
