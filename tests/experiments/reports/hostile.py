"""Names that try to break a page: markup, quotes, other scripts, great length, both directions of writing."""

NAMES = ("<script>alert(1)</script>", "\"'&amp;</script><!--", "激活", "مرحبا", "x" * 200, "relu")


def arguments() -> dict:
    """A ledger of such names, as ``made_up.make`` takes it."""
    return {
        "activations": NAMES,
        "optimizers": (NAMES[0], NAMES[3], NAMES[4]),
        "seeds": (0, 1),
        "tuned": True,
        "datasets": ((NAMES[0], NAMES[0] + NAMES[1], False),),
        "plan": NAMES[1],
        "command": "run `x` ```\n</script>",
        "notices": ["<img src=x onerror=alert(1)>"],
        "status": lambda row: "failed" if row["activation"] == NAMES[1] else None,
    }
