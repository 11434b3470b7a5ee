/** Fetching with byte counts and with errors that name the file. */

import { DespoofError, messageOf } from '../errors.js';

/** Is told how many bytes have arrived since the last call. */
export type OnBytes = (count: number) => void;

/** Fetches a file that has to be there. */
export async function fetchAsset(url: string, init?: RequestInit): Promise<Response> {
  let response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    throw fetchError(url, messageOf(error), error);
  }
  if (!response.ok) {
    throw fetchError(url, `the server answered ${response.status}`);
  }
  return response;
}

/** Reads a body to its end. */
export async function bytesFromResponse(response: Response, onBytes: OnBytes): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  try {
    // Not `for await`: Safari's streams cannot be iterated.
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
      chunks.push(part.value);
      onBytes(part.value.byteLength);
    }
  } catch (error) {
    throw fetchError(response.url, messageOf(error), error);
  }
  return joined(chunks);
}

/** The length a server announces; `undefined` where it compresses and the number means something else. */
export function announcedBytes(response: Response): number | undefined {
  const length = response.headers.get('Content-Length');
  return length === null || response.headers.has('Content-Encoding') ? undefined : Number(length);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

function fetchError(url: string, reason: string, cause?: unknown): DespoofError {
  return new DespoofError('asset_fetch_failed', `${url} could not be loaded: ${reason}`, { cause });
}
