import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeNotTested, OPTIONAL_PARTS } from '../scripts/not-tested-reporter.ts';
import { hasChromium } from './chromium.ts';
import { hasFfmpeg } from './ffmpeg.ts';
import { hasPostgres } from './postgres.ts';

describe('what is not tested', () => {
  it.each([
    ['ffmpeg', hasFfmpeg],
    ['PostgreSQL', hasPostgres],
    ['Chromium', hasChromium],
    ['FER2013', existsSync(new URL('../../shared/data/fer2013/fer2013.csv.gz', import.meta.url))],
    ['photos', existsSync(new URL('../../shared/data/photos', import.meta.url))],
  ])('names %s where its tests are skipped for want of it, and only there', (name, isHere) => {
    const parts = OPTIONAL_PARTS.filter(({ what }) => what.includes(name));
    expect(parts.map((part) => part.isHere)).toEqual([isHere]);
    const missing = parts.map(({ what }) => ({ what, isHere: false }));
    expect(describeNotTested(missing, [])).toMatch(new RegExp(`Not tested here:\n  missing: .*${name}`));
    expect(describeNotTested(parts, []).includes(name)).toBe(!isHere);
  });

  it('lists each test that was skipped, also where nothing is known to be missing', () => {
    const told = describeNotTested([{ what: 'a card', isHere: true }], ['a.test.ts > one', 'b.test.ts > two']);
    expect(told).toBe('\nNot tested here:\n  skipped: a.test.ts > one\n  skipped: b.test.ts > two\n');
  });

  it('is not mentioned where all is there', () => {
    expect(describeNotTested([{ what: 'a card', isHere: true }], [])).toBe('');
  });
});
