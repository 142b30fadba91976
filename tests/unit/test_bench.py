"""What the measurements compute from what they saw."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from bench._plot import Line, plot
from bench._proc import percentile, verdict
from bench._results import section, with_section
from bench._slope import slope
from bench._stack import steady_rate
from bench.day import Costs, Load, cpu_hours
from bench.profile import own_times
from bench.soak import judge


def test_a_section_is_replaced_and_the_others_stay():
    text = with_section("", "poll", "\nold poll\n\n")
    text = with_section(text, "day", "\na day\n\n```text\n== 3 ##\n```\n\n")
    text = with_section(text, "poll", "\nnew poll\n\n")
    assert text.count("# Results") == 1
    assert "old poll" not in text
    assert text.index("## day\n\na day\n\n```text\n== 3 ##\n```") < text.index(
        "## poll\n\nnew poll"
    )
    assert with_section(text, "poll", "\nnew poll\n\n") == text


def test_a_section_tells_command_load_and_what_was_printed():
    body = section("What it is.", ["--rates", "1"], "pipeline", 0.26, "a  \n  b\n")
    assert "`python -m bench pipeline --rates 1`" in body
    assert "load before it 0.3" in body
    assert "```text\na\n  b\n```" in body


def test_the_rate_leaves_out_start_and_end():
    """10 s of joining, then 100 a second seen in steps of a second, then a slow tail."""
    marks = [(float(t), 0) for t in range(10)]
    marks += [(10.0 + t, 100 * t) for t in range(1, 10)]
    marks += [(40.0, 1000)]
    assert steady_rate(marks, 1000) == pytest.approx(100)


def test_the_rate_of_a_backlog_done_in_one_step_is_that_of_the_whole():
    assert steady_rate([(0.0, 0), (1.0, 0), (2.0, 50)], 50) == pytest.approx(25)


def test_the_slope_of_a_line_has_no_error_and_gaps_are_left_out():
    found = slope([0, 1, 2, 3, 4], [1, 3, math.nan, 7, 9])
    assert found.per_x == pytest.approx(2)
    assert found.error == pytest.approx(0, abs=1e-9)
    assert found.grows(1)
    assert not found.grows(3)


def test_a_slope_within_its_error_is_no_growth():
    found = slope([0, 1, 2, 3], [0, 50, -40, 20])
    assert found.error > 1
    assert not found.grows(0)
    assert not slope([0, 1], [0, 100]).grows(0)


def test_the_verdict_on_a_soak_leaves_out_the_warm_up():
    """Memory that grows in the first quarter only."""
    samples = [
        {"seconds": 60.0 * n, "backlog": 0.0, "up MiB": min(n, 4) * 100.0, "up CPU %": 1.0 + n % 2}
        for n in range(21)
    ]
    assert judge(samples)["memory of up"].per_x == pytest.approx(0, abs=1e-9)
    leaking = [sample | {"up MiB": sample["seconds"] / 36} for sample in samples]
    assert judge(leaking)["memory of up"].per_x == pytest.approx(100)
    assert judge(leaking)["memory of up"].grows(1)


def test_a_day_is_the_sum_of_its_parts():
    day = Load(feeds=400, unchanged=3600, changed=1800, articles=7200)
    costs = Costs(0.001, 0.01, 0.02, 0.005, 0.1, 0.03)
    hours = cpu_hours(day, costs)
    assert hours["polls"] == pytest.approx(0.001 + 0.005)
    assert hours["worker"] == pytest.approx(0.04)
    assert hours["broker"] == pytest.approx(0.01)
    assert hours["idle"] == pytest.approx(2.4)


def test_built_in_functions_count_for_their_callers_and_waiting_for_nobody():
    f, g = ("a.py", 1, "f"), ("b.py", 2, "g")
    stats = {
        f: (1, 1, 0.5, 2.0, {}),
        ("~", 0, "<built-in method dumps>"): (
            1, 1, 1.0, 1.0, {f: (1, 1, 0.7, 0.7), g: (1, 1, 0.3, 0.3)},
        ),
        ("~", 0, "<method 'poll' of 'select.epoll' objects>"): (1, 1, 9.0, 9.0, {}),
    }  # fmt: skip
    assert own_times(SimpleNamespace(stats=stats)) == {f: 1.2, g: 0.3}


def test_percentile_and_verdict():
    assert percentile([3, 1, 2], 0.5) == 2
    assert math.isnan(percentile([], 0.5))
    assert verdict("x", 29, 30, "ms").endswith("met")
    assert verdict("x", 29, 30, "ms", most=False).endswith("NOT MET")


def test_a_plot_has_every_line_and_breaks_it_at_a_gap():
    text = plot([0, 1, 2], "minutes", {"memory <MiB>": [Line("up", [1, math.nan, 3])]})
    assert "memory &lt;MiB&gt;" in text
    assert text.count("M60.0 ") == 1
    assert "L" not in text.split('fill="none" stroke="#0b6e99"')[0].rsplit('d="', 1)[1]
