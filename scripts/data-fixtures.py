"""Writes test/fixtures/data: real data in the formats that other programs write.

    python3 -m venv venv
    venv/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 pillow==13.0.0 pyarrow==26.0.1
    venv/bin/pip install --no-deps palmerpenguins==0.1.6
    venv/bin/python scripts/data-fixtures.py [folder with the recordings of FSDD]

tables/   iris, wine, breast cancer and diabetes as scikit-learn ships them, with names of columns
          where they had none; penguins with texts and missing cells, also as spreadsheets in many
          countries write it; iris and penguins as Parquet
photos/   crops of unequal size of scikit-learn's two photographs, as JPEG of many kinds
decoded/  the same as PNG: what Pillow reads of each JPEG
resized/  some of them in other sizes, by Pillow
*.npz     handwritten digits of 8 x 8 pixels, packed and not
photos.parquet    as data sets lie on the Hugging Face hub: images as bytes inside, and a label
sounds/   a few recordings of FSDD (CC BY-SA 4.0) in folders by digit, and one in other formats
"""

import csv
import gzip
import importlib.util
import json
import pathlib
import shutil
import struct
import sys
import wave

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import sklearn.datasets
from PIL import Image, ImageOps

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "data"


def folder(name):
    path = FOLDER / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def write_rows(path, rows, delimiter=","):
    with open(path, "w", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)


def shipped(name):
    """The rows of a table of scikit-learn, whose first line is counts and names of classes."""
    path = pathlib.Path(sklearn.datasets.__file__).parent / "data" / name
    with open(path) as file:
        (_, _, *classes), *rows = csv.reader(file)
    return [[*row[:-1], classes[int(row[-1])]] for row in rows]


def diabetes():
    """What was measured of 442 patients, and how their diabetes went on in a year."""
    names = ["age", "sex", "bmi", "bp", "tc", "ldl", "hdl", "tch", "ltg", "glu", "progression"]
    path = pathlib.Path(sklearn.datasets.__file__).parent / "data"
    with gzip.open(path / "diabetes_data_raw.csv.gz", "rt") as file:
        rows = [line.split() for line in file]
    with gzip.open(path / "diabetes_target.csv.gz", "rt") as file:
        targets = [f"{float(line):g}" for line in file]
    rows = [[*row, target] for row, target in zip(rows, targets, strict=True)]
    write_rows(FOLDER / "tables" / "diabetes.csv", [names, *rows])


def tables():
    path = folder("tables")
    for name, file, load in [
        ("iris", "iris.csv", sklearn.datasets.load_iris),
        ("wine", "wine_data.csv", sklearn.datasets.load_wine),
        ("breast-cancer", "breast_cancer.csv", sklearn.datasets.load_breast_cancer),
    ]:
        names = [*load().feature_names, "kind"]
        write_rows(path / f"{name}.csv", [names, *shipped(file)])
    diabetes()
    # An import would want pandas.
    package = importlib.util.find_spec("palmerpenguins").origin
    source = pathlib.Path(package).parent / "data" / "penguins.csv"
    with open(source) as file:
        rows = list(csv.reader(file))
    write_rows(path / "penguins.csv", rows)
    comma = [[cell.replace(".", ",") if cell[:1].isdigit() else cell for cell in row] for row in rows]
    write_rows(path / "penguins-semicolon.csv", comma, ";")

    names, *cells = rows
    columns = {
        name: [None if cell == "NA" else cell for cell in column]
        for name, column in zip(names, zip(*cells))
    }
    for name in names:
        if name.endswith("mm"):
            columns[name] = pa.array([c and float(c) for c in columns[name]], pa.float64())
        elif name in ("body_mass_g", "year"):
            columns[name] = pa.array([c and int(c) for c in columns[name]], pa.int32())
    pq.write_table(pa.table(columns), path / "penguins.parquet", compression="snappy")
    iris = sklearn.datasets.load_iris()
    table = {n.removesuffix(" (cm)"): iris.data[:, k] for k, n in enumerate(iris.feature_names)}
    table["kind"] = [str(iris.target_names[k]) for k in iris.target]
    for compression in ["none", "snappy", "gzip"]:
        pq.write_table(
            pa.table(table), path / f"iris-{compression}.parquet", compression=compression,
            row_group_size=64,
        )


