"""Data of the user's own in a CSV file."""

from experiments.datasets import loading
from tests.fuzz.choices import Choices, raw
from tests.fuzz.place import fresh

CELLS = ("1", "2.5", "red", "white", "", "nan", "inf", "-1e308", "9" * 400, "=1+1", "\x1b[2J", '"a,b"', '"a\nb"', "é",
         "TRUE", "2001-01-01", "0x1F", "1_000", "+@", "1e999", '"', "9223372036854775808", "NA")  # fmt: skip
HEADS = ("a", "b", "a", "c d", "quality", "", "\x1b[31m", "Unnamed: 0", "a.1", "=x", "é")
ENDS = ("\n", "\r\n", "\r", "\n\n")
COMMAS = (",", ";", "\t", ", ")


def _valid() -> list[bytes]:
    rows = [f"{n / 7:.3f},{('red', 'white')[n % 2]},{n % 5},{('bad', 'good')[n % 2]}" for n in range(40)]
    return ["\n".join(["acid,colour,sugar,quality", *rows]).encode()]


def _drawn(choices: Choices) -> bytes:
    """A table, regular where the bytes do not say otherwise."""
    columns, rows = 1 + choices.below(5), choices.of((0, 1, 10, 40, 40, 40, 200))
    comma, end = choices.of(COMMAS) if choices.below(5) == 0 else ",", choices.of(ENDS)
    kinds = [choices.below(4) for _ in range(columns)]
    regular = (lambda n: str(n % 3), lambda n: f"{n * 0.37:.2f}", lambda n: ("x", "y")[n % 2], lambda n: f"w{n}")
    lines = [[choices.of(HEADS) if choices.below(3) == 0 else f"column{each}" for each in range(columns)]]
    lines += [[regular[kind](n) for kind in kinds] for n in range(rows)]
    for _ in range(choices.below(6)):
        line = choices.of(lines)
        if line and choices.below(6):
            line[choices.below(len(line))] = choices.of(CELLS)
        else:
            line.append(choices.of(CELLS))
    text = end.join(comma.join(line) for line in lines)
    return text.encode(choices.of(("utf-8", "utf-8", "utf-16", "latin-1")), "replace")


def seeds() -> list[bytes]:
    return [b"\0\0" + raw(_valid()[0]), b"\0\1" + bytes(20), b"\0\1" + bytes(range(9, 99)), b"\1\1\3\3\0" + bytes(60)]


def one_case(data: bytes) -> None:
    choices, folder = Choices(data), fresh("own")
    column = choices.of(("", "", "", ":quality", ":column0", ":c d", ":a", ":%"))
    content = choices.file(_valid()) if choices.below(2) == 0 else _drawn(choices)
    (folder / "mine.csv").write_bytes(content)
    loaded(loading.load(f"own:mine{column}", folder))


def loaded(found) -> None:
    """Data that was let through can be trained on."""
    assert all(len(part) for part in found.parts.values())
    assert len({part.x.shape[1:] for part in found.parts.values()}) == 1
    assert found.train.x.dtype.name in ("float32", "uint8")
    assert found.train.y.dtype.name == ("float32" if found.task == "regression" else "int32")
    assert found.outputs >= 1
    assert all(size > 0 for size in found.input_shape)
