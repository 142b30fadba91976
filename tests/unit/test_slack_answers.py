"""What Slack's answers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.slack.answers import backoff_s, explain, of_answer


@pytest.mark.parametrize(
    ("status", "body", "kind", "error"),
    [
        (200, b'{"ok":true,"ts":"1.2","channel":"C1"}', "sent", ""),
        (200, b"ok", "sent", ""),
        (429, b"", "later", "ratelimited"),
        (200, b'{"ok":false,"error":"ratelimited"}', "later", "ratelimited"),
        (500, b"", "unsure", "http_500"),
        (503, b"<html>", "unsure", "http_503"),
        (500, b"rollup_error", "unsure", "rollup_error"),
        (200, b"", "unsure", "http_200"),
        (200, b'{"ok":false,"error":"internal_error"}', "unsure", "internal_error"),
        (200, b'{"ok":false,"error":"msg_blocks_too_long"}', "refused", "msg_blocks_too_long"),
        (400, b"invalid_payload", "refused", "invalid_payload"),
        (200, b'{"ok":false,"error":"message_not_found"}', "gone", "message_not_found"),
        (200, b'{"ok":false,"error":"token_revoked"}', "stop", "token_revoked"),
        (404, b"no_service", "stop", "no_service"),
        (410, b"channel_is_archived", "stop", "channel_is_archived"),
        (403, b"action_prohibited", "stop", "action_prohibited"),
        (200, b'{"ok":false,"error":"a_new_word"}', "stop", "a_new_word"),
        (302, b"", "stop", "http_302"),
        (404, b"<html>", "stop", "http_404"),
    ],
)
def test_an_answer_has_its_kind(status: int, body: bytes, kind: str, error: str):
    """What is not known stops the route: nothing is lost, and somebody looks."""
    outcome = of_answer(status, body, None)

    assert (outcome.kind, outcome.error) == (kind, error)


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30), ("0", 0), (None, 1), ("soon", 1), ("1e9", 3600)]
)
def test_retry_after_is_honoured_within_an_hour(header: str | None, seconds: float):
    """A missing or odd one is a second."""
    assert of_answer(429, b"", header).after_s == seconds


@given(st.integers(0, 999), st.binary(max_size=200), st.one_of(st.none(), st.text(max_size=9)))
def test_no_answer_is_too_odd(status: int, body: bytes, header: str | None):
    """Any bytes give an outcome, and only a 200 is `sent`."""
    outcome = of_answer(status, body, header)

    assert outcome.kind != "sent" or status == 200
    assert outcome.kind == "sent" or explain(outcome.error)


@given(st.integers(0, 10_000))
def test_the_pause_grows_up_to_a_minute(failures: int):
    """Doubled each time from the first."""
    assert 2 <= backoff_s(failures, 2) <= 60
    assert [backoff_s(n, 2) for n in (1, 2, 3, 6)] == [2, 4, 8, 60]
