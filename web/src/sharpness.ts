/** How sharp a picture is. */

/**
 * Variance of the Laplacian of the brightness: high where edges are crisp, near zero where everything is blurred.
 *
 * Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000.
 */
export function sharpness({ data, width, height }: Pick<ImageData, 'data' | 'width' | 'height'>): number {
  const brightness = (x: number, y: number) => {
    const at = (y * width + x) * 4;
    return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  };
  let sum = 0;
  let sumOfSquares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const neighbours = brightness(x - 1, y) + brightness(x + 1, y) + brightness(x, y - 1) + brightness(x, y + 1);
      const laplacian = neighbours - 4 * brightness(x, y);
      sum += laplacian;
      sumOfSquares += laplacian * laplacian;
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  return sumOfSquares / count - (sum / count) ** 2;
}
