"""Writes test/fixtures/torch: state dicts of PyTorch in safetensors, with outputs for given inputs.

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 safetensors numpy
    venv/bin/python scripts/torch-fixtures.py

mlp.safetensors       an nn.Sequential of 13 modules, many of one shape: "10" comes before "2" in it
mlp-bf16, mlp-f16     the same in numbers of 16 bits
resnet18.safetensors  ResNet-18 in its form for small images, of few channels, with the names of
                      torchvision's: batch norm, and shortcuts whose shapes are others' too
*-outputs.safetensors inputs, and outputs in evaluation
"""

import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "torch"


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and a shortcut."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )
        else:
            self.downsample = None

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)


class ResNet18(nn.Module):
    """A 3 x 3 stem, four stages of two blocks, average pooling, a linear layer."""

    def __init__(self, widths, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU(inplace=True)
        before = widths[0]
        for stage, width in enumerate(widths, start=1):
            first = BasicBlock(before, width, 1 if stage == 1 else 2)
            blocks = nn.Sequential(first, BasicBlock(width, width, 1))
            setattr(self, f"layer{stage}", blocks)
            before = width
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(before, classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return self.fc(torch.flatten(self.avgpool(x), 1))


def write(name, model, shape):
    """The state dict, and the outputs of a few samples."""
    inputs = torch.randn(6, *shape)
    model.eval()
    with torch.no_grad():
        outputs = model(inputs)
    save_file(model.state_dict(), FOLDER / f"{name}.safetensors")
    save_file({"inputs": inputs, "outputs": outputs}, FOLDER / f"{name}-outputs.safetensors")


FOLDER.mkdir(parents=True, exist_ok=True)
torch.manual_seed(0)
middle = [part for _ in range(5) for part in (nn.Linear(8, 8), nn.ReLU())]
mlp = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), *middle, nn.Linear(8, 3))
write("mlp", mlp, [8])
for name, dtype in (("bf16", torch.bfloat16), ("f16", torch.float16)):
    halves = {key: value.to(dtype) for key, value in mlp.state_dict().items()}
    save_file(halves, FOLDER / f"mlp-{name}.safetensors")

resnet = ResNet18([4, 8, 12, 16], 5)
for module in resnet.modules():
    if isinstance(module, nn.BatchNorm2d):
        nn.init.uniform_(module.weight, 0.5, 1.5)
        nn.init.normal_(module.bias, std=0.3)
# Running statistics of their own: a few batches in training.
resnet.train()
with torch.no_grad():
    for _ in range(20):
        resnet(torch.randn(16, 3, 16, 16) * 2 + 0.5)
write("resnet18", resnet, [3, 16, 16])
