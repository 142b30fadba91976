"""Make `static/map.json`, the world map of the page. Run once per source version, not at run time.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    pip install pycountry
    python -m monitor.web.make_map package/countries-110m.json

Source: Natural Earth, 1:110 million, public domain, in the packaging of world-atlas (ISC). The
lines are a drawing aid and make no claim about borders or status. An area is shaded with the code
that `config/gazetteer` files it under, so shapes without a code of their own and the Crimean
peninsula go to the code that ISO and UN usage gives. Projection: Patterson cylindrical (Patterson,
Savric and Jenny, 2014), in which small countries of the north stay large enough to be seen.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

Point = tuple[float, float]

_SHA256 = "2516c915867c7baf18ddec727aec46c315541a07cfb3d79a6559b05d5e94eee8"
_WIDTH = 1000.0
_LEFT_OUT = {"AQ"}
_NAMED = {"Kosovo": "XK", "N. Cyprus": "CY", "Somaliland": "SO"}
_CRIMEA: Point = (34.4, 45.3)
_C = (1.0148, 0.23185, -0.14499, 0.02406)
_NORTH, _SOUTH = 81.0, -56.0


def project(lon: float, lat: float) -> Point:
    """Return a position, x and y in units of the sphere's radius, y to the north."""
    p = math.radians(lat)
    return math.radians(lon), p * (_C[0] + p**4 * (_C[1] + p * p * (_C[2] + p * p * _C[3])))


def on_page(lon: float, lat: float) -> Point:
    """Return a position on the page: 1000 wide, y downwards, 0 at the northern edge."""
    scale = _WIDTH / (2 * project(180, 0)[0])
    x, y = project(lon, lat)
    return _WIDTH / 2 + x * scale, (project(0, _NORTH)[1] - y) * scale


def main() -> None:
    """Read the atlas that the command line names and write the map."""
    countries = import_module("pycountry").countries  # of this script alone, hence no dependency
    raw = Path(sys.argv[1]).read_bytes()
    if hashlib.sha256(raw).hexdigest() != _SHA256:
        sys.exit(f"{sys.argv[1]}: not the countries-110m.json of world-atlas 2.0.2")
    atlas = json.loads(raw)
    arcs = _arcs(atlas)
    shapes: dict[str, list[str]] = {}
    for country in atlas["objects"]["countries"]["geometries"]:
        known = countries.get(numeric=country.get("id", ""))
        code = known.alpha_2 if known else _NAMED[country["properties"]["name"]]
        for rings in _polygons(country):
            lines = [_ring(ring, arcs) for ring in rings]
            owner = "UA" if code == "RU" and _around(_CRIMEA, lines[0]) else code
            if owner not in _LEFT_OUT:
                pieces = [piece for line in lines for piece in _cut(line)]
                shapes.setdefault(owner, []).extend(_path(piece) for piece in pieces)
    target = Path(__file__).parent / "static" / "map.json"
    height = round(on_page(0, _SOUTH)[1])
    data = {
        "source": "Natural Earth (public domain). No claim about borders.",
        "size": [int(_WIDTH), height],
        "shapes": {code: "".join(paths) for code, paths in sorted(shapes.items())},
        "points": {n: [round(c) for c in on_page(*at)] for n, at in sorted(_POINTS.items())},
    }
    target.write_text(json.dumps(data, separators=(",", ":"), ensure_ascii=False) + "\n", "utf-8")


