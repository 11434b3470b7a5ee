/** The worker: one backend, one call at a time. A fresh worker is the only way back from a broken one. */

import { Engine } from './engine/engine.js';
import { failureFrom } from './engine/failure.js';
import { DespoofError } from './errors.js';
import type { Calls, FromWorker, ToWorker } from './protocol.js';

let engine: Engine | undefined;
/** The end of the queue: wasm must not be entered while a call of it is still waiting for the GPU. */
let last: Promise<void> = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  last = last.then(() => answer(data));
});

addEventListener('unhandledrejection', ({ reason }) => send({ crash: { ...failureFrom(reason), fatal: true } }));

async function answer(call: ToWorker): Promise<void> {
  const { id } = call;
  const note = (note: Calls[keyof Calls]['note']) => send({ id, note });
  try {
    if (call.call === 'load') {
      engine = await Engine.load(call.options, note);
      send({ id, answer: engine.loaded });
      return;
    }
    if (engine === undefined) {
      throw new DespoofError('internal', 'a check was asked for before anything was loaded');
    }
    const checked = await engine.check(call.options, note);
    send({ id, answer: checked }, Object.values(checked.evidence ?? {}));
  } catch (error) {
    const failure = failureFrom(error);
    send({ id, failure: { ...failure, fatal: failure.fatal || call.call === 'load' } });
  }
}

function send(message: FromWorker, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}
