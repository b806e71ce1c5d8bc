/** A picture, white on black, as the bytes of an image of MNIST: [28, 28]. */
export function pixelsOf(picture) {
  const context = new OffscreenCanvas(28, 28).getContext("2d");
  context.drawImage(picture, 0, 0, 28, 28);
  const { data } = context.getImageData(0, 0, 28, 28);
  return Uint8Array.from({ length: 28 * 28 }, (_, k) => data[4 * k]);
}
