"""Plans as files: damaged ones of ours, any text, and tables written out as TOML."""

from datetime import date, datetime, time
from typing import Any

from experiments import plan
from tests.fuzz import plan_tables
from tests.fuzz.choices import Choices, raw
from tests.fuzz.place import place

SPLICED = (b"[" * 3000, b"=" * 9, b"a." * 3000 + b"b=1", b"x = " + b"9" * 10_000, b'"""', b"\xff\xfe", b"\0",
           b"[[block]]\n", b"a = " + b"{b=" * 3000, b"1e999999999", b"0x" + b"f" * 10_000,
           b"seeds = 99999999999999999999\n")  # fmt: skip


def _files() -> list[bytes]:
    return [path.read_bytes() for path in sorted(plan.FOLDER.glob("*.toml"))]


def seeds() -> list[bytes]:
    return [b"\0" + raw(content) for content in (*_files(), *SPLICED)] + [b"\1" + each for each in plan_tables.seeds()]


def one_case(data: bytes) -> None:
    choices = Choices(data)
    kind = choices.below(3)
    if kind == 0:
        content = choices.file(_files())
    elif kind == 1:
        content = _toml(plan_tables.table(choices)).encode("utf-8", "surrogatepass")
    else:
        content = choices.of(_files())
        at = choices.below(len(content))
        content = content[:at] + choices.of(SPLICED) + content[at:]
    path = place() / "plan.toml"
    path.write_bytes(content)
    plan_tables.used(plan.load(str(path)))


def _toml(table: dict[str, Any]) -> str:
    return "\n".join(f"{_text(key)} = {_written(value)}" for key, value in table.items())


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)} = {_written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    escaped = "".join(each if each.isprintable() and each not in '"\\' else f"\\U{ord(each):08X}" for each in value)
    return f'"{escaped}"'
