"""The room of Kafka: the embedded broker, the topics on it, and reading and writing records.

Nothing else in newsmon imports aiokafka (Faust does by itself). The way in, by need:

    embedded.py    start and stop a real broker on this machine
    bootstrap.py   find the broker to talk to
    admin.py       create and describe topics, lag of groups
    client.py      send messages, read topics
    group.py       share a topic among processes, with commits

What the broker is made of: `maven.py`, `jars.py` and `fetch.py` bring Kafka here, `java.py` finds a
Java, `node.py` is a node on disk, `jvm.py` and `process.py` run it, `aot.py` quickens its start,
`running.py` knows the one that runs.
"""
