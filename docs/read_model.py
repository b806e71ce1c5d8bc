"""Reads a network that bregman has written: python3 read_model.py model.safetensors

Prints the shape, the number of non-zeros and the sum of each parameter; with --json all numbers.
The format is explained in format.md.
"""
import json
import math
import struct
import sys
import zlib

KINDS = {"F64": "d", "F32": "f", "F16": "e", "I32": "i", "U16": "H", "I8": "b", "U8": "B"}


def gaps(data):
    """The numbers of zeros in front of each value: seven bits a byte, the lowest first."""
    gap, shift = 0, 0
    for byte in data:
        gap, shift = gap + ((byte & 127) << shift), shift + 7
        if byte < 128:
            yield gap
            gap, shift = 0, 0


def whole(tensors, name, shape):
    """A weight that is stored in parts, as the list of all its numbers."""
    values = tensors[f"{name}.values"][1]
    size = math.prod(shape)
    numbers = list(values)
    if f"{name}.gaps" in tensors:
        numbers, place = [0.0] * size, -1
        for value, gap in zip(values, gaps(tensors[f"{name}.gaps"][1]), strict=True):
            place += gap + 1
            numbers[place] = value
    if f"{name}.scales" in tensors:
        scales, columns = tensors[f"{name}.scales"][1], size // shape[0]
        numbers = [number * scales[k // columns] for k, number in enumerate(numbers)]
    return shape, numbers


def read(path):
    """The texts of a file, and its parameters by name: (shape, numbers row by row)."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    texts = header.pop("__metadata__", {})
    if "crc32" in texts:
        digits = b'"crc32":"'
        zeros = content.replace(digits + texts["crc32"].encode(), digits + b"00000000", 1)
        if zlib.crc32(zeros) != int(texts["crc32"], 16):
            raise ValueError(f"{path} is damaged: its checksum is not {texts['crc32']}")
    tensors = {}
    for name, entry in header.items():
        count, kind = math.prod(entry["shape"]), KINDS[entry["dtype"]]
        place = 8 + length + entry["data_offsets"][0]
        tensors[name] = entry["shape"], struct.unpack_from(f"<{count}{kind}", content, place)
    parts = json.loads(texts.get("shapes", "{}"))
    weights = {name: whole(tensors, name, shape) for name, shape in parts.items()}
    stored = {f"{name}.{part}" for name in parts for part in ("values", "gaps", "scales")}
    return texts, weights | {name: tensors[name] for name in tensors.keys() - stored}


if __name__ == "__main__":
    _, parameters = read(sys.argv[1])
    if "--json" in sys.argv:
        print(json.dumps({name: numbers for name, (_, numbers) in parameters.items()}))
    else:
        for name, (shape, numbers) in sorted(parameters.items()):
            used = sum(number != 0 for number in numbers)
            print(f"{name} {shape}: {used} of {len(numbers)} are not zero, sum {sum(numbers):.6g}")
