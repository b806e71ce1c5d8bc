"""Trains ResNet-18 on CIFAR-10 with PyTorch, densely, and saves its state dict, with torchvision's
names: a trained network from elsewhere, for `bregman sparsify` to begin with.

    python peers/torch_resnet18.py CIFAR_FOLDER OUT.safetensors [sides] [threads]

sides are those of the images, an epoch each: 16,16,16,16,32 unless said otherwise. Smaller images
cost less, and teach most of what a network needs that pools over all positions at its end. Their
batches are larger, 512 of 16 x 16 in place of 128 of 32 x 32, and the learning rate with the square
root of that.

torchvision's network, changed for images of 32 x 32: a first convolution of 3 x 3 with stride 1, no
pooling behind it.
SGD with Nesterov's momentum, one warm-up epoch and then a cosine, weight decay, smoothed labels,
crops with mirrored borders and flips; bf16 by autocast, channels last. All 50,000 images are
trained on; test accuracy is printed after each epoch. CIFAR_FOLDER has the binary files. A stopped
training goes on with the last whole epoch. Needs torch, numpy and safetensors.
"""

import json
import math
import os
import sys
import time

import numpy
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch_models import ResNet18

folder, out = sys.argv[1:3]
sides = [int(side) for side in (sys.argv[3] if len(sys.argv) > 3 else "16,16,16,16,32").split(",")]
epochs = len(sides)
torch.set_num_threads(int(sys.argv[4]) if len(sys.argv) > 4 else 2)
torch.manual_seed(0)
BATCH, RATE, DECAY, MOMENTUM = 128, 0.2, 5e-4, 0.9
MEAN = torch.tensor([0.4914, 0.4822, 0.4465]).view(1, 3, 1, 1)
STD = torch.tensor([0.2023, 0.1994, 0.201]).view(1, 3, 1, 1)


def read(*names):
    """Images as bytes [count, 3, 32, 32], and labels."""
    records = numpy.concatenate(
        [
            numpy.fromfile(os.path.join(folder, name), numpy.uint8).reshape(-1, 3073)
            for name in names
        ]
    )
    labels = torch.from_numpy(records[:, 0].astype(numpy.int64))
    return torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()), labels


def normalised(images, side=32):
    inputs = (images.float() / 255 - MEAN) / STD
    if side != 32:
        inputs = F.interpolate(inputs, size=side, mode="bilinear", antialias=True)
    return inputs.contiguous(memory_format=torch.channels_last)


def augmented(images):
    """Each image moved by up to 4 pixels, and mirrored by chance."""
    count = len(images)
    padded = F.pad(images.float(), (4, 4, 4, 4), mode="reflect").to(torch.uint8)
    window = torch.arange(32)
    rows = torch.randint(9, (count, 1)) + window
    columns = torch.randint(9, (count, 1)) + window
    flips = torch.rand(count) < 0.5
    columns[flips] = columns[flips].flip(1)
    return padded[
        torch.arange(count).view(-1, 1, 1, 1),
        torch.arange(3).view(1, 3, 1, 1),
        rows.view(count, 1, 32, 1),
        columns.view(count, 1, 1, 32),
    ]


train, labels = read(*(f"data_batch_{k}.bin" for k in range(1, 6)))
test, test_labels = read("test_batch.bin")
model = ResNet18().to(memory_format=torch.channels_last)
decayed = [p for p in model.parameters() if p.dim() > 1]
others = [p for p in model.parameters() if p.dim() == 1]
optimizer = torch.optim.SGD(
    [{"params": decayed, "weight_decay": DECAY}, {"params": others}],
    lr=RATE,
    momentum=MOMENTUM,
    nesterov=True,
)


def rate_at(epoch):
    """Of an epoch that may have a fraction, before what the batch's size adds."""
    if epoch < 1:
        return RATE * epoch
    return RATE * 0.5 * (1 + math.cos(math.pi * (epoch - 1) / (epochs - 1)))


def accuracy():
    model.eval()
    right = 0
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for at in range(0, len(test), 500):
            guess = model(normalised(test[at : at + 500])).argmax(1)
            right += (guess == test_labels[at : at + 500]).sum().item()
    return right / len(test)


checkpoint = f"{out}.checkpoint"
first = 0
if os.path.exists(checkpoint):
    saved = torch.load(checkpoint)
    model.load_state_dict(saved["model"])
    optimizer.load_state_dict(saved["optimizer"])
    torch.set_rng_state(saved["random"])
    first = saved["epoch"]

for epoch in range(first, epochs):
    model.train()
    began, total = time.perf_counter(), 0.0
    order = torch.randperm(len(train))
    larger = (32 / sides[epoch]) ** 2
    size = round(BATCH * larger)
    steps = len(train) // size
    for k in range(steps):
        batch = order[k * size : (k + 1) * size]
        for group in optimizer.param_groups:
            group["lr"] = rate_at(epoch + (k + 1) / steps) * math.sqrt(larger)
        inputs = normalised(augmented(train[batch]), sides[epoch])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = F.cross_entropy(model(inputs), labels[batch], label_smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.item()
        if k % 50 == 49:
            passed = time.perf_counter() - began
            print(f"{k + 1} of {steps}, {passed:.0f} s, loss {total / (k + 1):.3f}", file=sys.stderr)
    line = {
        "epoch": epoch + 1,
        "side": sides[epoch],
        "loss": total / steps,
        "testAccuracy": accuracy(),
        "seconds": time.perf_counter() - began,
    }
    print(json.dumps(line), flush=True)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**state, "random": torch.get_rng_state(), "epoch": epoch + 1}, f"{checkpoint}.new")
    os.replace(f"{checkpoint}.new", checkpoint)

save_file({name: value.contiguous() for name, value in model.state_dict().items()}, out)
