// The controller against a worker that the test plays.

import assert from 'node:assert/strict';
import test from 'node:test';
import { createChecker, DespoofError } from 'despoof';
import { withGlobals } from '../testing/globals.mjs';

const PHOTO = new Blob(['photo']);
const ANSWER = { outcome: 'live', score: 0.9, threshold: 0.5, faces: 1, timings: {}, modelDigest: 'd' };

/** Answers calls by the script that a test gives; keeps every worker that was started. */
function fakeBrowser(script) {
  const workers = [];
  class Worker {
    constructor(url, options) {
      Object.assign(this, { url: String(url), options, calls: [], terminated: false, number: workers.length });
      workers.push(this);
    }
    postMessage(message) {
      this.calls.push(message);
      queueMicrotask(() => script(this, message));
    }
    say(data) {
      this.onmessage({ data });
    }
    terminate() {
      this.terminated = true;
    }
  }
  return {
    workers,
    globals: {
      Worker,
      OffscreenCanvas: class {},
      document: { baseURI: 'https://example.test/page/' },
      navigator: { gpu: { requestAdapter: async () => ({ info: {} }) }, mediaDevices: {} },
    },
  };
}

/** Loads, and answers checks with `check`. */
const answering = (check) => (worker, { id, call, options }) => {
  if (call === 'load') {
    worker.say({ id, answer: { modelDigest: 'd', wasmDigest: 'w' } });
  } else if (call !== undefined) {
    check(worker, id, options, call);
  }
};

const answerLive = answering((worker, id) => worker.say({ id, answer: ANSWER }));

const failure = (code, fatal) => ({ code, message: code, fatal });

test('nothing is started before it is used', async () => {
  const { workers, globals } = fakeBrowser(answerLive);
  await withGlobals(globals, async () => createChecker());
  assert.equal(workers.length, 0);
});

test('one worker answers one check after the other', async () => {
  const { workers, globals } = fakeBrowser(answerLive);
  await withGlobals(globals, async () => {
    const checker = createChecker();
    const [first, second] = await Promise.all([checker.check(PHOTO), checker.check(PHOTO, { explain: true })]);
    assert.deepEqual(first, { ...ANSWER, backend: 'webgpu', wasmDigest: 'w', advisory: true });
    assert.deepEqual(second, first);
  });
  assert.equal(workers.length, 1);
  assert.match(workers[0].url, /\/dist\/worker\.js$/);
  assert.deepEqual(workers[0].options, { type: 'module' });
  assert.deepEqual(workers[0].calls.map(({ call, options }) => [call, options.explain]), [
    ['load', undefined],
    ['check', false],
    ['check', true],
  ]);
});

test('files are looked for in the package, in one folder, or where one says', async () => {
  const cases = [
    [{}, undefined, undefined],
    [{ assetBaseUrl: '../static' }, 'https://example.test/static/', 'https://example.test/static/models/web/'],
    [{ modelBaseUrl: '/bundle' }, undefined, 'https://example.test/bundle/'],
  ];
  for (const [options, assetBaseUrl, modelBaseUrl] of cases) {
    const { workers, globals } = fakeBrowser(answerLive);
    await withGlobals(globals, () => createChecker({ ...options, backend: 'cpu' }).preload());
    assert.deepEqual(workers[0].calls[0].options, { backend: 'cpu', assetBaseUrl, modelBaseUrl, asksPage: false });
  }
});

test('the page is asked where a file is, if it wants to be', async () => {
  const { workers, globals } = fakeBrowser((worker, message) => {
    if (message.call === 'load') {
      worker.say({ locate: 'models/web/manifest.json' });
    }
    answerLive(worker, message);
  });
  await withGlobals(globals, () => createChecker({ locateAsset: (name) => `/v1/${name}` }).preload());
  const [load, located] = workers[0].calls;
  assert.equal(load.options.asksPage, true);
  assert.deepEqual(located, {
    located: 'models/web/manifest.json',
    url: 'https://example.test/v1/models/web/manifest.json',
  });
});

test('progress and stages are passed on', async () => {
  const progress = { phase: 'download', loadedBytes: 1, totalBytes: 2 };
  const { globals } = fakeBrowser((worker, message) => {
    worker.say({ id: message.id, note: message.call === 'load' ? progress : 'detect' });
    answerLive(worker, message);
  });
  const heard = [];
  await withGlobals(globals, async () => {
    const checker = createChecker();
    await checker.preload((note) => heard.push(note));
    await checker.check(PHOTO, { onStage: (stage) => heard.push(stage) });
  });
  assert.deepEqual(heard, [progress, 'detect']);
});

