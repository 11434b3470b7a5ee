// What the kernels for WebGPU compute, as plain loops in double precision.

const silu = (x) => x / (1 + Math.exp(-x));

export const references = {
  conv([input, weight, ...parameters], shape) {
    const { input: [, channelsIn, height, width], output: [batch, channelsOut, heightOut, widthOut] } = shape;
    const { weight: [, inOfGroup, rows, columns], stride, padding } = shape;
    const output = [];
    for (let b = 0; b < batch; b++)
      for (let o = 0; o < channelsOut; o++)
        for (let y = 0; y < heightOut; y++)
          for (let x = 0; x < widthOut; x++) {
            let sum = 0;
            for (let i = 0; i < inOfGroup; i++)
              for (let r = 0; r < rows; r++)
                for (let c = 0; c < columns; c++) {
                  const row = y * stride[0] - padding[0][0] + r;
                  const column = x * stride[1] - padding[1][0] + c;
                  if (row < 0 || column < 0 || row >= height || column >= width) continue;
                  const channel = inOfGroup === channelsIn ? i : o;
                  const value = input[((b * channelsIn + channel) * height + row) * width + column];
                  sum += value * weight[((o * inOfGroup + i) * rows + r) * columns + c];
                }
            output.push(finished(sum, o, parameters, shape));
          }
    return output;
  },

  linear([input, weight, bias], { rows, weight: [featuresIn, featuresOut] }) {
    const output = [];
    for (let r = 0; r < rows; r++)
      for (let o = 0; o < featuresOut; o++) {
        let sum = bias ? bias[o] : 0;
        for (let i = 0; i < featuresIn; i++) sum += input[r * featuresIn + i] * weight[i * featuresOut + o];
        output.push(sum);
      }
    return output;
  },

  attention([query, key, value], { query: [batch, tokens, width], context, heads }) {
    const head = width / heads;
    const output = new Array(batch * tokens * width);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < tokens; t++) {
          const here = (b * tokens + t) * width + h * head;
          const there = (c) => (b * context + c) * width + h * head;
          const shares = Array.from({ length: context }, (_, c) => {
            let score = 0;
            for (let i = 0; i < head; i++) score += query[here + i] * key[there(c) + i];
            return Math.exp(score / Math.sqrt(head));
          });
          const total = shares.reduce((sum, share) => sum + share, 0);
          for (let i = 0; i < head; i++)
            output[here + i] = shares.reduce((sum, share, c) => sum + share * value[there(c) + i], 0) / total;
        }
    return output;
  },

  group_statistics([input, gamma, beta], { input: [batch, channels, height, width], groups, epsilon }) {
    const output = [];
    const ofGroup = channels / groups;
    const size = ofGroup * height * width;
    for (let g = 0; g < batch * groups; g++) {
      const { mean, inverse } = statistics(input.subarray(g * size, (g + 1) * size), epsilon);
      for (let c = 0; c < ofGroup; c++) {
        const channel = (g % groups) * ofGroup + c;
        output.push(gamma[channel] * inverse, beta[channel] - mean * gamma[channel] * inverse);
      }
    }
    return output;
  },

  layer_norm([input, gamma, beta], { rows, width, epsilon }) {
    const output = [];
    for (let r = 0; r < rows; r++) {
      const row = input.subarray(r * width, (r + 1) * width);
      const { mean, inverse } = statistics(row, epsilon);
      row.forEach((x, i) => output.push((x - mean) * inverse * gamma[i] + beta[i]));
    }
    return output;
  },

  affine: ([input, pairs], { shape }) => channelwise(input, shape, (x, c) => x * pairs[2 * c] + pairs[2 * c + 1]),

  affine_silu: ([input, pairs], { shape }) =>
    channelwise(input, shape, (x, c) => silu(x * pairs[2 * c] + pairs[2 * c + 1])),

  prelu: ([input, slope], { shape }) => channelwise(input, shape, (x, c) => (x < 0 ? x * slope[c] : x)),

  pixels: ([pixels], { images, plane }) =>
    Float64Array.from({ length: 3 * images * plane }, (_, at) => {
      const [image, channel, pixel] = [Math.floor(at / (3 * plane)), Math.floor(at / plane) % 3, at % plane];
      return (Math.floor(pixels[image * plane + pixel] / 256 ** channel) % 256) / 127.5 - 1;
    }),
};

/** A bias, or frozen batch normalisation with or without ReLU6, or nothing. */
function finished(sum, channel, [first, beta, mean, variance], { epsilon, relu6 }) {
  if (!first) return sum;
  if (!beta) return sum + first[channel];
  const scale = first[channel] / Math.sqrt(variance[channel] + epsilon);
  const normalised = (sum - mean[channel]) * scale + beta[channel];
  return relu6 ? Math.min(Math.max(normalised, 0), 6) : normalised;
}

function statistics(values, epsilon) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, inverse: 1 / Math.sqrt(variance + epsilon) };
}

function channelwise(input, [, channels, plane], value) {
  return Array.from(input, (x, i) => value(x, Math.floor(i / plane) % channels));
}
