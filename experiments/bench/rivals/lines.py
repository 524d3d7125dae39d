"""What a rival prints: one JSON object a line."""

import json
import sys
from typing import Any


def tell(**line: Any) -> None:
    print(json.dumps(line), file=sys.stdout, flush=True)
