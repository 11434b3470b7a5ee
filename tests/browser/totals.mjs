// A Playwright reporter: what `watch.mjs` recorded, summed over all tests.

export default class Totals {
  #pages = 0;
  #requests = 0;

  onTestEnd(_test, { annotations }) {
    for (const { type, description } of annotations) {
      if (type === 'requests') {
        this.#pages += 1;
        this.#requests += Number(description);
      }
    }
  }

  onEnd({ status }) {
    const troubles = status === 'passed' ? '; none to another origin, no violation of the policy' : '';
    console.log(`watched ${this.#pages} pages with ${this.#requests} requests${troubles}`);
  }
}
