/** Waiting with an `AbortSignal`. */

import { DespoofError } from './errors.js';

/** `work`, or `cancelled` or `timeout` as soon as the signal says so. */
export function withSignal<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) {
    return work;
  }
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(abortError(signal));
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) {
      abort();
    }
  });
}

/** What an aborted signal means here. */
export function abortError({ reason }: AbortSignal): DespoofError {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
    ? new DespoofError('timeout', 'the check took too long', { cause: reason })
    : new DespoofError('cancelled', 'the check was cancelled', { cause: reason });
}
