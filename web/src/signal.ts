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

/** Browsers take longer times for none. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Runs `work` with a signal that is aborted with `parent`, and after so many milliseconds. `AbortSignal.any` would be
 * younger than everything else a check needs.
 */
export async function withTimeLimit<T>(
  parent: AbortSignal,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new AbortController();
  const abort = () => limited.abort(parent.reason);
  const stop = () => limited.abort(new DOMException('time is over', 'TimeoutError'));
  const timer = setTimeout(stop, Math.min(milliseconds, LONGEST_TIMER));
  parent.addEventListener('abort', abort, { once: true });
  if (parent.aborted) {
    abort();
  }
  try {
    return await work(limited.signal);
  } finally {
    clearTimeout(timer);
    parent.removeEventListener('abort', abort);
  }
}

/** What an aborted signal means here. */
export function abortError({ reason }: AbortSignal): DespoofError {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
    ? new DespoofError('timeout', 'the check took too long', { cause: reason })
    : new DespoofError('cancelled', 'the check was cancelled', { cause: reason });
}
