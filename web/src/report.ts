/**
 * Reports: what a session found, bound to the server's nonce and signed.
 *
 * A report is a JSON Web Signature (RFC 7515, compact, ES256), so any JOSE library reads it. The key is made for the
 * one report and cannot be taken out of the browser. What a report proves, and what not: docs/threat-model.md.
 */

import { DespoofError } from './errors.js';
import type { FrameResult, FramesResult } from './frames.js';
import type { Backend, Outcome } from './protocol.js';
import type { ReasonCode } from './reasons.js';
import type { CaptureSettings } from './session/capture.js';
import { VERSION } from './version.js';

/** The `typ` of a report's header. */
export const REPORT_TYPE = 'despoof-report+jws';

/** What a report says. */
export interface ReportClaims {
  /** The server's. */
  readonly nonce: string;
  /** Origin of the page. */
  readonly origin: string;
  /** Seconds since 1970, by the device's clock. */
  readonly iat: number;
  /** Version of this package. */
  readonly version: string;
  readonly outcome: Outcome;
  readonly score: number;
  readonly threshold: number;
  readonly spread: number;
  /** Score and SHA-256 of each frame; no picture, no description of the face. */
  readonly frames: readonly FrameResult[];
  readonly reasons: readonly ReasonCode[];
  /** What was asked of the frames; none where the page gave pictures of its own. */
  readonly capture: CaptureSettings | null;
  readonly backend: Backend;
  readonly modelDigest: string;
  readonly wasmDigest: string | null;
}

/** Signs a result with a key made for it. */
export async function signedReport(
  result: FramesResult,
  nonce: string,
  capture: CaptureSettings | null = null,
): Promise<string> {
  // Typed as always there; browsers leave it out on pages that are not secure.
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    throw new DespoofError('insecure_context', 'browsers sign reports for pages over https and on localhost only');
  }
  const pair = await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  const { kty, crv, x, y } = await subtle.exportKey('jwk', pair.publicKey);
  const header = { alg: 'ES256', typ: REPORT_TYPE, jwk: { kty, crv, x, y } };
  const signed = `${base64UrlOfJson(header)}.${base64UrlOfJson(claimsOf(result, nonce, capture))}`;
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await subtle.sign(algorithm, pair.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

function claimsOf(result: FramesResult, nonce: string, capture: CaptureSettings | null): ReportClaims {
  const { outcome, score, threshold, spread, frames, reasons, backend, modelDigest, wasmDigest = null } = result;
  return {
    nonce,
    origin: location.origin,
    iat: Math.floor(Date.now() / 1000),
    version: VERSION,
    outcome,
    score,
    threshold,
    spread,
    frames,
    reasons,
    capture,
    backend,
    modelDigest,
    wasmDigest,
  };
}

function base64UrlOfJson(value: unknown): string {
  return base64Url(new TextEncoder().encode(JSON.stringify(value)));
}

function base64Url(bytes: Uint8Array): string {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
