"""The rules of one file: sizes, time, money, late imports, machines and strangers. Each answers with its faults."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
# Slow to load and rarely needed; each is a reason on its own.
LATE_IMPORTS: dict[str, tuple[str, ...]] = {}
CLOCK = "src/caretill/core/clock.py"
CLOCK_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("timezone", "now"),
    ("timezone", "localdate"),
    ("timezone", "localtime"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "monotonic"),
}
MONEY_ROOMS = ("ledger", "billing", "payments", "ach", "autopay", "reconcile", "intake", "formats")
# Reserved for examples, or a name of a format that nothing fetches.
OUR_HOSTS = re.compile(
    r"^(localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0|testserver|[\w.-]*example\.(org|com|net)|[\w-]+\.test|www\.w3\.org)$"
)
ADDRESS = re.compile(r"(?:https?:)?//(?P<host>\[::1\]|[A-Za-z0-9][A-Za-z0-9.-]*\.[A-Za-z]{2,}|localhost|127\.0\.0\.1)")
MACHINE = re.compile(r"(?:^|[^A-Za-z0-9._\-*\]}])/(?:work|farm|root|tmp|home/\w+|Users/\w+)/")


def size_faults(path: str, source: str) -> list[str]:
    """More than 400 lines, or a function of more than 60."""
    count = source.count("\n")
    found = [f"{path}: {count} lines, at most {LONGEST_FILE}"] if count > LONGEST_FILE else []
    if path.endswith(".py"):
        for function in _functions(ast.parse(source)):
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            if length > LONGEST_FUNCTION:
                found.append(
                    f"{path}:{function.lineno}: {function.name} has {length} lines, at most {LONGEST_FUNCTION}"
                )
    return found


def late_import_faults(path: str, source: str) -> list[str]:
    """Imports inside a function."""
    allowed = LATE_IMPORTS.get(path, ())
    found = []
    for function in _functions(ast.parse(source)):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [getattr(node, "module", None) or node.names[0].name]
                if not set(names) <= set(allowed):
                    found.append(f"{path}:{node.lineno}: {names[0]} is imported inside {function.name}")
    return sorted(set(found))


def clock_faults(path: str, source: str) -> list[str]:
    """A clock besides core/clock.py. Handing a clock's function on counts as using it."""
    if path == CLOCK:
        return []
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            holder = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if (holder, node.attr) in CLOCK_CALLS:
                found.append(f"{path}:{node.lineno}: only core/clock.py knows the time ({holder}.{node.attr})")
    return found


def money_faults(path: str, source: str) -> list[str]:
    """Floats where money is: `float` in a room of money (times apart), cents that are a float or divided with `/`."""
    in_money = any(f"/caretill/{room}/" in path for room in MONEY_ROOMS) or path.endswith("core/money.py")
    found = []
    for node in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.expr | ast.stmt | ast.arg)):
        if in_money and isinstance(node, ast.Call) and _name(node.func) == "float":
            found.append(f"{path}:{node.lineno}: money rooms have no floats")
        divided = [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) else []
        if any(_name(side).endswith("_cents") for side in divided):
            found.append(f"{path}:{node.lineno}: cents are divided with // and a rule for the rest, not with /")
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
            name = node.arg if isinstance(node, ast.arg) else _name(node.target)
            measured = name.endswith(("_seconds", "timeout")) or not (in_money or name.endswith("_cents"))
            if "float" in ast.unparse(node.annotation) and not measured:
                found.append(f"{path}:{node.lineno}: {name} must be whole, and cents where it is money")
    return found


def machine_faults(path: str, source: str) -> list[str]:
    """A path of somebody's machine."""
    lines = enumerate(source.splitlines(), start=1)
    return [f"{path}:{number}: a path of this machine" for number, line in lines if MACHINE.search(line)]


def stranger_faults(path: str, source: str) -> list[str]:
    """An address of a third party, in what a page, a paper or a program holds. Comments and docstrings may cite."""
    text = _strings(source) if path.endswith(".py") else enumerate(source.splitlines(), start=1)
    found = []
    for number, line in text:
        for match in ADDRESS.finditer(line):
            if not OUR_HOSTS.match(match["host"]):
                found.append(f"{path}:{number}: an address of a third party ({match['host']})")
    return found


def _strings(source: str) -> Iterator[tuple[int, str]]:
    """Text constants that are not docstrings."""
    tree = ast.parse(source)
    notes = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in notes:
            yield node.lineno, node.value


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
