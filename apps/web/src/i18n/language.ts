import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Memory } from '../memory.ts';
import en from './en.json' with { type: 'json' };

/** Every text of the app, by name. The English file is the measure; a test holds the others to it. */
export type TextKey = keyof typeof en;
export type Texts = Readonly<Record<TextKey, string>>;

/** Languages and their own names. Another one is a file of texts here and a line below. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type LanguageCode = keyof typeof LANGUAGES;

const LOADERS: Readonly<Record<LanguageCode, () => Promise<Texts>>> = {
  en: async () => en,
  de: async () => (await import('./de.json', { with: { type: 'json' } })).default,
};

/** A text with its `{name}`s filled in. */
export type Translate = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string;

/** The language that the page speaks; remembered on the device. */
export class Language {
  readonly code: Signal<LanguageCode> = signal('en');
  /** Changes with the language, so that whoever calls it while drawing is drawn anew. */
  readonly translate: ReadonlySignal<Translate>;
  readonly #texts: Signal<Texts> = signal(en);
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.translate = computed(() => translator(this.#texts.value));
  }

  /** Speaks the language chosen last, else the first of the browser's that is known. */
  async start(preferred: readonly string[]): Promise<void> {
    const known = [this.#memory.getItem('language'), ...preferred]
      .map(parseLanguage)
      .find((code) => code !== undefined);
    await this.#speak(known ?? 'en');
  }

  async choose(code: LanguageCode): Promise<void> {
    this.#memory.setItem('language', code);
    await this.#speak(code);
  }

  async #speak(code: LanguageCode): Promise<void> {
    this.#texts.value = await LOADERS[code]();
    this.code.value = code;
    document.documentElement.lang = code;
  }
}

/** `de-AT` is German; undefined for a language without texts. */
export function parseLanguage(tag: string | null): LanguageCode | undefined {
  const code = tag?.toLowerCase().split('-')[0];
  return code === 'en' || code === 'de' ? code : undefined;
}

/** Fills `{name}` by values; a name without value stays as it is, to be seen. */
export function fillText(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function translator(texts: Texts): Translate {
  return (key, values = {}) => fillText(texts[key], values);
}
