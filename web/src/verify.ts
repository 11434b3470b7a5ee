/** Verifies reports on a server: Node 20 and everything else with Web Crypto. */

import { REPORT_TYPE, type ReportClaims } from './report.js';

export type { ReportClaims } from './report.js';

/** What the server knows about the report it waits for. */
export interface Expected {
  /** The nonce it gave to this session; it must accept each one once only. */
  readonly nonce: string;
  /** Origin of its page. */
  readonly origin: string;
  /** Model bundles it trusts. */
  readonly modelDigests: readonly string[];
  /** WebAssembly modules it trusts; left out, any is accepted. */
  readonly wasmDigests?: readonly string[];
  /** Seconds a report stays good. Default: 300. */
  readonly maxAge?: number;
  /** Seconds since 1970. Default: the clock. */
  readonly now?: number;
}

/** Why a report was refused. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/** The claims of a report that is what it should be; throws {@link ReportError} for any other. */
export async function verifyReport(report: string, expected: Expected): Promise<ReportClaims> {
  const [header = '', payload = '', signature = '', ...more] = report.split('.');
  const { alg, typ, jwk } = objectFrom(header);
  refuseIf(more.length > 0 || alg !== 'ES256' || typ !== REPORT_TYPE, 'not a despoof report');
  const signed = new TextEncoder().encode(`${header}.${payload}`);
  refuseIf(!(await isSigned(jwk as JsonWebKey, signature, signed)), 'the signature does not fit');
  const claims = objectFrom(payload) as unknown as ReportClaims;
  const { maxAge = 300, now = Date.now() / 1000, wasmDigests } = expected;
  refuseIf(claims.nonce !== expected.nonce, 'for another nonce');
  refuseIf(claims.origin !== expected.origin, 'from another origin');
  refuseIf(!(Math.abs(now - claims.iat) <= maxAge), 'too old, or from the future');
  refuseIf(!expected.modelDigests.includes(claims.modelDigest), 'made with another model');
  refuseIf(wasmDigests?.includes(claims.wasmDigest ?? '') === false, 'made with another WebAssembly module');
  return claims;
}

async function isSigned(jwk: JsonWebKey, signature: string, signed: BufferSource): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, bytesFrom(signature), signed);
  } catch {
    // Whatever is no key on this curve has signed nothing, and what is not base64 is no signature.
    return false;
  }
}

function objectFrom(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytesFrom(part)));
    refuseIf(typeof value !== 'object' || value === null, 'not a despoof report');
    return value as Record<string, unknown>;
  } catch (cause) {
    throw new ReportError('not a despoof report', { cause });
  }
}

function bytesFrom(base64Url: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64Url.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function refuseIf(refused: boolean, reason: string): void {
  if (refused) {
    throw new ReportError(reason);
  }
}
