import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillText, LANGUAGES, parseLanguage } from '../src/i18n/language.ts';

const FOLDER = join(import.meta.dirname, '../src/i18n');
const readTexts = (code: string): Record<string, string> =>
  JSON.parse(readFileSync(join(FOLDER, `${code}.json`), 'utf8'));
const namesIn = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!).sort();

describe('the texts', () => {
  const english = readTexts('en');

  it('have a file for every language, and a language for every file', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
    expect(files.sort()).toEqual(
      Object.keys(LANGUAGES)
        .map((code) => `${code}.json`)
        .sort(),
    );
  });

  it.each(Object.keys(LANGUAGES))('%s: the same keys in the same order, no text empty, the same {names}', (code) => {
    const texts = readTexts(code);
    expect(Object.keys(texts)).toEqual(Object.keys(english));
    for (const [key, text] of Object.entries(texts)) {
      expect(text.trim(), key).toBe(text);
      expect(text, key).not.toBe('');
      expect(namesIn(text), key).toEqual(namesIn(english[key]!));
    }
  });
});

it('fillText puts values in and leaves what it does not know', () => {
  expect(fillText('{count} faces, {unknown}', { count: 3 })).toBe('3 faces, {unknown}');
});

it('parseLanguage knows variants and refuses others', () => {
  expect(['de-AT', 'EN-us', 'fr', '', null].map((tag) => parseLanguage(tag))).toEqual([
    'de',
    'en',
    undefined,
    undefined,
    undefined,
  ]);
});
