"""Prints what TensorBoard's own reader finds in a folder of event files, as JSON."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance=dict.fromkeys(
    ["scalars", "histograms", "images", "tensors", "compressedHistograms"], 0))
events.Reload()
tags = events.Tags()


def histogram(h):
    return {"min": h.min, "max": h.max, "num": h.num, "sum": h.sum, "sumSquares": h.sum_squares,
            "limits": list(h.bucket_limit), "counts": list(h.bucket)}


json.dump({
    "scalars": {tag: [{"time": e.wall_time, "step": e.step, "value": e.value}
                      for e in events.Scalars(tag)] for tag in tags["scalars"]},
    "histograms": {tag: [{"time": e.wall_time, "step": e.step, **histogram(e.histogram_value)}
                         for e in events.Histograms(tag)] for tag in tags["histograms"]},
    "images": {tag: [{"time": e.wall_time, "step": e.step, "width": e.width, "height": e.height,
                      "png": e.encoded_image_string.hex()}
                     for e in events.Images(tag)] for tag in tags["images"]},
}, sys.stdout)
