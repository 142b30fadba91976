"""List the licence of everything that newsmon depends on, and refuse what is not allowed.

Python packages state theirs in their metadata; what they say too little about, and Kafka's jars,
stand in `.ci/licences.toml`. `--write` makes docs/licences.md; without it that file is checked.
Packages for other systems or versions of Python are not installed here: their lines are kept.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
_LICENCE = "License :: "
_SIMPLE = re.compile(r"[\w.+-]+(?: (?:AND|OR) [\w.+-]+)*")
_HEAD = """# What newsmon is made of, and its licences

Made by `make licences` from the metadata of the packages in `uv.lock` and from
`.ci/licences.toml`; `make check` fails when it is not current, or when a licence is unknown or not
allowed. newsmon itself is Apache-2.0. What only the groups `bench` and `browser` need is not here.
"""

Rows = dict[str, str | None]
"""Licence by name of the package; None where it is unknown."""


def stated(headers: Mapping[str, Sequence[str]], means: Mapping[str, str]) -> str | None:
    """Return the licence that metadata states, as an SPDX expression.

    The expression goes before the free text, and the free text before the classifiers, which do
    not tell the licences of a family apart. A text that neither `means` knows nor SPDX could hold
    does not count.
    """
    if expression := headers.get("License-Expression"):
        return expression[0]
    classifiers = (text for text in headers.get("Classifier", ()) if text.startswith(_LICENCE))
    texts = [*headers.get("License", ()), *(text.rpartition(" :: ")[2] for text in classifiers)]
    for text in texts:
        if text in means:
            return means[text]
        if _SIMPLE.fullmatch(text):
            return text
    return None


def is_allowed(expression: str, allowed: Iterable[str]) -> bool:
    """Tell whether an SPDX expression can be met: AND needs both sides, OR one of them."""
    known = frozenset(allowed)
    words = re.findall(r"[()]|[^\s()]+ WITH [^\s()]+|[^\s()]+", expression)

    def either() -> bool:
        met = both()
        while words and words[0] == "OR":
            words.pop(0)
            met = both() or met
        return met

    def both() -> bool:
        met = one()
        while words and words[0] == "AND":
            words.pop(0)
            met = one() and met
        return met

    def one() -> bool:
        word = words.pop(0)
        if word != "(":
            return word in known
        met = either()
        words.pop(0)
        return met

    return either()


def jar_rows(lock: str, of_group: Mapping[str, str]) -> Rows:
    """Return the licence of each jar of a lock file, by the longest group that is known."""
    rows: Rows = {}
    for line in filter(str.strip, lock.splitlines()):
        *group, artifact, _, _ = Path(line.split()[0]).parts
        name = ".".join(group)
        known = [each for each in of_group if name == each or name.startswith(f"{each}.")]
        rows[f"{name}:{artifact}"] = of_group[max(known, key=len)] if known else None
    return rows


def packages(*options: str) -> list[str]:
    """Return the names of locked packages, for all systems."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    words = ("--frozen", "--no-hashes", "--no-annotate", "--no-emit-project", "--all-extras")
    done = subprocess.run(
        [uv, "export", *words, *options], cwd=ROOT, capture_output=True, text=True, check=True
    )
    lines = (line for line in done.stdout.splitlines() if line and line[0] not in "#-")
    return sorted({line.split("==")[0].split()[0] for line in lines})


def package_rows(names: Iterable[str], config: Mapping[str, Any], page: str) -> Rows:
    """Return the licence of each package; one that is not installed keeps its line of the page."""
    rows: Rows = {}
    for name in names:
        if name in config["stated"]:
            rows[name] = config["stated"][name]
            continue
        try:
            found = metadata(name)
        except PackageNotFoundError:
            kept = re.search(rf"^\| {re.escape(name)} \| (.+) \|$", page, re.MULTILINE)
            rows[name] = kept[1] if kept else None
        else:
            headers = {key: found.get_all(key) or [] for key in set(found)}
            rows[name] = stated(headers, config["means"])
    return rows


def draw(title: str, rows: Rows) -> str:
    """Return a section of the page."""
    lines = [f"| {name} | {licence} |" for name, licence in sorted(rows.items())]
    return "\n".join(["", f"## {title}", "", "| name | licence |", "|---|---|", *lines, ""])


def main() -> int:
    """Check every licence, then write the page or compare with it."""
    config = tomllib.loads((ROOT / ".ci" / "licences.toml").read_text("utf-8"))
    page = PAGE.read_text("utf-8") if PAGE.exists() else ""
    run = packages("--no-dev")
    develop = [name for name in packages() if name not in run]
    sections = {
        "Python packages": package_rows(run, config, page),
        "Kafka's jars": jar_rows(
            (ROOT / "monitor" / "kafka" / "jars.lock").read_text("ascii"), config["jars"]
        ),
        "Python packages for development only": package_rows(develop, config, page),
    }
    faults = [
        f"{name}: licence {licence or 'unknown'} is not allowed"
        for rows in sections.values()
        for name, licence in rows.items()
        if not licence or not is_allowed(licence, config["allowed"])
    ]
    made = _HEAD + "".join(draw(title, rows) for title, rows in sections.items())
    if "--write" in sys.argv[1:] and not faults:
        PAGE.write_text(made, "utf-8")
    elif made != page:
        faults.append(f"{PAGE.relative_to(ROOT)}: not current, run `make licences`")
    for fault in faults:
        print(f"licences: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
