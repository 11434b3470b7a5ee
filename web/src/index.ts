/**
 * Face liveness, wholly in the browser.
 *
 * ```ts
 * import { createChecker } from 'despoof';
 *
 * await using checker = createChecker();
 * const { outcome, score } = await checker.check(photo);
 * ```
 *
 * @packageDocumentation
 */

export type { BackendOptions, Fallback, Readiness } from './backend.js';
export {
  type Checker,
  type CheckerOptions,
  type CheckOptions,
  type CheckResult,
  type CheckSource,
  createChecker,
} from './checker.js';
export { clearCache } from './cache.js';
export { DespoofError, ERROR_CODES, type ErrorCode } from './errors.js';
export type { FrameResult, FramesOptions, FramesResult } from './frames.js';
export {
  type Backend,
  type Evidence,
  type Examination,
  type FrameQuality,
  type FramesVerdict,
  type Outcome,
  type Progress,
  type Stage,
  STAGES,
} from './protocol.js';
export { REASON_CODES, type ReasonCode } from './reasons.js';
export type { CaptureOptions, CaptureSettings } from './session/capture.js';
export { DEFAULT_GATES, type Gates, HINT_CODES, type HintCode } from './session/gates.js';
export type { Hint } from './session/hints.js';
export { SESSION_STATES, type SessionState } from './session/machine.js';
export {
  createSession,
  Session,
  type SessionEvents,
  type SessionOptions,
  type SessionProgress,
  type SessionSource,
} from './session/session.js';
export { checkSupport, type Support, type SupportReason, type SupportTests } from './support.js';
