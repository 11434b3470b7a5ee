/** The worker: one backend, one call at a time. A fresh worker is the only way back from a broken one. */

import { Engine } from './engine/engine.js';
import { failureFrom } from './engine/failure.js';
import { DespoofError } from './errors.js';
import type { CallMessage, Calls, FromWorker, ToWorker } from './protocol.js';

let engine: Engine | undefined;
/** The end of the queue: wasm must not be entered while a call of it is still waiting for the GPU. */
let last: Promise<void> = Promise.resolve();
/** Files whose place the page was asked for. */
const asked = new Map<string, (url: string) => void>();

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if ('located' in data) {
    asked.get(data.located)?.(data.url);
    asked.delete(data.located);
    return;
  }
  last = last.then(() => respond(data));
});

addEventListener('unhandledrejection', ({ reason }) => send({ crash: { ...failureFrom(reason), fatal: true } }));

async function respond(call: CallMessage): Promise<void> {
  const { id } = call;
  try {
    const answer = await answerTo(call, (note) => send({ id, note }));
    send({ id, answer }, 'evidence' in answer ? Object.values(answer.evidence ?? {}) : []);
  } catch (error) {
    const failure = failureFrom(error);
    send({ id, failure: { ...failure, fatal: failure.fatal || call.call === 'load' } });
  }
}

async function answerTo(
  message: CallMessage,
  note: (note: Calls[keyof Calls]['note']) => void,
): Promise<Calls[keyof Calls]['answer']> {
  if (message.call === 'load') {
    engine = await Engine.load(message.options, askPage, note);
    return engine.loaded;
  }
  if (engine === undefined) {
    throw new DespoofError('internal', 'a check was asked for before anything was loaded');
  }
  switch (message.call) {
    case 'examine':
      return engine.examine(message.options.frame);
    case 'check':
      return engine.check(message.options, note);
    case 'decide':
      return engine.decide(message.options.scores);
  }
}

function askPage(name: string): Promise<string> {
  return new Promise((resolve) => {
    asked.set(name, resolve);
    send({ locate: name });
  });
}

function send(message: FromWorker, transfer: Transferable[] = []): void {
  postMessage(message, { transfer });
}
