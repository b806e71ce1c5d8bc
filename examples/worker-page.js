/** Asks a worker which digits are on pictures; the page stays free for its user. */
const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.onmessage = ({ data: { name, answer } }) => {
  document.getElementById("answers").append(`${name}: ${answer}\n`);
};

const model = new URL("model.safetensors", document.baseURI).href;
document.getElementById("pictures").onchange = ({ target }) => {
  for (const file of target.files) worker.postMessage({ model, file });
};
