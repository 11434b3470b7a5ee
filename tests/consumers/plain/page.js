import './node_modules/despoof/dist/element/index.js';

// So that the tests can try other languages and a second element.
const language = new URLSearchParams(location.search).get('lang');
const check = document.querySelector('despoof-check');
if (language !== null) {
  const { default: locale } = await import(`./node_modules/despoof/dist/locales/${language}.js`);
  document.documentElement.lang = locale.lang;
  document.documentElement.dir = locale.direction;
  check.locale = locale;
}
