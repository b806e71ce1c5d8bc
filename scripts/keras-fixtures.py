"""Writes test/fixtures/onnx/keras*: networks of Keras by tf2onnx, with outputs for given inputs.

    python3 -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 tf2onnx==1.17.0 safetensors
    venv/bin/python scripts/keras-fixtures.py

Keras has the channels of an image last; inputs are written with their channels first, as the
networks take them that are read.
"""

import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
import tf2onnx
from safetensors.numpy import save_file
from tensorflow.keras import layers

FOLDER = pathlib.Path(__file__).parent.parent / "test" / "fixtures" / "onnx"


def write(name, model, shape):
    """The graph with its batch left open."""
    inputs = np.random.default_rng(0).normal(size=(5, *shape)).astype("float32")
    # Batch norm's statistics are those of some training.
    for _ in range(20):
        model(inputs * 1.5 + 0.3, training=True)
    signature = [tf.TensorSpec((None, *shape), tf.float32, name="x")]
    graph = tf.function(lambda x: model(x, training=False), input_signature=signature)
    tf2onnx.convert.from_function(
        graph, input_signature=signature, opset=15, output_path=str(FOLDER / f"{name}.onnx")
    )
    first = np.moveaxis(inputs, -1, 1) if len(shape) == 3 else inputs
    outputs = model(inputs, training=False).numpy()
    save_file(
        {"inputs": np.ascontiguousarray(first), "outputs": outputs},
        FOLDER / f"{name}-outputs.safetensors",
    )


tf.keras.utils.set_random_seed(0)
write(
    "kerasmlp",
    tf.keras.Sequential(
        [layers.Dense(12, "relu"), layers.Dropout(0.5), layers.Dense(3, activation="tanh")]
    ),
    [8],
)
write(
    "kerasconv",
    tf.keras.Sequential(
        [
            layers.Conv2D(5, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(6, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(4, activation="sigmoid"),
        ]
    ),
    [10, 12, 2],
)
image = tf.keras.Input([9, 9, 1])
x = layers.Conv2D(4, 3, padding="same")(image)
y = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
x = layers.GlobalAveragePooling2D()(layers.Add()([x, y]))
write("kerasskip", tf.keras.Model(image, layers.Dense(3)(x)), [9, 9, 1])