test('a photo without a face is an error, and the worker goes on', async () => {
  const { workers, globals } = fakeBrowser(answering((worker, id) => worker.say({ id, failure: failure('no_face', false) })));
  await withGlobals(globals, async () => {
    const checker = createChecker();
    await assert.rejects(checker.check(PHOTO), (error) => error instanceof DespoofError && error.code === 'no_face');
    await assert.rejects(checker.check(PHOTO), { code: 'no_face' });
  });
  assert.equal(workers.length, 1);
});

test('a GPU lost in the middle is answered by the CPU, once, and said', async () => {
  const { workers, globals } = fakeBrowser(
    answering((worker, id) =>
      worker.say(worker.number === 0 ? { id, failure: failure('gpu_lost', true) } : { id, answer: ANSWER }),
    ),
  );
  await withGlobals(globals, async () => {
    const checker = createChecker();
    const results = await Promise.all([checker.check(PHOTO), checker.check(PHOTO)]);
    for (const { backend, fallback } of results) {
      assert.deepEqual([backend, fallback], ['cpu', { from: 'webgpu', code: 'gpu_lost', message: 'gpu_lost' }]);
    }
  });
  assert.deepEqual(workers.map(({ terminated }) => terminated), [true, false]);
  assert.deepEqual(workers.map(({ calls }) => calls[0].options.backend), ['webgpu', 'cpu']);
});

test('a GPU that cannot load is answered by the CPU', async () => {
  const { globals } = fakeBrowser((worker, message) =>
    worker.number === 0
      ? worker.say({ id: message.id, failure: failure('wasm_failed', true) })
      : answerLive(worker, message),
  );
  const readiness = await withGlobals(globals, () => createChecker().preload());
  assert.deepEqual([readiness.backend, readiness.fallback.code], ['cpu', 'wasm_failed']);
});

test('a missing file is no reason for the CPU', async () => {
  const { workers, globals } = fakeBrowser((worker, { id }) =>
    worker.say({ id, failure: failure('asset_fetch_failed', true) }),
  );
  await withGlobals(globals, () => assert.rejects(createChecker().preload(), { code: 'asset_fetch_failed' }));
  assert.equal(workers.length, 1);
});

test('a backend that was asked for by name is not replaced', async () => {
  const { workers, globals } = fakeBrowser(
    answering((worker, id) => worker.say({ id, failure: failure('gpu_lost', true) })),
  );
  await withGlobals(globals, async () => {
    const checker = createChecker({ backend: 'webgpu' });
    await assert.rejects(checker.check(PHOTO), { code: 'gpu_lost' });
    await assert.rejects(checker.check(PHOTO), { code: 'gpu_lost' });
  });
  assert.deepEqual(workers.map(({ calls }) => calls[0].options.backend), ['webgpu', 'webgpu']);
});

test('a panic outside any call ends the worker, and the next check has a new one', async () => {
  const { workers, globals } = fakeBrowser(
    answering((worker, id) =>
      worker.say(worker.number === 0 ? { crash: failure('internal', true) } : { id, answer: ANSWER }),
    ),
  );
  await withGlobals(globals, async () => {
    const checker = createChecker({ backend: 'cpu' });
    await assert.rejects(checker.check(PHOTO), { code: 'internal' });
    assert.equal((await checker.check(PHOTO)).outcome, 'live');
  });
  assert.deepEqual(workers.map(({ terminated }) => terminated), [true, false]);
});

test('a worker script that is not there is said to be missing', async () => {
  const { globals } = fakeBrowser((worker) => worker.onerror({ preventDefault() {} }));
  await withGlobals(globals, () => assert.rejects(createChecker().preload(), { code: 'asset_fetch_failed' }));
});

test('a cancelled check ends at once, and the worker goes on', async () => {
  const { workers, globals } = fakeBrowser(answering(() => undefined));
  await withGlobals(globals, async () => {
    const checker = createChecker();
    await checker.preload();
    const controller = new AbortController();
    const check = checker.check(PHOTO, { signal: controller.signal });
    controller.abort();
    await assert.rejects(check, { code: 'cancelled' });
    await assert.rejects(checker.check(PHOTO, { signal: controller.signal }), { code: 'cancelled' });
  });
  assert.equal(workers[0].terminated, false);
});

