/** Keeps the best few of many frames, and frees the others. */

/** What frames are compared by. */
export interface Candidate<Frame> {
  readonly frame: Frame;
  /** What was wrong with it; frames without faults go first. */
  readonly faults: readonly string[];
  readonly sharpness: number;
}

/** The best frames so far. */
export class FramePicker<Frame extends { close(): void }, Kept extends Candidate<Frame> = Candidate<Frame>> {
  readonly #capacity: number;
  #kept: Kept[] = [];

  /** @param capacity How many frames to keep. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many there are. */
  get size(): number {
    return this.#kept.length;
  }

  /**
   * Takes a frame over, unless it is kept already: noise makes any two pictures of a camera differ, so equal sharpness
   * to the last digit means the same picture again, which would add nothing.
   */
  add(candidate: Kept): void {
    if (this.#kept.some(({ sharpness }) => sharpness === candidate.sharpness)) {
      candidate.frame.close();
      return;
    }
    this.#kept = [...this.#kept, candidate].sort(byWorth);
    for (const { frame } of this.#kept.splice(this.#capacity)) {
      frame.close();
    }
  }

  /** Hands the frames over, the best first. */
  take(): readonly Kept[] {
    return this.#kept.splice(0);
  }

  /** Frees everything. */
  clear(): void {
    for (const { frame } of this.take()) {
      frame.close();
    }
  }
}

function byWorth(a: Candidate<unknown>, b: Candidate<unknown>): number {
  return a.faults.length - b.faults.length || b.sharpness - a.sharpness;
}
