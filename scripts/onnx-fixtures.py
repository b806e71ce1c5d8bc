"""Writes test/fixtures/onnx: networks of PyTorch by both of its exporters, with outputs for inputs.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 safetensors numpy onnx onnxscript
    venv/bin/python scripts/onnx-fixtures.py

*.onnx                by the exporter of today ("dynamo") and by the one of before ("script")
*-outputs.safetensors inputs, and outputs in evaluation

mlp           nn.Sequential, the batch left open
convnet       convolutions with bias, poolings, LeakyReLU, view(x.size(0), -1), Softmax at the end
resnet        residual blocks with batch norm and strides, a mean over height and width
mixed         SiLU, a BatchNorm1d, linear layers without bias, a skip times a number
shuffle       chunks of channels, joined again, a shift and a factor for each of them
normalised    mean and deviation taken off within
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "onnx"


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 8, 3, stride=2)
        self.fc = nn.Linear(8 * 2 * 2, 5)

    def forward(self, x):
        x = functional.max_pool2d(functional.leaky_relu(self.conv1(x), 0.1), 2)
        x = functional.avg_pool2d(torch.tanh(self.conv2(x)), 2, stride=1)
        x = x.view(x.size(0), -1)
        return torch.softmax(self.fc(x), dim=-1)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Shuffle(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3, bias=False)
        self.shift = nn.Parameter(torch.randn(1, 6, 1, 1))
        self.branch = nn.Conv2d(3, 3, 1)
        self.head = nn.Linear(6, 2, bias=False)

    def forward(self, x):
        a, b = (self.conv(x) + self.shift).chunk(2, dim=1)
        x = torch.cat([b, functional.relu(self.branch(a))], dim=1) * self.shift
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Block(3, 6, 1), Block(6, 8, 2))
        self.head = nn.Linear(8, 4)

    def forward(self, x):
        return self.head(self.blocks(x).mean(dim=(2, 3)))


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 8, bias=False)
        self.norm = nn.BatchNorm1d(8)
        self.left = nn.Linear(8, 5)
        self.right = nn.Linear(8, 5, bias=False)
        self.last = nn.Linear(5, 3)

    def forward(self, x):
        x = self.norm(self.first(x))
        left, right = functional.silu(self.left(x)), torch.sigmoid(self.right(x))
        return self.last(left + 0.5 * right)


class Normalised(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.2, 0.25, 0.3]).reshape(1, 3, 1, 1))
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4 * 4 * 4, 2)

    def forward(self, x):
        x = torch.relu(self.conv((x - self.mean) / self.std))
        return self.head(torch.flatten(x, 1))


def settle(model, shape):
    """Running statistics, factors and shifts of their own."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    model.train()
    with torch.no_grad():
        for _ in range(20):
            model(torch.randn(16, *shape) * 2 + 0.5)
    return model.eval()


def write(name, model, shape):
    settle(model, shape)
    inputs = torch.randn(5, *shape)
    with torch.no_grad():
        outputs = model(inputs)
    save_file({"inputs": inputs, "outputs": outputs}, FOLDER / f"{name}-outputs.safetensors")
    dynamic = {"dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    torch.onnx.export(
        model, (inputs,), FOLDER / f"{name}-dynamo.onnx", dynamo=True, external_data=False, **dynamic
    )
    torch.onnx.export(
        model, (inputs,), FOLDER / f"{name}-script.onnx", dynamo=False, opset_version=13,
        input_names=["x"], dynamic_axes={"x": {0: "batch"}},
    )


FOLDER.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)
write("mlp", nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Dropout(), nn.Linear(12, 3)), [8])
write("convnet", ConvNet(), [1, 16, 16])
write("resnet", ResNet(), [3, 10, 10])
write("mixed", Mixed(), [6])
write("shuffle", Shuffle(), [2, 7, 7])
write("normalised", Normalised(), [3, 6, 6])
