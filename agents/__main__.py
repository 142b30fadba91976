"""The worker process: `python -m agents`, which is what `newsmon worker` starts."""

from __future__ import annotations

import argparse
import asyncio
import sys

import faust

from agents.app import create_app
from agents.metrics import WorkerMeter
from monitor.alerts import load_policy
from monitor.cli.options import add_common, add_metrics, settings_of, with_metrics
from monitor.datadir import claim
from monitor.detect import load_detector
from monitor.errors import MachineError, NewsmonError
from monitor.kafka.alive import BrokerProbe
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.kafka.layout import replication_of
from monitor.kafka.told import Told, check_ends, read_told
from monitor.log import log_config
from monitor.ops.registry import new_registry
from monitor.ops.server import open_door
from monitor.settings import Settings


def build_worker(settings: Settings, instance: str | None) -> faust.Worker:
    """Make everything that a worker needs, so that a fault shows before it joins the group.

    Raises:
        NewsmonError: No broker, no detector, a wrong policy, a data directory out of reach or of
            another format.
    """
    claim(settings.data_dir)
    detector = load_detector(threshold=settings.detect.threshold)
    policy = load_policy(settings.alert.policy)
    bootstrap, told = asyncio.run(_ask(settings))
    data_dir = settings.data_dir / "faust" / (instance or "worker")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise MachineError(f"{data_dir}: cannot be made ({exc.strerror})") from exc
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    registry = new_registry("worker")
    meter = WorkerMeter(registry)
    # Faust runs this loop to the end of the process, and the door with it.
    loop.run_until_complete(
        open_door(settings.metrics, registry, meter.vital, BrokerProbe(bootstrap))
    )
    app = create_app(
        bootstrap,
        detector.find_mentions,
        policy,
        data_dir=data_dir,
        replication=replication_of(settings),
        instance=instance,
        told=told,
        meter=meter,
    )
    return faust.Worker(
        app,
        loop=loop,
        quiet=True,
        loglevel=settings.log_level.upper(),
        logging_config=log_config(settings.log_level),
        redirect_stdouts=False,
    )


async def _ask(settings: Settings) -> tuple[str, Told]:
    bootstrap = await resolve_bootstrap(settings)
    await check_ends(bootstrap)
    return bootstrap, await read_told(bootstrap)


def main() -> None:
    """Run a worker until SIGTERM or Ctrl-C; exit 1 on any fault, to be started again."""
    parser = argparse.ArgumentParser(prog="newsmon worker")
    parser.add_argument("--instance", help="name of this worker among its kind, for quick restarts")
    add_metrics(parser)
    add_common(parser)
    args = parser.parse_args()
    try:
        worker = build_worker(with_metrics(settings_of(args), args), args.instance)
    except NewsmonError as exc:
        print(f"newsmon: {exc}", file=sys.stderr)  # noqa: T201
        sys.exit(exc.exit_code)
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
