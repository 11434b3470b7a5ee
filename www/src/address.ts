/** Settings in the page's address. */

import type { CheckerOptions } from 'despoof';

/** `?backend=cpu` or `?backend=webgpu`, to compare the two; without it the better one is chosen. */
export function backendFromAddress({ search }: Location): NonNullable<CheckerOptions['backend']> {
  const backend = new URLSearchParams(search).get('backend');
  return backend === 'cpu' || backend === 'webgpu' ? backend : 'auto';
}
