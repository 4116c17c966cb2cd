import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { SPLITS } from '../dataset.ts';
import type { DatasetDescription } from '../describe.ts';

/** Width of the picture in CSS pixels; the PNG has twice as many. */
const WIDTH = 960;
/** Length of the axis, of the longest bar: the count stands beside it. */
const ROOM = 1.2;

interface Bar {
  split: string;
  label: string;
  /** Of the split, 0..1. */
  share: number;
  count: number;
}

/** The share of each class in each split, as bars with their counts: a whole SVG file. */
export function classDistributionSvg({ splits, labels }: Pick<DatasetDescription, 'splits' | 'labels'>): string {
  const bars = SPLITS.flatMap((split): Bar[] => {
    const { samples = 0, classes = {} } = splits[split] ?? {};
    const title = `${split} (${samples.toLocaleString('en')})`;
    return samples === 0 ? [] : labels.map((label) => bar(title, label, classes[label] ?? 0, samples));
  });
  const longest = Math.max(...bars.map(({ share }) => share), 0.01);
  const { document } = parseHTML('<html><body></body></html>');
  const figure = Plot.plot({
    document,
    width: WIDTH,
    height: 78 + 32 * labels.length,
    marginLeft: 72,
    marginRight: 16,
    marginBottom: 48,
    style: { background: 'white', color: '#222', fontFamily: 'sans-serif', fontSize: '13px' },
    fx: { label: null, domain: [...new Set(bars.map((one) => one.split))], padding: 0.12 },
    x: {
      label: 'share of the split',
      labelAnchor: 'center',
      labelArrow: 'none',
      labelOffset: 42,
      domain: [0, longest * ROOM],
      grid: true,
      ticks: 4,
      tickFormat: '.0%',
    },
    y: { label: null, domain: [...labels] },
    marks: [
      Plot.barX(bars, { fx: 'split', x: 'share', y: 'label', fill: '#3b75af' }),
      Plot.text(bars, {
        fx: 'split',
        x: 'share',
        y: 'label',
        text: (one: Bar) => one.count.toLocaleString('en'),
        textAnchor: 'start',
        dx: 4,
      }),
      Plot.ruleX([0]),
    ],
  });
  figure.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return `${figure.outerHTML}\n`;
}

function bar(split: string, label: string, count: number, samples: number): Bar {
  return { split, label, share: count / samples, count };
}

/** The same as PNG, twice as fine as the SVG's own pixels. */
export function classDistributionPng(description: Pick<DatasetDescription, 'splits' | 'labels'>): Promise<Buffer> {
  return sharp(Buffer.from(classDistributionSvg(description)), { density: 144 })
    .png()
    .toBuffer();
}
