import { existsSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Doubt } from '@mememoji/vision/result';
import type { Analyzer } from 'mememoji/analyzer';
import { createAnalyzer, type ImageSource } from 'mememoji/node';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ASTRONAUT = fileURLToPath(new URL('../../../test/fixtures/astronaut.png', import.meta.url));
const PHOTOS = fileURLToPath(new URL('../../../../shared/data/photos/', import.meta.url));

let analyzer: Analyzer<ImageSource>;
beforeAll(async () => {
  analyzer = await createAnalyzer();
});
afterAll(() => analyzer.close());

async function doubtsOf(photo: Sharp | string): Promise<readonly (readonly Doubt[])[]> {
  const { faces } = await analyzer.analyze(typeof photo === 'string' ? photo : await photo.png().toBuffer());
  return faces.map(({ doubts }) => doubts);
}

describe('a good photo', () => {
  it('is not doubted', async () => {
    expect(await doubtsOf(ASTRONAUT)).toEqual([[]]);
  });

  it('is doubted when its face is made small', async () => {
    // The face of 108 pixels keeps 42, and then 21.
    expect(await doubtsOf(sharp(ASTRONAUT).resize(200))).toEqual([[]]);
    expect((await doubtsOf(sharp(ASTRONAUT).resize(100)))[0]).toContain('small');
  });

  it('is doubted when it is blurred', async () => {
    expect((await doubtsOf(sharp(ASTRONAUT).blur(1)))[0]).not.toContain('blurred');
    expect((await doubtsOf(sharp(ASTRONAUT).blur(6)))[0]).toContain('blurred');
  });
});

describe.skipIf(!existsSync(PHOTOS))('the photos for development', () => {
  // All of their faces are large, sharp, and turned by three quarters at most; some expressions are ambiguous.
  it('are doubted for nothing but an unclear expression', { timeout: 300_000 }, async () => {
    let faces = 0;
    for (const photo of globSync('*.{jpg,png}', { cwd: PHOTOS })) {
      for (const doubts of await doubtsOf(PHOTOS + photo)) {
        expect([photo, doubts.filter((doubt) => doubt !== 'unclear')]).toEqual([photo, []]);
        faces++;
      }
    }
    expect(faces).toBeGreaterThan(20);
  });
});