test('a check that hangs ends with its worker', async () => {
  const { workers, globals } = fakeBrowser(answering(() => undefined));
  await withGlobals(globals, async () => {
    const check = createChecker().check(PHOTO, { signal: AbortSignal.timeout(20) });
    // Node does not wait for the timer of an unreferenced signal.
    const awake = setTimeout(() => undefined, 1000);
    await assert.rejects(check, { code: 'timeout' });
    clearTimeout(awake);
  });
  assert.equal(workers[0].terminated, true);
});

test('a disposed checker has no worker, and no checks', async () => {
  const { workers, globals } = fakeBrowser(answering(() => undefined));
  await withGlobals(globals, async () => {
    const checker = createChecker();
    await checker.preload();
    const check = checker.check(PHOTO);
    await Promise.resolve();
    await Promise.all([assert.rejects(check, { code: 'cancelled' }), checker.dispose()]);
    await assert.rejects(checker.check(PHOTO), { code: 'cancelled' });
  });
  assert.equal(workers[0].terminated, true);
  assert.equal(workers.length, 1);
});

test('several pictures are decided together, and the first is explained', async () => {
  const { workers, globals } = fakeBrowser(
    answering((worker, id, { scores }, call) =>
      worker.say({
        id,
        answer: call === 'decide' ? { outcome: 'live', score: 0.9, threshold: 0.5, spread: scores.length } : ANSWER,
      }),
    ),
  );
  const result = await withGlobals(globals, () => createChecker().checkFrames([PHOTO, PHOTO], { explain: true }));
  assert.deepEqual(result, {
    outcome: 'live',
    score: 0.9,
    threshold: 0.5,
    spread: 2,
    frames: [
      { outcome: 'live', score: 0.9, faces: 1 },
      { outcome: 'live', score: 0.9, faces: 1 },
    ],
    reasons: ['few_frames'],
    timings: {},
    backend: 'webgpu',
    modelDigest: 'd',
    wasmDigest: 'w',
    advisory: true,
  });
  assert.deepEqual(workers[0].calls.map(({ call, options }) => [call, options.explain]), [
    ['load', undefined],
    ['check', true],
    ['check', false],
    ['decide', undefined],
  ]);
});

test('no pictures are no person', async () => {
  const { globals } = fakeBrowser(answerLive);
  await withGlobals(globals, () => assert.rejects(createChecker().checkFrames([]), { code: 'internal' }));
});

test('a video without a picture is refused', async () => {
  const { globals } = fakeBrowser(answerLive);
  await withGlobals(globals, () =>
    assert.rejects(createChecker().check({ videoWidth: 0 }), { code: 'frame_too_small' }),
  );
  await withGlobals(globals, () =>
    assert.rejects(createChecker().check({ videoWidth: 640, readyState: 1 }), { code: 'frame_too_small' }),
  );
});

test('what is no picture is refused, and the next check goes on', async () => {
  const { workers, globals } = fakeBrowser(answerLive);
  await withGlobals(globals, async () => {
    const checker = createChecker();
    await checker.preload();
    const { postMessage } = workers[0];
    workers[0].postMessage = () => {
      throw new DOMException('could not be cloned', 'DataCloneError');
    };
    await assert.rejects(checker.check(PHOTO), { name: 'DespoofError', code: 'photo_unreadable' });
    workers[0].postMessage = postMessage;
    assert.equal((await checker.check(PHOTO)).outcome, 'live');
  });
  assert.equal(workers.length, 1);
});

test('an address that is none is said, and no worker is left', async () => {
  const { workers, globals } = fakeBrowser(answerLive);
  await withGlobals(globals, () =>
    assert.rejects(createChecker({ assetBaseUrl: 'https://[' }).preload(), { code: 'asset_fetch_failed' }),
  );
  assert.equal(workers.length, 0);
});

test('waiting for what is loaded can be given up, and the next who asks gets it', async () => {
  const { workers, globals } = fakeBrowser(answerLive);
  await withGlobals(globals, async () => {
    const checker = createChecker();
    await assert.rejects(checker.preload(undefined, AbortSignal.abort()), { code: 'cancelled' });
    assert.equal((await checker.preload()).backend, 'webgpu');
  });
  assert.equal(workers.length, 1);
});
