"""PyTorch and transformers on the same weights, sequences and threads.

usage: pytorch.py time MODEL SEQUENCES.json THREADS    prints {"order": {tokens/s ...}}
       pytorch.py export MODEL TARGET                  writes what transformers.js loads
"""

import json
import shutil
import sys
import time
from pathlib import Path

import torch
from transformers import EsmConfig, EsmModel

BATCH = 16
ROUNDS = 2
PAD = 1


def load(model):
    config = EsmConfig.from_pretrained(model, pad_token_id=PAD, mask_token_id=32)
    return EsmModel.from_pretrained(
        model, config=config, add_pooling_layer=False, attn_implementation="sdpa"
    ).eval()


def pad(batch):
    longest = max(map(len, batch))
    ids = torch.tensor([tokens + [PAD] * (longest - len(tokens)) for tokens in batch])
    return ids, (ids != PAD).long()


def measure(model, sequences):
    started = time.perf_counter()
    with torch.inference_mode():
        for first in range(0, len(sequences), BATCH):
            ids, mask = pad(sequences[first : first + BATCH])
            model(input_ids=ids, attention_mask=mask)
    return sum(map(len, sequences)) / (time.perf_counter() - started)


def time_all(directory, sequences_path, threads):
    torch.set_num_threads(int(threads))
    sequences = json.loads(Path(sequences_path).read_text())
    model = load(directory)
    orders = {"file order": sequences, "sorted": sorted(sequences, key=len, reverse=True)}
    measure(model, sequences[:BATCH])
    best = {name: max(measure(model, order) for _ in range(ROUNDS)) for name, order in orders.items()}
    print(json.dumps(best))


def export(directory, target):
    model = load(directory)
    target = Path(target)
    (target / "onnx").mkdir(parents=True, exist_ok=True)
    ids, mask = pad([[0, 5, 6, 7, 2], [0, 5, 2]])
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    torch.onnx.export(
        model,
        (),
        str(target / "onnx" / "model.onnx"),
        kwargs={"input_ids": ids, "attention_mask": mask},
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_shapes={"input_ids": {0: batch, 1: length}, "attention_mask": {0: batch, 1: length}},
        external_data=False,
    )
    shutil.copy(Path(directory) / "config.json", target / "config.json")


if __name__ == "__main__":
    {"time": time_all, "export": export}[sys.argv[1]](*sys.argv[2:])
