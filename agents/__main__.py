"""The worker process: `python -m agents`, which is what `newsmon worker` starts."""

from __future__ import annotations

import argparse
import asyncio
import sys

import faust

from agents.app import create_app
from monitor.alerts import load_policy
from monitor.cli.options import add_common, settings_of
from monitor.detect import load_detector
from monitor.errors import MachineError, NewsmonError
from monitor.kafka.bootstrap import resolve_bootstrap
from monitor.log import log_config
from monitor.settings import Settings


def build_worker(settings: Settings, instance: str | None) -> faust.Worker:
    """Make everything that a worker needs, so that a fault shows before it joins the group.

    Raises:
        NewsmonError: No broker, no detector, a wrong policy, a data directory out of reach.
    """
    detector = load_detector(threshold=settings.detect.threshold)
    policy = load_policy(settings.alert.policy)
    bootstrap = asyncio.run(resolve_bootstrap(settings))
    data_dir = settings.data_dir / "faust" / (instance or "worker")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise MachineError(f"{data_dir}: cannot be made ({exc.strerror})") from exc
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(
        bootstrap,
        detector.find_mentions,
        policy,
        data_dir=data_dir,
        replication=settings.kafka.replication,
        instance=instance,
    )
    return faust.Worker(
        app,
        loop=loop,
        quiet=True,
        loglevel=settings.log_level.upper(),
        logging_config=log_config(settings.log_level),
        redirect_stdouts=False,
    )


def main() -> None:
    """Run a worker until SIGTERM or Ctrl-C; exit 1 on any fault, to be started again."""
    parser = argparse.ArgumentParser(prog="newsmon worker")
    parser.add_argument("--instance", help="name of this worker among its kind, for quick restarts")
    add_common(parser)
    args = parser.parse_args()
    try:
        worker = build_worker(settings_of(args), args.instance)
    except NewsmonError as exc:
        print(f"newsmon: {exc}", file=sys.stderr)  # noqa: T201
        sys.exit(exc.exit_code)
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
