/** Digests, where the browser computes them. */

/** SHA-256 in hexadecimal digits; none on pages that are not secure. */
export async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  // Typed as always there; browsers leave it out on pages that are not secure.
  const subtle = crypto.subtle as SubtleCrypto | undefined;
  if (subtle === undefined) {
    return undefined;
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
