import { type Signal, signal } from '@preact/signals';
import type { Memory } from './memory.ts';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type ThemeName = (typeof THEMES)[number];

/** Light or dark: as the system says, until the person says otherwise. Remembered on the device. */
export class Theme {
  readonly name: Signal<ThemeName>;
  /** Counts up when the colours on the screen changed, for what is drawn on canvases. */
  readonly changes: Signal<number> = signal(0);
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.name = signal(parseTheme(memory.getItem('theme')));
    this.#apply();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#apply());
  }

  choose(name: ThemeName): void {
    this.#memory.setItem('theme', name);
    this.name.value = name;
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.name.value;
    this.changes.value++;
  }
}

function parseTheme(name: string | null): ThemeName {
  return THEMES.find((theme) => theme === name) ?? 'auto';
}