def _arcs(atlas: dict[str, Any]) -> list[list[Point]]:
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    lines = []
    for arc in atlas["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * sx + tx, y * sy + ty))
        lines.append(line)
    return lines


def _polygons(country: dict[str, Any]) -> list[list[list[int]]]:
    arcs: list[Any] = country["arcs"]
    return [arcs] if country["type"] == "Polygon" else arcs


def _ring(numbers: list[int], arcs: list[list[Point]]) -> list[Point]:
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    return points


def _around(point: Point, ring: list[Point]) -> bool:
    """Tell whether a ring goes around a point and is no larger than a peninsula."""
    (x, y), inside = point, False
    if max(lon for lon, _ in ring) - min(lon for lon, _ in ring) > 10:
        return False
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _cut(ring: list[Point]) -> list[list[Point]]:
    """Cut a ring where it crosses the edge of the page, at 180 degrees."""
    line, turn = [ring[0]], 0.0
    for (before, _), (lon, lat) in pairwise(ring):
        turn += 360.0 * ((before - lon > 180) - (lon - before > 180))
        line.append((lon + turn, lat))
    pieces = []
    for shift in (-360.0, 0.0, 360.0):
        piece = [(lon + shift, lat) for lon, lat in line]
        for side in (1, -1):
            piece = _inside(piece, side)
        if len(piece) > 2:
            pieces.append(piece)
    return pieces


def _inside(ring: list[Point], side: int) -> list[Point]:
    """Keep what lies on this side of 180 degrees east (1) or west (-1): Sutherland and Hodgman."""
    kept: list[Point] = []
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if side * x1 <= 180:
            kept.append((x1, y1))
        if (side * x1 <= 180) != (side * x2 <= 180):
            edge = side * 180.0
            kept.append((edge, y1 + (y2 - y1) * (edge - x1) / (x2 - x1)))
    return kept


def _path(ring: list[Point]) -> str:
    return "M" + "L".join(_steps(ring)) + "Z"


def _steps(ring: list[Point]) -> Iterator[str]:
    before = ""
    for lon, lat in ring:
        x, y = on_page(lon, lat)
        here = f"{x:.1f} {y:.1f}".replace(".0", "")
        if here != before:
            yield here
        before = here


# Where the places stand that have no shape: seas, and countries too small for this scale.
# fmt: off
_POINTS: dict[str, Point] = {
    "Black Sea": (34, 43.2), "Sea of Azov": (36.6, 46.1), "Kerch Strait": (36.5, 45.2),
    "Baltic Sea": (19, 57), "Barents Sea": (40, 73), "Norwegian Sea": (3, 67),
    "North Sea": (3, 56), "White Sea": (38, 65.5), "Arctic Ocean": (0, 82),
    "English Channel": (-1, 50), "Irish Sea": (-5, 53.8), "Mediterranean Sea": (18, 34.5),
    "Aegean Sea": (25, 38.5), "Adriatic Sea": (16, 43), "Red Sea": (38, 20),
    "Bab el-Mandeb Strait": (43.4, 12.6), "Gulf of Aden": (48, 12.5), "Arabian Sea": (63, 16),
    "Persian Gulf": (51.5, 27), "Gulf of Oman": (58.5, 24.8), "Strait of Hormuz": (56.4, 26.5),
    "Caspian Sea": (50.5, 42), "Indian Ocean": (78, -12), "Bay of Bengal": (88, 15),
    "Strait of Malacca": (100, 3.5), "South China Sea": (114, 13), "East China Sea": (125, 29),
    "Taiwan Strait": (119.5, 24.5), "Yellow Sea": (123, 36), "Sea of Japan": (135, 40),
    "Sea of Okhotsk": (149, 54), "Philippine Sea": (132, 19), "Bering Sea": (-178, 58),
    "Pacific Ocean": (-140, 5), "Western Pacific": (150, 15), "Indo-Pacific": (95, -5),
    "Atlantic Ocean": (-35, 30), "Caribbean Sea": (-75, 15), "Gulf of Mexico": (-90, 25),
    "Gulf of Guinea": (3, 2), "Lake Chad": (14.2, 13.2),
    "AD": (1.5, 42.5), "AG": (-61.8, 17.1), "AS": (-170.7, -14.3), "AW": (-70, 12.5),
    "BB": (-59.6, 13.2), "BH": (50.5, 26.1), "BM": (-64.8, 32.3), "CV": (-23.6, 15.1),
    "DM": (-61.4, 15.4), "FM": (158.2, 6.9), "FO": (-6.9, 62), "GD": (-61.7, 12.1),
    "GI": (-5.4, 36.1), "GU": (144.8, 13.4), "HK": (114.2, 22.3), "KI": (173, 1.4),
    "KM": (43.3, -11.9), "KN": (-62.7, 17.3), "LC": (-61, 13.9), "LI": (9.5, 47.1),
    "MC": (7.4, 43.7), "MH": (171.2, 7.1), "MO": (113.5, 22.2), "MT": (14.4, 35.9),
    "MU": (57.6, -20.3), "MV": (73.5, 4.2), "NR": (166.9, -0.5), "PW": (134.5, 7.5),
    "SC": (55.5, -4.7), "SG": (103.8, 1.35), "SM": (12.4, 43.9), "ST": (6.6, 0.3),
    "TO": (-175.2, -21.2), "TV": (179.2, -8.5), "VA": (12.45, 41.9), "VC": (-61.2, 13.2),
    "WS": (-172, -13.8),
}
# fmt: on

if __name__ == "__main__":
    main()
