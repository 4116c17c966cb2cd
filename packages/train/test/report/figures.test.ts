/** What the figures draw, measured in the drawing: places, lengths and texts against the numbers. */
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReport } from '../../src/report/create-report.ts';
import { type Figure, fileSvg, pageSvg } from '../../src/report/figure.ts';
import { drawFigures, type Figures } from '../../src/report/figures.ts';
import type { Report } from '../../src/report/report.ts';
import { folderForAll } from '../helpers/tiny-run.ts';
import { datasetOf, FACES, writeRowReader } from './row-reader.ts';

const folder = folderForAll();
let report: Report;
let figures: Figures;

beforeAll(async () => {
  const spec = {
    uncertainBelow: 0.7,
    labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'] as const,
  };
  const file = writeRowReader(folder, 'reader.onnx', { ...spec, labels: [...spec.labels] });
  const measured = await createReport(file, datasetOf(FACES), { split: 'PublicTest' });
  report = measured.report;
  figures = drawFigures(measured);
}, 60_000);

const drawn = (figure: Figure | undefined) => parseHTML(fileSvg(figure!, report)).document;
const texts = (figure: Figure | undefined) =>
  [...drawn(figure).querySelectorAll('text')].map((one) => one.textContent ?? '');
const numbers = (nodes: Iterable<Element>, attribute: string) =>
  Array.from(nodes, (one) => Number(one.getAttribute(attribute)));

describe('confusion matrix', () => {
  it('prints each share in percent, and fills its cell as strongly', () => {
    const cells = [...drawn(figures.confusion).querySelectorAll('rect[fill-opacity]')];
    expect(cells).toHaveLength(49);
    const strength = numbers(cells, 'fill-opacity');
    expect(strength[3 * 7 + 3]).toBe(0.75); // happy read as happy
    expect(strength[3 * 7 + 5]).toBe(0.25);
    expect(strength[0 * 7 + 1]).toBe(1);
    expect(texts(figures.confusion).filter((text) => text === '75')).toHaveLength(1);
  });

  it('prints counts beside it', () => {
    expect(texts(figures.confusionCounts).filter((text) => text === '3')).toHaveLength(1);
  });

  it('has the truth in rows and the answers in columns', () => {
    const cells = [...drawn(figures.confusion).querySelectorAll('rect[fill-opacity]')];
    const [x, y] = [numbers(cells, 'x'), numbers(cells, 'y')];
    expect(x[1]).toBeGreaterThan(x[0]!);
    expect(y[1]).toBe(y[0]);
    expect(y[7]).toBeGreaterThan(y[0]!);
  });
});

describe('ranks', () => {
  it('stacks bars as long as the shares', () => {
    const bars = [...drawn(figures.ranks).querySelectorAll('g[aria-label=bar] rect')].slice(0, 4);
    const widths = numbers(bars, 'width').map((width) => width + 1); // each has a gap of one pixel
    const whole = widths.reduce((a, b) => a + b);
    expect(widths.map((width) => width / whole)).toEqual([0.6, 0.2, 0.1, 0.1].map((share) => expect.closeTo(share, 2)));
  });
});

describe('reliability', () => {
  it('draws a bar for each bin with faces, as high as its accuracy', () => {
    const plots = drawn(figures.reliability).querySelectorAll('g[aria-label=rect]');
    const filled = report.reliability.before.filter(({ count }) => count > 0);
    const [before] = [...plots].map((plot) => [...plot.querySelectorAll('rect')]);
    expect(before!.length).toBe(2 * filled.length); // the temperature is 1: after is as before
    const heights = numbers(before!.slice(0, filled.length), 'height');
    const full = Math.max(...heights);
    const most = Math.max(...filled.map(({ accuracy }) => accuracy));
    filled.forEach(({ accuracy }, i) => {
      // Insets take a pixel.
      expect(heights[i]! / full).toBeCloseTo(accuracy / most, 1);
    });
  });

  it('tells the error before and after', () => {
    const { ece } = report.evaluations.single;
    expect(texts(figures.reliability)).toEqual(
      expect.arrayContaining([`before: ECE ${ece.toFixed(3)}`, `after: ECE ${ece.toFixed(3)}`]),
    );
  });
});

