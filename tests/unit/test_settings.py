"""The settings: defaults, file, environment, and every fault at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.settings import CONFIG_DIR, Settings, load_settings


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "newsmon.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_shipped_file_states_the_defaults(tmp_path: Path) -> None:
    """config/newsmon.toml changes nothing: it documents."""
    shipped = load_settings(CONFIG_DIR / "newsmon.toml", environ={})
    empty = load_settings(write(tmp_path, ""), environ={})

    anchored = {"poll", "alert", "slack"}
    assert shipped.model_dump(exclude=anchored) == empty.model_dump(exclude=anchored)
    assert shipped.poll.feeds == CONFIG_DIR / "feeds.toml"


def test_every_setting_is_in_the_shipped_file() -> None:
    """No setting is undocumented; secrets and optional paths may stand in comments."""
    text = (CONFIG_DIR / "newsmon.toml").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        for key in inner or [name]:
            if key in {"token", "webhook_url", "bot_token"}:
                continue
            assert key in text, f"{name}.{key} is not in config/newsmon.toml"
    tomllib.loads(text)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """NEWSMON_SECTION_KEY replaces the file's value."""
    path = write(tmp_path, "[poll]\ninterval = 600\n")
    environ = {
        "NEWSMON_POLL_INTERVAL": "30",
        "NEWSMON_BOOTSTRAP_SERVERS": "a.example:9092, b.example:9093",
        "NEWSMON_DATA_DIR": str(tmp_path / "data"),
    }

    settings = load_settings(path, environ=environ)

    assert settings.poll.interval == 30
    assert settings.bootstrap_servers == ("a.example:9092", "b.example:9093")
    assert settings.data_dir == tmp_path / "data"


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    """An override that is None changes nothing; another one wins."""
    environ = {"NEWSMON_DATA_DIR": "/from/environment", "NEWSMON_WORKERS": "2"}

    settings = load_settings(
        write(tmp_path, ""), {"data_dir": Path("/from/option"), "workers": None}, environ
    )

    assert settings.data_dir == Path("/from/option")
    assert settings.workers == 2


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """Each fault names file or variable, key, what was expected, and the nearest known name."""
    path = write(
        tmp_path, '[poll]\nintervall = 5\ntimeout = -1\n[kafka]\nport = "x"\n[wep]\nport = 1\n'
    )

    with pytest.raises(ConfigError) as caught:
        load_settings(path, environ={"NEWSMON_LOG_LEVEL": "loud"})

    text = str(caught.value)
    assert caught.value.exit_code == 2
    assert len(caught.value.faults) == 5
    assert f"{path}: poll.intervall: unknown key, did you mean 'interval'?" in text
    assert f"{path}: poll.timeout: Input should be greater than 0, got -1" in text
    assert f"{path}: kafka.port" in text
    assert f"{path}: wep: unknown key, did you mean 'web'?" in text
    assert "NEWSMON_LOG_LEVEL: Input should be 'debug', 'info'" in text


@pytest.mark.parametrize(
    ("text", "why"),
    [("x = ", "no valid TOML"), ('bootstrap_servers = ["nowhere"]', "is no host:port")],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, why: str) -> None:
    """The error says which file and what is wrong with it."""
    path = write(tmp_path, text)

    with pytest.raises(ConfigError, match=why) as caught:
        load_settings(path, environ={})

    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that is asked for must be there."""
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(tmp_path / "none.toml", environ={})


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Neither the representation of the settings nor a fault shows a secret."""
    secret = "xoxb-very-secret"
    environ = {"NEWSMON_SLACK_BOT_TOKEN": secret, "NEWSMON_SLACK_WEBHOOK_URL": secret}

    settings = load_settings(write(tmp_path, ""), environ=environ)
    path = write(tmp_path, f'[slack]\nbot_token = ["{secret}"]\n')
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environ={})

    assert secret not in repr(settings)
    assert secret not in str(caught.value)
