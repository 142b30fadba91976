"""Kill every part under load, again and again, and count what came out.

    python -m tests.chaos --blows 60 --rate 50 --seed 7

A load of numbered articles is published by invented outlets on this machine and polled, detected,
alerted and counted by `newsmon up`, while workers, poller and broker are killed and terminated in
turn. Then an independent reader compares what the topics hold with what was published.
"""
