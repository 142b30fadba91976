"""The room of Slack: alerts become messages, none is lost, hardly ever one comes twice.

By need, the pure ones first:

    rules.py      `config/slack.toml`: channels, quiet hours, mutes, folding
    blocks.py     alert -> message; `kit.py` its blocks, `markup.py` its text,
                  `limits.py` what Slack accepts
    queue.py      what a channel sends next: one alert, a digest, or nothing yet
    progress.py   which offsets may be committed
    tally.py      what was done, in numbers
    answers.py    what an answer of Slack means, and what to do about it
    journal.py    what was told where: a compacted topic
    client.py     the calls to Slack
    sender.py     one message: intent, call, outcome
    courier.py    one channel: what its queue gives goes out, and what fails is tried again
    couriers.py   the couriers of all channels
    consumer.py   the loop from the alerts to the channels
    service.py    settings in, a running consumer out

For trying and testing without Slack: `peer.py` is a strict stand-in (`workspace.py` its messages,
`faults.py` what goes wrong, `page.py` what it shows), `samples.py` has invented alerts, `demo.py`
puts both together.
"""
