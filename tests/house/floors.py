"""Who may import whom: the floors of the house, and the circles nobody may make."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

# Higher numbers may import lower ones; rooms of one number never see each other.
FLOORS = {
    "core": 0,
    "formats": 1,
    "regions": 2,
    "ledger": 2,
    "people": 3,
    "billing": 4,
    "methods": 4,
    "payments": 5,
    "ach": 6,
    "autopay": 7,
    "reconcile": 7,
    "intake": 8,
    "letters": 8,
    "sim": 9,
    "web": 10,
    "config": 10,
    "cli": 11,
}
# The command line puts an installation together; apart from it, no door sees another and no room sees the settings.
NOT_THOUGH_LOWER = {("cli", "web")}
DOORS = ("web", "cli")
# Rooms whose models.py holds tables. `regions.models` holds what the organisation's files say.
TABLE_ROOMS = (
    "core", "ledger", "people", "billing", "methods", "payments", "ach", "autopay", "reconcile", "intake", "letters",
)  # fmt: skip
# Pure: no Django, and of our own only these modules of the ground, which need none either.
PLAIN = {f"caretill.core.{name}" for name in ("clock", "ids", "money", "redact")}
PURE = {
    "caretill.formats": PLAIN,
    "caretill.sim.processor": PLAIN | {"caretill.core.http"},
    "caretill.sim.mailbox": PLAIN,
}
SIGNALS = ("django.dispatch", "django.db.models.signals", "django.core.signals", "django.test.signals", "blinker")


def module_name(path: str) -> str:
    """`src/caretill/core/clock.py` is `caretill.core.clock`; a package is its folder."""
    parts = PurePosixPath(path).with_suffix("").parts
    parts = parts[parts.index("caretill") :]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: str, source: str) -> Iterator[tuple[int, str, str]]:
    """Each import as (line, module, name): `from a import b` is (a, b), `import a.b` is (a.b, "")."""
    here = module_name(path).split(".")
    package = here if path.endswith("__init__.py") else here[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, module, alias.name


def room(module: str) -> str:
    """The room of a module of ours, empty for what stands at the top or is not ours."""
    parts = module.split(".")
    return parts[1] if parts[0] == "caretill" and len(parts) > 1 and parts[1] != "__main__" else ""


def floor_faults(path: str, source: str) -> list[str]:
    """Imports that go up, sideways, to models from a door, or out of a pure module."""
    here = module_name(path)
    ours = room(here)
    pure = next((allowed for start, allowed in PURE.items() if here.startswith(start)), None)
    found = []
    for line, module, name in imports(path, source):
        theirs = room(module) or (name if module == "caretill" and name in FLOORS else "")
        whole = f"{module}.{name}" if name else module
        where = f"{path}:{line}"
        if any(module == signal or whole == signal or module.startswith(f"{signal}.") for signal in SIGNALS):
            found.append(f"{where}: signals are not used here ({whole})")
        if pure is not None and module.split(".")[0] == "django":
            found.append(f"{where}: {here} must not import Django")
        if pure is not None and theirs == "core" and not {module, whole} & pure:
            found.append(f"{where}: {here} may import only pure modules of core, not {whole}")
        if pure is not None and theirs not in ("", "core", ours):
            found.append(f"{where}: {here} stands alone and must not import {whole}")
        if ours in DOORS and theirs in TABLE_ROOMS and [*whole.split("."), ""][2] == "models":
            found.append(f"{where}: a door must not import models ({whole})")
        if not ours or not theirs or ours == theirs:
            continue
        if ours not in FLOORS or theirs not in FLOORS:
            found.append(f"{where}: a room without a floor: {ours} or {theirs}")
        elif FLOORS[theirs] >= FLOORS[ours] or (ours, theirs) in NOT_THOUGH_LOWER:
            found.append(f"{where}: {ours} must not import {theirs}, which is not below it")
    return found


def circles(sources: dict[str, str]) -> list[str]:
    """Modules that import each other in a ring; `sources` maps paths to texts."""
    names = {module_name(path) for path in sources}
    graph: dict[str, set[str]] = {name: set() for name in names}
    for path, source in sources.items():
        here = module_name(path)
        for _, module, name in imports(path, source):
            whole = f"{module}.{name}"
            target = whole if whole in names else module
            if target in names and target != here:
                graph[here].add(target)
    return [" -> ".join([*ring, ring[0]]) for ring in _rings(graph)]


def _rings(graph: dict[str, set[str]]) -> list[list[str]]:
    """Take away, again and again, what imports nothing that is left; what stays imports itself by some way."""
    left = {name: set(targets) for name, targets in graph.items()}
    while free := {name for name, targets in left.items() if not targets & left.keys()}:
        left = {name: targets for name, targets in left.items() if name not in free}
    rings: list[list[str]] = []
    seen: set[str] = set()
    for start in sorted(left):
        way = [start]
        while start not in seen and way[-1] not in seen:
            following = min(target for target in left[way[-1]] if target in left)
            if following in way:
                rings.append(way[way.index(following) :])
                break
            way.append(following)
        seen.update(way)
    return rings
