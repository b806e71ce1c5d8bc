/** Says which digits are on pictures that a page sends. */
import { createPredictor } from "bregman/predict";
import { pixelsOf } from "./pixels.js";
import { likeliest, probabilities } from "./probabilities.js";

let loading;

async function classify(model, file) {
  loading ??= createPredictor(model, { threads: 1 });
  const net = await loading;
  const logits = await net.predict(pixelsOf(await createImageBitmap(file)));
  return likeliest(probabilities(logits, logits.length)[0]);
}

onmessage = async ({ data: { model, file } }) => {
  const answer = await classify(model, file).catch((error) => error.message);
  postMessage({ name: file.name, answer });
};
