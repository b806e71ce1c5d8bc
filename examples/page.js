/** Says which digit was drawn, or is on a picture. The network is computed in the page. */
import { createPredictor, topClasses } from "bregman/predict";
import { pixelsOf } from "./pixels.js";

const [pad, clear, file, answer] = ["pad", "clear", "picture", "answer"].map((id) =>
  document.getElementById(id),
);
const loading = createPredictor("model.safetensors", { threads: 1 });

async function classify(picture) {
  try {
    const net = await loading;
    const logits = await net.predict(pixelsOf(await picture));
    const [{ label, probability }] = topClasses(logits, 1, net.labelNames);
    answer.textContent = `${label} (${(100 * probability).toFixed(2)} %)`;
  } catch (error) {
    answer.textContent = error.message;
  }
}

const pen = pad.getContext("2d");
Object.assign(pen, { lineWidth: 24, lineCap: "round", lineJoin: "round", strokeStyle: "white" });
clear.onclick = () => pen.fillRect(0, 0, pad.width, pad.height);
clear.click();
pad.onpointerdown = ({ offsetX, offsetY, pointerId }) => {
  pad.setPointerCapture(pointerId);
  pen.beginPath();
  pen.moveTo(offsetX, offsetY);
};
pad.onpointermove = ({ offsetX, offsetY, buttons }) => {
  if (buttons === 0) return;
  pen.lineTo(offsetX, offsetY);
  pen.stroke();
};
pad.onpointerup = () => classify(pad);

file.onchange = () => classify(createImageBitmap(file.files[0]));
