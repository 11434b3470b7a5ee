/** The parts of loading in the browser's own timeline (`performance.getEntriesByType('measure')`). */

/** Does the work and notes how long it took, whether it succeeds or not. */
export async function timed<T>(part: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    performance.measure(`despoof: ${part}`, { start });
  }
}
