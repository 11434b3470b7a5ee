/** The page's end of one worker: calls with notes on the way, and what happens when the worker dies. */

import { DespoofError } from './errors.js';
import type { Calls, Failure, FromWorker, ToWorker } from './protocol.js';

interface Pending {
  note(note: never): void;
  resolve(answer: never): void;
  reject(error: DespoofError): void;
}

/** One worker, from its start to its end. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #locate: (name: string) => string;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #started = false;
  #end: DespoofError | undefined;

  /** Is called once, when the worker ends. */
  onClose: () => void = () => undefined;

  /**
   * Starts a worker.
   *
   * @param locate Says where a file is, when the worker asks.
   */
  constructor(locate: (name: string) => string) {
    this.#locate = locate;
    this.#worker = startWorker();
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#receive(data);
    // Also what a browser reports when the script itself could not be loaded.
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.close(
        this.#started
          ? new DespoofError('internal', `the worker crashed: ${event.message}`)
          : new DespoofError('asset_fetch_failed', `the worker did not start: ${event.message || 'script not loaded'}`),
      );
    };
    this.#worker.onmessageerror = () =>
      this.close(new DespoofError('internal', 'an answer of the worker could not be read'));
  }

  /** Asks the worker for something; `onNote` hears what it reports on the way. */
  call<Name extends keyof Calls>(
    call: Name,
    options: Calls[Name]['options'],
    onNote: (note: Calls[Name]['note']) => void,
  ): Promise<Calls[Name]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) {
        reject(this.#end);
        return;
      }
      const id = this.#calls++;
      try {
        this.#worker.postMessage({ id, call, options } as ToWorker);
      } catch (error) {
        // Everything but pictures is plain data.
        reject(new DespoofError('photo_unreadable', 'this is no picture, or a closed one', { cause: error }));
        return;
      }
      this.#pending.set(id, { note: onNote, resolve, reject });
    });
  }

  /** Ends the worker with all its memory, the GPU's too; calls still pending fail with `reason`. */
  close(reason: DespoofError): void {
    if (this.#end !== undefined) {
      return;
    }
    this.#end = reason;
    this.#worker.terminate();
    this.onClose();
    for (const { reject } of this.#pending.values()) {
      reject(reason);
    }
    this.#pending.clear();
  }

  #receive(message: FromWorker): void {
    this.#started = true;
    if ('crash' in message) {
      this.close(errorFrom(message.crash));
      return;
    }
    if ('locate' in message) {
      this.#tellWhere(message.locate);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (pending === undefined) {
      return;
    }
    if ('note' in message) {
      pending.note(message.note as never);
      return;
    }
    this.#pending.delete(message.id);
    if ('answer' in message) {
      pending.resolve(message.answer as never);
      return;
    }
    const error = errorFrom(message.failure);
    pending.reject(error);
    if (message.failure.fatal) {
      this.close(error);
    }
  }

  #tellWhere(name: string): void {
    try {
      this.#worker.postMessage({ located: name, url: this.#locate(name) } satisfies ToWorker);
    } catch (error) {
      // The page's own function threw, or gave what is no address.
      this.close(new DespoofError('asset_fetch_failed', `nobody knows where ${name} is`, { cause: error }));
    }
  }
}

function startWorker(): Worker {
  try {
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  } catch (error) {
    throw new DespoofError('not_supported', 'this page cannot start a module worker of its own origin', {
      cause: error,
    });
  }
}

function errorFrom({ code, message }: Failure): DespoofError {
  return new DespoofError(code, message);
}
