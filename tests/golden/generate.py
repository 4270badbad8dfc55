#!/usr/bin/env python3
"""Makes the committed goldens: per kind of model NAME.safetensors (the model, by tools/export_sklearn.py) and
NAME.expected.safetensors (rows and scikit-learn's probabilities). See REGENERATE.md."""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import joblib
import numpy as np
import sklearn
import sklearn_models as models

HERE = pathlib.Path(__file__).resolve().parent
EXPORTER = HERE.parents[1] / "tools" / "export_sklearn.py"
SEED = 20130917
TRAINING_ROWS = 400
TREES = 5
ROWS = 300


def write_expected(path, tensors):
    """Float tensors, columns one after another (values[f * rows + i]), in a safetensors container."""
    header, data = {"__metadata__": {"scikit-learn": sklearn.__version__}}, b""
    for name, array in tensors.items():
        raw = np.asfortranarray(array).tobytes(order="F")
        dtype = {"float64": "F64", "float32": "F32"}[str(array.dtype)]
        header[name] = {"dtype": dtype, "shape": [array.size], "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def export(model, name, features):
    with tempfile.TemporaryDirectory() as folder:
        saved = pathlib.Path(folder) / "model.joblib"
        joblib.dump(model, saved)
        subprocess.run(
            [sys.executable, EXPORTER, saved, HERE / f"{name}.safetensors", "--features", ",".join(features)],
            check=True,
        )


def main():
    x, y = models.training_data(TRAINING_ROWS, SEED)
    for kind in models.KINDS:
        model = models.classifier(kind, TREES, SEED).fit(x, y)
        rows = models.special_rows(model, ROWS, x, SEED + 1)
        models.check_judge(model, rows)
        export(model, kind, models.FEATURES)
        write_expected(
            HERE / f"{kind}.expected.safetensors",
            {"probability": models.judge(model, rows), "features": rows},
        )

    table, y = models.transaction_table(TRAINING_ROWS, SEED)
    model = models.preprocessed_forest(TREES, SEED).fit(table, y)
    export(model, "preprocessed", models.INPUTS)
    other, _ = models.transaction_table(ROWS, SEED + 1)
    write_expected(
        HERE / "preprocessed.expected.safetensors",
        {
            "inputs": other[["Time", "V1", "V2", "Amount"]].to_numpy(),
            "probability": model.predict_proba(other)[:, 1],
            "features": model.named_steps["columns"].transform(other).astype(np.float32),
        },
    )


if __name__ == "__main__":
    main()
