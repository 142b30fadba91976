"""The room of Kafka: the embedded broker, the topics on it, and reading and writing records.

Nothing else in newsmon imports aiokafka (Faust does by itself). The way in, by need:

    embedded.py    start and stop a real broker on this machine, or three
    bootstrap.py   find the broker to talk to
    security.py    TLS and SASL, the one door to every client; `connect.py` opens it
    admin.py       create and describe topics; `differences.py`: are they as declared?
    client.py      send messages, read topics; `record.py` is what comes, `batch.py` sends many,
                   `original.py` reads single ones
    group.py       share a topic among processes, with commits
    feed_state.py  share the feeds among pollers
    gauge.py       how topics stand, the lag of groups; `alive.py`: does a broker answer?
    told.py        what subscribers were told; `rewind.py` sets a group back

What the broker is made of: `maven.py`, `jars.py` and `fetch.py` bring Kafka here, `java.py` finds a
Java, `node.py` is a node on disk, `state.py` what it remembers, `layout.py` says which nodes there
are and on which ports, `broker.py` is the process of one, which `jvm.py` and `process.py` run,
`aot.py` quickens its start, `running.py` knows those that run.
"""