def crops():
    """Class, number, image and how to save it."""
    random = np.random.default_rng(1)
    kinds = [
        {"quality": 95, "subsampling": "4:4:4"},
        {"quality": 75, "subsampling": "4:2:0"},
        {"quality": 85, "subsampling": "4:2:2", "progressive": True},
        {"quality": 75, "subsampling": "4:2:0", "optimize": True, "restart_marker_blocks": 2},
        {"quality": 90, "grey": True},
        {"quality": 60, "progressive": True},
    ]
    for name in ["china", "flower"]:
        image = Image.fromarray(sklearn.datasets.load_sample_image(f"{name}.jpg"))
        for k, kind in enumerate(kinds):
            width, height = (int(x) for x in random.integers(33, 72, 2))
            left, top = (int(random.integers(0, side - 200)) for side in image.size)
            crop = image.crop((left, top, left + 3 * width, top + 3 * height))
            small = crop.resize((width, height), Image.Resampling.BOX)
            options = {key: value for key, value in kind.items() if key != "grey"}
            yield name, k, small.convert("L") if "grey" in kind else small, options


def photos():
    jpeg, png = folder("photos"), folder("decoded")
    rows = []
    for label, name in enumerate(["china", "flower"]):
        (jpeg / name).mkdir()
        (png / name).mkdir()
    for name, k, image, options in crops():
        path = jpeg / name / f"{k}.jpg"
        image.save(path, "JPEG", **options)
        Image.open(path).save(png / name / f"{k}.png", optimize=True)
        label = ["china", "flower"].index(name)
        rows.append(({"bytes": path.read_bytes(), "path": path.name}, label))
    resized = folder("resized")
    for name, size in [("china/0", (24, 24)), ("flower/3", (20, 31)), ("china/4", (90, 100))]:
        image = Image.open(png / f"{name}.png")
        stem = f"{name.replace('/', '-')}-{size[0]}x{size[1]}"
        image.resize(size, Image.Resampling.BILINEAR).save(resized / f"{stem}-stretch.png")
        ImageOps.fit(image, size, Image.Resampling.BILINEAR).save(resized / f"{stem}-cut.png")
    grey = Image.open(png / "flower" / "0.png").convert("L")
    grey.save(resized / "flower-0-grey.png")
    images, labels = zip(*rows)
    image_type = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("image", image_type), ("label", pa.int64())])
    features = {
        "image": {"_type": "Image"},
        "label": {"names": ["china", "flower"], "_type": "ClassLabel"},
    }
    schema = schema.with_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    table = pa.table({"image": pa.array(images, image_type), "label": pa.array(labels)}, schema)
    pq.write_table(table, FOLDER / "photos.parquet", row_group_size=5)


def digits():
    digits = sklearn.datasets.load_digits()
    images, labels = (digits.images * 15).astype(np.uint8), digits.target.astype(np.int64)
    arrays = {
        "x_train": images[:200],
        "y_train": labels[:200],
        "x_test": images[200:260],
        "y_test": labels[200:260],
    }
    np.savez(FOLDER / "digits.npz", **arrays)
    np.savez_compressed(FOLDER / "digits-packed.npz", **arrays)


def riff(kind, channels, rate, bits, data):
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * bits // 8,
                       channels * bits // 8, bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    # A chunk of odd size, which others have between the two, is filled up by a byte.
    body += b"LIST" + struct.pack("<I", 3) + b"abc\0" + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def sounds(source):
    path = folder("sounds")
    for digit in "017":
        (path / digit).mkdir()
        for speaker in ["jackson", "theo"]:
            for index in [0, 4, 5, 6, 7]:
                name = f"{digit}_{speaker}_{index}.wav"
                shutil.copyfile(source / name, path / digit / name)
    formats = folder("sound-formats")
    with wave.open(str(path / "0" / "0_theo_0.wav")) as file:
        rate = file.getframerate()
        x = np.frombuffer(file.readframes(file.getnframes()), "<i2")[:1500].astype(np.int64)
    stereo = np.stack([x, -(x // 2)], axis=1)
    three = (x << 8).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    for name, args in {
        "pcm8": (1, 1, rate, 8, ((x >> 8) + 128).astype(np.uint8).tobytes()),
        "pcm16": (1, 1, rate, 16, x.astype("<i2").tobytes()),
        "pcm24": (1, 1, rate, 24, three),
        "pcm32": (1, 1, rate, 32, (x << 16).astype("<i4").tobytes()),
        "float32": (3, 1, rate, 32, (x / 32768).astype("<f4").tobytes()),
        "float64": (3, 1, rate, 64, (x / 32768).astype("<f8").tobytes()),
        "stereo": (1, 2, rate, 16, stereo.astype("<i2").tobytes()),
    }.items():
        (formats / f"{name}.wav").write_bytes(riff(*args))


FOLDER.mkdir(parents=True, exist_ok=True)
tables()
photos()
digits()
if len(sys.argv) > 1:
    sounds(pathlib.Path(sys.argv[1]))
