/** The shape of a text table: every sentence the element shows. */

import type { ErrorCode } from '../errors.js';
import type { Outcome, Stage } from '../protocol.js';
import type { ReasonCode } from '../reasons.js';
import type { HintCode } from '../session/gates.js';

/** A heading and what it means. */
export interface Message {
  readonly title: string;
  readonly sentence: string;
}

/** Every text. Words in braces are filled in. */
export interface Texts {
  readonly start: {
    readonly title: string;
    readonly camera: string;
    readonly local: string;
    readonly kept: string;
    readonly button: string;
    readonly photo: string;
  };
  readonly loading: {
    readonly title: string;
    /** `{loaded}` megabytes. */
    readonly some: string;
    /** `{loaded}` of `{total}` megabytes. */
    readonly bytes: string;
    readonly prepare: string;
  };
  readonly camera: {
    readonly title: string;
    readonly instructions: string;
    /** Label of the preview. */
    readonly preview: string;
    /** What the oval is for, for people who do not see it. */
    readonly oval: string;
    /** Label of the list of cameras. */
    readonly choose: string;
    /** `{taken}` of `{wanted}` pictures. */
    readonly taken: string;
  };
  readonly analysing: {
    readonly title: string;
    /** Picture `{frame}` of `{frames}`. */
    readonly frame: string;
    readonly stages: Readonly<Record<Stage, string>>;
  };
  readonly result: {
    readonly outcomes: Readonly<Record<Outcome, Message>>;
    /** `{score}`, live from `{threshold}`, `{frames}`, `{spread}`. */
    readonly score: string;
    readonly why: string;
    readonly aligned: string;
    readonly generated: string;
    readonly cue: string;
    readonly advisory: string;
    readonly again: string;
  };
  readonly error: {
    readonly title: string;
    readonly retry: string;
  };
  readonly cancel: string;
  readonly hints: Readonly<Record<HintCode, string>>;
  readonly reasons: Readonly<Record<ReasonCode, string>>;
  readonly errors: Readonly<Record<ErrorCode, string>>;
}

/** A language. */
export interface Locale {
  /** BCP 47. */
  readonly lang: string;
  readonly direction: 'ltr' | 'rtl';
  readonly texts: Texts;
}

/** Some texts, to be put in place of a locale's. */
export type TextOverrides<Table = Texts> = {
  readonly [Key in keyof Table]?: Table[Key] extends string ? string : TextOverrides<Table[Key]>;
};

/** A table with some texts replaced. */
export function overridden<Table extends object>(table: Table, overrides: TextOverrides<Table> | undefined): Table {
  if (overrides === undefined) {
    return table;
  }
  const entries = Object.entries(table).map(([key, value]) => {
    const override = (overrides as Record<string, unknown>)[key];
    return [key, typeof value === 'object' ? overridden(value, override as object | undefined) : (override ?? value)];
  });
  return Object.fromEntries(entries) as Table;
}

/** A text with the words in braces filled in. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
