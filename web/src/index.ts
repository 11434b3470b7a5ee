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

export {
  type Checker,
  type CheckerOptions,
  type CheckOptions,
  type CheckResult,
  type CheckSource,
  createChecker,
  type Fallback,
  type Readiness,
} from './checker.js';
export { DespoofError, ERROR_CODES, type ErrorCode } from './errors.js';
export { type Backend, type Evidence, type Outcome, type Progress, type Stage, STAGES } from './protocol.js';
export { checkSupport, type Support, type SupportReason, type SupportTests } from './support.js';
