/** Errors as values of one class: programs look at `code`, people read `message`. */

/** Whether the user can do something about an error and try again, by error code. */
const RECOVERABLE = {
  // The photo or frame.
  no_face: true,
  face_cut: true,
  frame_too_small: true,
  photo_empty: true,
  photo_format_unknown: true,
  photo_too_small: true,
  photo_too_large: true,
  photo_truncated: true,
  photo_unreadable: true,
  // The camera.
  insecure_context: false,
  camera_permission_denied: true,
  camera_not_found: true,
  camera_in_use: true,
  camera_lost: true,
  // The session.
  timeout: true,
  page_hidden: true,
  cancelled: true,
  // What is loaded.
  asset_fetch_failed: true,
  integrity_failed: false,
  bundle_incompatible: false,
  // What it runs on.
  not_supported: false,
  wasm_failed: false,
  gpu_lost: true,
  out_of_memory: false,
  internal: false,
} as const;

/** Stable name of an error. */
export type ErrorCode = keyof typeof RECOVERABLE;

/** Every error code, for tables of texts. */
export const ERROR_CODES = Object.keys(RECOVERABLE) as readonly ErrorCode[];

/** Whether a text is one of the error codes. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(RECOVERABLE, text);
}

/** The one error this package throws. */
export class DespoofError extends Error {
  override readonly name = 'DespoofError';

  /** What happened, for programs. */
  readonly code: ErrorCode;

  /** Whether trying again can help: another photo, a freed camera, a better connection. */
  readonly recoverable: boolean;

  /**
   * @param code What happened.
   * @param message What happened, in English, for developers.
   * @param options The error behind this one.
   */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.recoverable = RECOVERABLE[code];
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
