"""A training step of a network with PyTorch on the CPU: the same network, dense, plain SGD, in each
of PyTorch's modes; and the rate of its sgemm.

Modes are a precision (float32, or bfloat16 by autocast), an order of the channels (first or last),
and eager or compiled, where the configuration asks for it and a C++ compiler is there.

The networks are those of src/models/, written from their definitions. Exit code 3 says that torch is
not there.
"""

import contextlib
import copy
import json
import shutil
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torch_models import ResNet18
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

config = json.loads(sys.argv[1])
torch.set_num_threads(config["threads"])
torch.manual_seed(0)


def convnet():
    return nn.Sequential(
        nn.Conv2d(1, 64, 5),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.Conv2d(64, 64, 5),
        nn.MaxPool2d(2),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(1024, 128),
        nn.ReLU(inplace=True),
        nn.Linear(128, 10),
    )


NETWORKS = {"resnet18": (ResNet18, (3, 32, 32)), "convnet": (convnet, (1, 28, 28))}
build, image = NETWORKS[config["network"]]
start = build()
images = torch.randn(config["batch"], *image)
labels = torch.randint(10, (config["batch"],))


def timed(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def times_of(precision, layout, compiled):
    """Milliseconds of some steps of one mode."""
    order = torch.channels_last if layout == "channels last" else torch.contiguous_format
    model = copy.deepcopy(start).to(memory_format=order)
    inputs = images.contiguous(memory_format=order)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    forward = torch.compile(model) if compiled else model
    casting = (
        torch.autocast("cpu", dtype=torch.bfloat16)
        if precision == "bfloat16"
        else contextlib.nullcontext()
    )

    def step():
        optimizer.zero_grad(set_to_none=True)
        with casting:
            loss = F.cross_entropy(forward(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    for _ in range(config["warmup"]):
        step()
    return [timed(step) for _ in range(config["steps"])]


samples = {}
compiles = config["compile"] and shutil.which("c++") is not None
for precision in ("float32", "bfloat16"):
    for layout in ("channels first", "channels last"):
        for compiled in (False, True) if compiles else (False,):
            mode = ", ".join((precision, layout, *(("compiled",) if compiled else ())))
            try:
                samples[mode] = times_of(precision, layout, compiled)
            except Exception as error:  # a mode that this build or machine does not have
                print(f"{mode}: {error}", file=sys.stderr)

side = 2048
a, b, c = (torch.randn(side, side) for _ in range(3))
sgemm = [timed(lambda: torch.mm(a, b, out=c)) for _ in range(2 + 2 * config["steps"])][2:]
report = {
    "samples": samples,
    "gflops": [2 * side**3 / ms / 1e6 for ms in sgemm],
    "cpuMs": time.process_time() * 1000,
    "note": f"torch {torch.__version__}, {torch.get_num_threads()} threads",
}
print(json.dumps(report))
