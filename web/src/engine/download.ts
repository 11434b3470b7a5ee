/** Adds up the bytes of everything that is downloaded at the same time. */

import type { Progress } from '../protocol.js';

/** One file's share. */
export interface Share {
  /** More bytes have arrived. */
  add(count: number): void;
  /** Everything has arrived. */
  finish(): void;
}

/** The bytes of all files together. */
export class Download {
  readonly #shares: { loaded: number; total: number | undefined }[] = [];
  readonly #report: (progress: Progress) => void;
  #expected: number;

  /**
   * @param expected How many files there will be; the total is known when each has said its length.
   * @param report Is told after every change.
   */
  constructor(expected: number, report: (progress: Progress) => void) {
    this.#expected = expected;
    this.#report = report;
  }

  /** Counts a file, or several whose total is known. */
  share(total: number | undefined): Share {
    const share = { loaded: 0, total };
    this.#shares.push(share);
    return {
      add: (count) => {
        share.loaded += count;
        this.#report(this.progress('download'));
      },
      finish: () => {
        share.total = share.loaded;
        this.#report(this.progress('download'));
      },
    };
  }

  /** How far everything has come. */
  progress(phase: Progress['phase']): Progress {
    const known = this.#shares.length === this.#expected && this.#shares.every(({ total }) => total !== undefined);
    const sum = (values: readonly (number | undefined)[]) => values.reduce<number>((all, one) => all + (one ?? 0), 0);
    return {
      phase,
      loadedBytes: sum(this.#shares.map(({ loaded }) => loaded)),
      totalBytes: known ? sum(this.#shares.map(({ total }) => total)) : undefined,
    };
  }
}
