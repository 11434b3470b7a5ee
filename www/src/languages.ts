/** The list of languages. */

import type { DespoofCheckElement, Locale } from 'despoof/element';

/** Each loaded when it is chosen. */
const LANGUAGES: Readonly<Record<string, { name: string; load: () => Promise<{ default: Locale }> }>> = {
  en: { name: 'English', load: () => import('despoof/locales/en') },
  zh: { name: '中文', load: () => import('despoof/locales/zh') },
  es: { name: 'Español', load: () => import('despoof/locales/es') },
  fr: { name: 'Français', load: () => import('despoof/locales/fr') },
  de: { name: 'Deutsch', load: () => import('despoof/locales/de') },
  pt: { name: 'Português', load: () => import('despoof/locales/pt') },
  hi: { name: 'हिन्दी', load: () => import('despoof/locales/hi') },
  ar: { name: 'العربية', load: () => import('despoof/locales/ar') },
};

/** Offers the languages for an element, and starts with the browser's. */
export function offerLanguages(check: DespoofCheckElement, select: HTMLSelectElement): void {
  const preferred = navigator.languages.map((language) => language.split('-')[0]!).find((lang) => lang in LANGUAGES);
  select.replaceChildren(
    ...Object.entries(LANGUAGES).map(([lang, { name }]) => {
      const option = new Option(name, lang);
      option.lang = lang;
      return option;
    }),
  );
  const choose = async (lang: string) => {
    const { default: locale } = await LANGUAGES[lang]!.load();
    check.locale = locale;
  };
  select.value = preferred ?? 'en';
  select.addEventListener('change', () => void choose(select.value));
  if (select.value !== 'en') {
    void choose(select.value);
  }
}
