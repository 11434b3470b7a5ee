// Loads the package as a page does, checks one photo, and says when what happened: milliseconds from the start.

window.despoofLoading = async (backend) => {
  const start = performance.timeOrigin + performance.now();
  const { createChecker } = await import('./despoof/dist/index.js');
  const checker = createChecker({ backend });
  await checker.preload();
  const ready = now(start);
  const photo = await (await fetch('./astronaut.png')).blob();
  const before = now(start);
  await checker.check(photo);
  const check = { name: 'first check', kind: 'work', start: before, end: now(start) };
  return { start, ready, rows: [...rowsSince(start), check] };
};

// Worker and page have clocks of their own; `workerRows` runs in the worker.
window.workerRows = rowsSince;

function now(start) {
  return performance.timeOrigin + performance.now() - start;
}

/** Fetches and measured parts of this page or worker. */
function rowsSince(start) {
  const at = (time) => performance.timeOrigin + time - start;
  return performance
    .getEntries()
    .filter(({ entryType }) => entryType === 'resource' || entryType === 'measure')
    .map(({ name, entryType, startTime, duration }) => ({
      name: name.replace(/^despoof: /, '').replace(/^.*\//, ''),
      kind: entryType === 'resource' ? 'network' : 'work',
      start: at(startTime),
      end: at(startTime + duration),
    }))
    .filter(({ start }) => start >= 0);
}
