"""Count the arrows of the package: modules that import modules, rooms that import rooms.

    python -m benchmarks.arrows

A module that imports another is an arrow, and so is a room of which a file imports a file of another,
wherever the import stands in the file. A room is a folder; what lies in the package itself is in `.`.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import nesvae_live

PACKAGE = nesvae_live.__name__
ROOT = Path(nesvae_live.__file__).parent
MODULES = {
    ".".join((PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(ROOT.rglob("*.py"))
    if path.stem != "__main__" and path != ROOT / "__init__.py"
}
"""Every module of the package by its name, and its file; but the ways in: `__main__` and the face."""


def room_of(module: str) -> str:
    """The folder in which a module lies, under the package's own."""
    return str(MODULES[module].relative_to(ROOT).parent)


def imports_of(module: str) -> set[str]:
    """The modules of the package that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else str(node.module))
    return (found & MODULES.keys()) - {module}


def imports_to_text() -> str:
    """A table of arrows between modules and between rooms, and circles among the rooms."""
    arrows = {module: imports_of(module) for module in MODULES}
    rooms: dict[str, set[str]] = defaultdict(set)
    crossing = 0
    room = {module: room_of(module) for module in MODULES}
    for module, others in arrows.items():
        for other in others:
            if room[module] != room[other]:
                rooms[room[module]].add(room[other])
                crossing += 1
    files = {name: sum(r == name for r in room.values()) for name in sorted(set(room.values()))}
    lines = [
        f"modules                        {len(MODULES):>6}",
        f"arrows between modules         {sum(map(len, arrows.values())):>6}",
        f"  of them from room to room    {crossing:>6}",
        f"rooms                          {len(files):>6}",
        f"arrows between rooms           {sum(map(len, rooms.values())):>6}",
        f"rooms that lie in a circle     {len(in_circles(rooms)):>6}",
        "",
        f"{'room':<16}{'files':>6}   imports",
    ]
    lines += [
        f"{name:<16}{n:>6}   {', '.join(sorted(rooms[name])) or '-'}" for name, n in files.items()
    ]
    return "\n".join(lines)


def in_circles(arrows: dict[str, set[str]]) -> set[str]:
    """The rooms from which a way leads back to themselves."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = list(arrows.get(start, ()))
        while waiting:
            room = waiting.pop()
            if room not in seen:
                seen.add(room)
                waiting += arrows.get(room, ())
        return seen

    return {room for room in list(arrows) if room in reached(room)}


if __name__ == "__main__":
    print(imports_to_text())
