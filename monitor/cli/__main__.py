"""`python -m monitor.cli` is `newsmon`."""

import sys

from monitor.cli import main

sys.exit(main())
