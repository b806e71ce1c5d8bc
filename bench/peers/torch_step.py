"""The MLP step with PyTorch on the CPU: autograd, dense weights, theta = shrink(v).

Same schedule and same protocol as lib/side.mjs; weights and batches come as raw files from
lib/problem.mjs. A mode is a precision, float32 or bfloat16 by autocast, eager or compiled: then
forward pass, loss and their gradients are compiled, and the update too. Exit code 3 says that torch
is not there, or no C++ compiler for the mode.
"""

import contextlib
import json
import os
import shutil
import sys
import time

try:
    import numpy
    import torch
    import torch.nn.functional as F
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

config = json.loads(sys.argv[1])
schedule = config["schedule"]
folder = config["folder"]
lam = config["lambda"]
tau = config["tau"]
sizes = config["sizes"]
torch.set_num_threads(config["threads"])
if config["compiled"] and shutil.which("c++") is None:
    print("no C++ compiler", file=sys.stderr)
    sys.exit(3)


def read(name, kind, shape):
    data = numpy.fromfile(os.path.join(folder, name), dtype=kind).reshape(shape)
    return torch.from_numpy(data)


layers = range(len(sizes) - 1)
vs = [read(f"v{k}.f32", "<f4", (sizes[k + 1], sizes[k])) for k in layers]
biases = [read(f"bias{k}.f32", "<f4", (sizes[k + 1],)).requires_grad_() for k in layers]
thetas = [(torch.sign(v) * torch.clamp(v.abs() - lam, min=0)).requires_grad_() for v in vs]
data = [
    (
        read(f"x{b}.f32", "<f4", (schedule["batch"], sizes[0])),
        read(f"labels{b}.i32", "<i4", (schedule["batch"],)).long(),
    )
    for b in range(schedule["batches"])
]


def loss_of(x, y):
    for k in layers:
        x = F.linear(x, thetas[k], biases[k])
        if k < len(sizes) - 2:
            x = torch.relu(x)
    return F.cross_entropy(x, y)


def update():
    for v, theta in zip(vs, thetas):
        v.sub_(theta.grad, alpha=tau)
        theta.copy_(F.softshrink(v, lam))
    for bias in biases:
        bias.sub_(bias.grad, alpha=tau)


if config["compiled"]:
    loss_of, update = torch.compile(loss_of), torch.compile(update)


def casting():
    if config["precision"] == "float32":
        return contextlib.nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)


def step(batch):
    x, y = data[batch]
    with casting():
        loss = loss_of(x, y)
    for parameter in (*thetas, *biases):
        parameter.grad = None
    loss.backward()
    with torch.no_grad():
        update()
    return loss


count = 0


def following():
    global count
    count += 1
    return step((count - 1) % len(data))


losses = [following().item() for _ in range(schedule["warmup"])]
samples = []
last = float("nan")
for block in range(schedule["warmupBlocks"] + schedule["blocks"]):
    start = time.perf_counter()
    for _ in range(schedule["steps"] - 1):
        following()
    last = following().item()
    if block >= schedule["warmupBlocks"]:
        samples.append((time.perf_counter() - start) * 1000 / schedule["steps"])

kept = sum(int((theta != 0).sum()) for theta in thetas)
report = {
    "samples": samples,
    "losses": losses,
    "lastLoss": last,
    "density": kept / sum(theta.numel() for theta in thetas),
    "cpuMs": time.process_time() * 1000,
    "note": f"torch {torch.__version__}, {torch.get_num_threads()} threads",
}
print(json.dumps(report))
