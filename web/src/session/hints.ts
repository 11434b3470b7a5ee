/** When a hint is shown: not for a passing flicker, and marked when nothing changes. */

import type { HintCode } from './gates.js';

/** What to tell the person. */
export interface Hint {
  readonly code: HintCode;
  /** It has been shown for a while and nothing has changed. */
  readonly persists: boolean;
}

/** Milliseconds a fault lasts before it is shown. */
export const SHOWN_AFTER = 500;
/** Milliseconds after which a shown hint counts as persisting. */
export const PERSISTS_AFTER = 5000;

/** Turns the faults of frames into hints. */
export class HintFilter {
  #fault: HintCode | undefined;
  #since = 0;
  #shown: Hint | undefined;

  /**
   * @param fault What is most pressing in the newest frame.
   * @param now Milliseconds.
   * @returns The hint to show from now on, `null` to show none, `undefined` to leave everything as it is.
   */
  next(fault: HintCode | undefined, now: number): Hint | null | undefined {
    if (fault !== this.#fault) {
      this.#fault = fault;
      this.#since = now;
    }
    const lasted = now - this.#since;
    if (lasted < SHOWN_AFTER || fault === undefined) {
      // A hint stays until its fault has been gone as long as it took to be shown.
      return fault === undefined && lasted >= SHOWN_AFTER ? this.#show(undefined) : undefined;
    }
    return this.#show({ code: fault, persists: lasted >= SHOWN_AFTER + PERSISTS_AFTER });
  }

  #show(hint: Hint | undefined): Hint | null | undefined {
    if (hint?.code === this.#shown?.code && hint?.persists === this.#shown?.persists) {
      return undefined;
    }
    this.#shown = hint;
    return hint ?? null;
  }
}
