"""Strike every part under load, again and again, and count what came out.

    python -m tests.chaos --blows 100 --seed 7     every kind of blow, in an order of the seed
    python -m tests.chaos --no-guards              the control run: stock Faust must lose something
    python -m tests.chaos.slack_alone              the Slack consumer by itself, 10,000 alerts

Invented outlets on this machine (`load.py`) publish numbered articles (`news.py`). They are polled,
detected, alerted, counted and told to a stand-in for Slack by `newsmon up` (`stage.py`), whose
broker names a proxy as its address (`up.py`, `proxy.py`), on a disk that can be filled (`disk.py`).
The seed decides which blows fall, when and how hard (`plan.py`); each strikes something that works
(`strike.py`, `membership.py`); `run.py` leads the whole. Then an independent reader compares what
the topics hold and what Slack got with what was published (`check.py`, `deliveries.py`).
"""
