// Prints the similarity (SSIM) of the images that the autoencoders are given to those they should
// restore: what doing nothing has. `npm run build && node scripts/degraded-ssim.mjs`
import { loadMnist, restorationTask } from "../dist/data/index.js";
import { loadRecipe, ssimSum } from "../dist/train/index.js";

const [height, width] = [28, 28];
for (const name of ["mnist-denoise", "mnist-deblur"]) {
  const { test } = restorationTask(loadMnist(), loadRecipe(name).data.restore);
  const mean =
    ssimSum(test.inputs, test.targets, { height, width }) / (test.inputs.length / (height * width));
  console.log(
    `${name}: ${mean.toFixed(3)} of ${test.inputs.length / (height * width)} test images`,
  );
}
