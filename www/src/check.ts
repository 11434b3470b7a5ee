/** The page's code for programs: photos in, one answer each out. */

import { type Backend, type Checker, createChecker, DespoofError } from 'despoof';

/** A photo as a program hands it over. */
interface NamedPhoto {
  readonly name: string;
  /** The file in base64. */
  readonly bytes: string;
}

/** One line of output, as `despoof check --json` writes it. */
interface Answer {
  readonly photo: string;
  readonly [field: string]: unknown;
}

declare global {
  interface Window {
    /** Checks photos one after the other; one that cannot be answered does not stop the rest. */
    despoofCheck: (photos: readonly NamedPhoto[], options: { backend: Backend }) => Promise<Answer[]>;
  }
}

window.despoofCheck = async (photos, { backend }) => {
  const checker = createChecker({ backend });
  try {
    const answers = [];
    for (const photo of photos) {
      answers.push(await answer(checker, photo));
    }
    return answers;
  } finally {
    await checker.dispose();
  }
};

async function answer(checker: Checker, { name, bytes }: NamedPhoto): Promise<Answer> {
  try {
    const result = await checker.check(new Blob([bytesFromBase64(bytes)]));
    return {
      photo: name,
      outcome: result.outcome,
      score: result.score,
      threshold: result.threshold,
      faces: result.faces,
      stages_ms: result.timings,
      bundle_digest: result.modelDigest,
      backend: result.backend,
    };
  } catch (error) {
    const code = error instanceof DespoofError ? error.code : 'internal';
    return { photo: name, error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

function bytesFromBase64(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
