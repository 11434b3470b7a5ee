// What every browser test fails on: violations of the policy, requests to other origins, errors nobody caught.

/**
 * Watches a page of a site of `site.mjs`, before it goes anywhere.
 *
 * @returns what was seen: `requests` counts requests to any server, `troubles()` says what must not have happened
 */
export async function watch(page, site) {
  const seen = { requests: 0 };
  const troubles = [];
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http')) {
      seen.requests += 1;
      if (origin !== site.origin) {
        troubles.push(`request to another origin: ${request.url()}`);
      }
    }
  });
  page.on('pageerror', ({ message }) => troubles.push(`error nobody caught: ${message}`));
  await page.exposeFunction('tellViolation', (violation) => troubles.push(`violation of the policy: ${violation}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      window.tellViolation(`${violatedDirective} ${blockedURI}`),
    );
  });
  // Those of workers reach the server only.
  seen.troubles = () => [...troubles, ...site.violations.map((report) => `reported violation of the policy: ${report}`)];
  return seen;
}

/** Fails on any trouble, and notes the number of requests for `totals.mjs`. */
export function settle(seen, testInfo, expect) {
  testInfo.annotations.push({ type: 'requests', description: `${seen.requests}` });
  expect(seen.troubles()).toEqual([]);
}
