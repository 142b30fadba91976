"""The room of Kafka: the embedded broker, the topics on it, and reading and writing records.

Nothing else in newsmon imports aiokafka (Faust does by itself). The way in, by need:

    embedded.py    start and stop a real broker on this machine, or three
    bootstrap.py   find the broker to talk to
    security.py    TLS and SASL, the one door to every client
    admin.py       create and describe topics, lag of groups
    client.py      send messages, read topics
    group.py       share a topic among processes, with commits

What the broker is made of: `maven.py`, `jars.py` and `fetch.py` bring Kafka here, `java.py` finds a
Java, `node.py` is a node on disk, `state.py` what it remembers, `layout.py` says which nodes there
are and on which ports, `broker.py` is the process of one, which `jvm.py` and `process.py` run,
`aot.py` quickens its start, `running.py` knows those that run.
"""
