import { describe, expect, it } from 'vitest';
import type { Classifier } from '../src/classifier-session.ts';
import type { Dataset } from '../src/dataset.ts';
import { teach } from '../src/teacher.ts';

/** Two pictures of 4x4, black and white. */
const dataset: Dataset = {
  labels: ['angry', 'happy'],
  width: 4,
  height: 4,
  count: 3,
  pixels: Uint8Array.from({ length: 48 }, (_, i) => (i < 16 ? 0 : 200)),
  targets: Uint8Array.of(0, 1, 1),
  splits: Uint8Array.of(0, 0, 0),
  rows: Uint32Array.of(0, 1, 2),
  source: { path: 'made', sha256: '0' },
};

/** Says `logit` for happy where the first pixel is bright, else for angry. */
function teacher(labels: Classifier['spec']['labels'], logit: number): Classifier {
  const spec = { labels, input: { name: 'pixels', width: 4, height: 4, range: [0, 255] } } as Classifier['spec'];
  return {
    spec,
    close: async () => undefined,
    run: async (pixels, count) =>
      Float32Array.from({ length: count * 2 }, (_, i) => {
        const bright = pixels[Math.floor(i / 2) * 16]! > 100;
        return labels[i % 2] === (bright ? 'happy' : 'angry') ? logit : 0;
      }),
  };
}

describe('teach', () => {
  it('gives softened probabilities for the rows asked for, by label and not by position', async () => {
    const taught = await teach([teacher(['happy', 'angry'], 2)], dataset, Uint32Array.of(0, 2), {
      temperature: 2,
      view: 'flip',
    });
    const sure = Math.exp(1) / (Math.exp(1) + 1);
    for (const [i, value] of [sure, 1 - sure, 0, 0, 1 - sure, sure].entries()) expect(taught[i]).toBeCloseTo(value, 6);
  });

  it('averages teachers', async () => {
    const teachers = [teacher(['angry', 'happy'], 4), teacher(['angry', 'happy'], 0)];
    const taught = await teach(teachers, dataset, Uint32Array.of(1), { temperature: 1, view: 'single' });
    expect(taught[3]).toBeCloseTo((Math.exp(4) / (Math.exp(4) + 1) + 0.5) / 2, 6);
  });

  it('refuses a teacher of other classes', async () => {
    await expect(
      teach([teacher(['sad', 'angry'], 1)], dataset, Uint32Array.of(0), { temperature: 1, view: 'single' }),
    ).rejects.toMatchObject({ code: 'BAD_CLASSES' });
  });
});