describe('coverage', () => {
  it('marks the threshold on the curve', () => {
    const { document } = parseHTML(fileSvg(figures.coverage, report));
    const path = document.querySelector('g[aria-label=line] path')!.getAttribute('d')!;
    const dot = document.querySelector('g[aria-label=dot] circle')!;
    const [x, y] = ['cx', 'cy'].map((name) => Number(dot.getAttribute(name)));
    const points = [...path.matchAll(/[ML]([\d.]+),([\d.]+)/g)].map(([, a, b]) => [Number(a), Number(b)]);
    expect(points).toContainEqual([expect.closeTo(x!, 1), expect.closeTo(y!, 1)]);
    expect(figures.coverage.caption).toContain('it keeps 70.0% of the faces, and 57.1% of those are right');
  });

  it('says so where no face is certain', () => {
    const none = drawFigures({
      report: { ...report, coverage: { ...report.coverage, threshold: null } },
      pictures: new Map(),
    });
    expect(none.coverage.caption).toContain('which here is every face');
    expect(drawn(none.coverage).querySelectorAll('g[aria-label=dot] circle')).toHaveLength(0);
  });
});

describe('accuracy', () => {
  it('has an interval and a value for each way to count', () => {
    const shown = texts(figures.accuracy);
    for (const text of ['60.0%', '80.0%', '55.6%', '77.8%', 'all faces, 10', 'without duplicates, 9'])
      expect(shown).toContain(text);
    expect(drawn(figures.accuracy).querySelectorAll('g[aria-label=rule] line')).toHaveLength(12);
    expect(figures.accuracy.caption).toContain('1 face stands in Training too');
  });
});

describe('faces', () => {
  it('stand with the answer and the label below them', () => {
    const shown = texts(figures.mistakes);
    expect(shown.slice(2)).toEqual(
      expect.arrayContaining(['label: sad', 'label: disgust', expect.stringMatching(/^neutral 9\d%$/)]),
    );
    expect(drawn(figures.mistakes).querySelectorAll('image')).toHaveLength(4);
    expect(texts(figures.examples).filter((text) => text.startsWith('✓'))).toHaveLength(6);
    expect(texts(figures.examples).filter((text) => text.startsWith('✗'))).toHaveLength(4);
  });
});

describe('learning curves', () => {
  const epoch = {
    epoch: 1,
    learningRate: 0.1,
    loss: 2,
    validationLoss: 1,
    validationAccuracy: 0.4,
    seconds: 9,
    imagesPerSecond: 7,
  };
  const curves = (epochs: (typeof epoch)[]) => {
    const training = { epochs, status: null, seconds: null, trainingSamples: null };
    return drawFigures({ report: { ...report, training }, pictures: new Map() }).learningCurves;
  };

  it('are left out where the training is not known', () => expect(curves([])).toBeUndefined());

  it('are points for one epoch and lines for many', () => {
    const one = drawn(curves([epoch]));
    expect(one.querySelectorAll('g[aria-label=dot] circle').length).toBe(4); // two losses, the accuracy, its best
    const many = Array.from({ length: 30 }, (_, i) => ({
      ...epoch,
      epoch: i + 1,
      validationAccuracy: 0.4 + 0.01 * Math.min(i, 20),
    }));
    expect(curves(many)?.caption).toContain('Best validation accuracy 60.0% in epoch 21 of 30');
    expect(drawn(curves(many)).querySelectorAll('g[aria-label=line] path')).toHaveLength(3);
  });
});

describe('every figure', () => {
  const all = () => Object.values(figures).filter((figure) => figure !== undefined);

  it('follows the colours of the page it is put into, or has its own', () => {
    for (const figure of all()) {
      const own = pageSvg(figure).replace(/href="data:[^"]*"/g, '');
      expect(own, figure.name).not.toMatch(/#[0-9a-f]{6}\b/);
      expect(own, figure.name).toContain('var(--');
      expect(fileSvg(figure, report), figure.name).not.toContain('var(--');
    }
  });

  it('is one SVG whose parts do not lie over each other', () => {
    for (const figure of all()) {
      const { document } = parseHTML(pageSvg(figure));
      const root = document.querySelector('svg')!;
      const parts = [...root.children].filter((child) => child.tagName.toLowerCase() === 'svg');
      const tops = numbers(parts, 'y');
      const heights = numbers(parts, 'height');
      expect(tops).toEqual(heights.map((_, i) => heights.slice(0, i).reduce((a, b) => a + b, 0)));
      expect(Number(root.getAttribute('height'))).toBe(heights.reduce((a, b) => a + b));
    }
  });

  it('has a table with rows of equal length', () => {
    for (const { name, table } of all()) {
      expect(new Set(table.map((row) => row.length)).size, name).toBe(1);
      expect(table.length, name).toBeGreaterThan(1);
    }
  });
});
