import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { takeRows } from '../src/dataset.ts';
import { describeDataset } from '../src/describe.ts';
import { classDistributionPng, classDistributionSvg } from '../src/plots/class-distribution.ts';
import { datasetOf, ferLikeRows } from './helpers/fer-like.ts';

const DATASET = datasetOf(ferLikeRows({ rows: 35, size: 3 }));

describe('describeDataset', () => {
  it('counts splits and classes, and leaves out splits without rows', () => {
    const whole = describeDataset(DATASET);
    expect(whole).toMatchObject({ samples: 35, width: 3, labels: DATASET.labels });
    expect(whole.splits.Training).toMatchObject({ samples: 21, classes: { angry: 3, neutral: 3 } });
    expect(whole.splits.PrivateTest).toMatchObject({ samples: 7 });
    expect(whole.duplicates).toMatchObject({ repeatedPictures: 0, clean: { rows: 21 } });
    expect(whole).not.toHaveProperty('votes');
    expect(Object.keys(describeDataset(takeRows(DATASET, Uint32Array.of(0, 1))).splits)).toEqual(['Training']);
  });

  it('compares labels with the majority of the votes', () => {
    const rows = takeRows(DATASET, Uint32Array.of(0, 7, 3, 10, 4, 5)); // angry, angry, happy, happy, sad, surprise
    const columns = [4, 3, 1, 1, 9, 8]; // anger, sadness, happiness, happiness, not a face, unknown
    const votes = new Uint8Array(60);
    columns.forEach((column, row) => {
      votes.fill(1, row * 10, row * 10 + 3);
      votes[row * 10 + column] = 6;
    });
    expect(describeDataset({ ...rows, votes }).votes).toEqual({
      agreement: 0.75,
      agreementByClass: { angry: 0.5, happy: 1 },
      notAFace: 1,
      unknown: 1,
    });
  });
});

describe('class distribution plot', () => {
  const description = describeDataset(DATASET);

  it('is a standalone SVG with splits, classes, counts and a bar for each', () => {
    const svg = classDistributionSvg(description);
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    for (const text of ['Training (21)', 'PublicTest (7)', 'PrivateTest (7)', ...DATASET.labels]) {
      expect(svg).toContain(`>${text}</text>`);
    }
    expect(svg.match(/<rect /g)).toHaveLength(3 * 7);
  });

  it('is a PNG of twice the size, with bars whose length is the share', async () => {
    const one = takeRows(DATASET, Uint32Array.of(0, 0, 0, 6));
    const png = await classDistributionPng(describeDataset(one));
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect(info.width).toBe(1920);
    const blue = (y: number) => {
      const row = data.subarray(y * info.width * 3, (y + 1) * info.width * 3);
      return Array.from({ length: info.width }, (_, x) => x).filter((x) => row[x * 3]! < 90 && row[x * 3 + 2]! > 150)
        .length;
    };
    const lengths = Array.from({ length: info.height }, (_, y) => blue(y)).filter((length) => length > 50);
    const [longest, shortest] = [Math.max(...lengths), Math.min(...lengths)];
    expect(longest / shortest).toBeGreaterThan(2.8);
    expect(longest / shortest).toBeLessThan(3.3);
  });

  it('has no other script or reference in it', () => {
    const svg = classDistributionSvg(description);
    expect(svg).not.toMatch(/<script|href=/);
  });
});
