"""What a worker computes with does not depend on what its user has told Keras elsewhere."""

import json
import os
import subprocess
import sys

import pytest

from tests.experiments.training.agreement import ROOT

ASK = """
import sys
from experiments.training import backend
backend.start(sys.argv[1])
import keras
c = keras.config
print(keras.backend.backend(), c.floatx(), c.dtype_policy().name, c.epsilon(), c.image_data_format())
"""


@pytest.mark.parametrize(("engine", "backend"), [("compiled", "tensorflow"), ("stacked", "jax")])
def test_keras_json_makes_no_other_runs(tmp_path, engine, backend):
    told = {"backend": "torch", "floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps(told))
    done = subprocess.run([sys.executable, "-c", ASK, engine], cwd=ROOT, capture_output=True, text=True, check=True,
                          env=os.environ | {"KERAS_HOME": str(tmp_path)})  # fmt: skip
    assert done.stdout.split() == [backend, "float32", "float32", "1e-07", "channels_last"]
