import type { PixelImage } from '@mememoji/vision/image';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { colourAt, INFERNO, VIRIDIS } from '../../src/explain/draw/colour-map.ts';
import { drawFeatureGrid } from '../../src/explain/draw/feature-grid.ts';
import { renderPng, text, textFigure } from '../../src/explain/draw/figure.ts';
import { findPanels } from '../../src/explain/draw/panels.ts';
import { DIVERGING } from '../../src/explain/draw/scale.ts';
import { drawParts, drawSheet } from '../../src/explain/draw/sheet.ts';
import type { Explanation } from '../../src/explain/explanation.ts';

/** A grey photo of one colour. */
const photo: PixelImage = { width: 8, height: 8, channels: 3, data: new Uint8Array(8 * 8 * 3).fill(100) };

const explanation: Explanation = {
  model: 'tiny 1',
  expression: 'happy',
  probabilities: { happy: 0.75, sad: 0.25 },
  picture: { width: 2, height: 2, data: Float32Array.of(0, 255, 128, 64) },
  features: [
    { layer: 'Relu_1', channels: 3, width: 2, height: 1, data: Float32Array.of(0, 1, 5, 3, 2, 2) },
    { layer: 'Relu_2', channels: 40, width: 1, height: 1, data: new Float32Array(40) },
  ],
  gradcam: { layer: 'Relu_2', width: 2, height: 2, data: Float32Array.of(4, 0, 0, 0) },
  occlusion: { patch: 1, stride: 1, width: 2, height: 2, data: Float32Array.of(-0.5, 0, 0, 0.25) },
};

/** Colour of a pixel of a panel's picture, in shares of its width and height. */
function pixelOf(name: string, x: number, y: number): number[] {
  const figure = findPanels(explanation, photo)
    .find((panel) => panel.name === name)!
    .draw(40);
  const { image } = figure.pictures.find((picture) => picture.image.width === 40 && picture.image.height === 40)!;
  const at = (Math.floor(y * 39) * 40 + Math.floor(x * 39)) * 3;
  return [...image.data.subarray(at, at + 3)];
}

describe('colour maps', () => {
  it.each([
    [VIRIDIS, ['440154', '3b528b', '21918c', '5ec962', 'fde725']],
    [INFERNO, ['000004', '57106e', 'bc3754', 'f98e09', 'fcffa4']],
  ])('$name is that of matplotlib, but for a few shades', (map, wanted) => {
    wanted.forEach((colour, i) => {
      const own = colourAt(map, [0, 64, 128, 191, 255][i]! / 255);
      own.forEach((part, channel) => {
        const theirs = Number.parseInt(colour.slice(2 * channel, 2 * channel + 2), 16);
        expect(Math.abs(part - theirs), `${colour} ${hex(own)}`).toBeLessThanOrEqual(7);
      });
    });
  });

  it('end where their values end', () => {
    expect(colourAt(INFERNO, -3)).toEqual(colourAt(INFERNO, 0));
    expect(colourAt(INFERNO, 9)).toEqual(colourAt(INFERNO, 1));
  });
});

describe('panels', () => {
  it('are those of what was found', () => {
    expect(findPanels(explanation, photo).map(({ name }) => name)).toEqual(['photo', 'input', 'gradcam', 'occlusion']);
  });

  it('show the pixels that the net sees as blocks', () => {
    expect(pixelOf('input', 0.2, 0.2)).toEqual([0, 0, 0]);
    expect(pixelOf('input', 0.9, 0.4)).toEqual([255, 255, 255]);
    expect(pixelOf('input', 0.1, 0.6)).toEqual([128, 128, 128]);
  });

  it('glow where Grad-CAM is large', () => {
    const [bright, dark] = [pixelOf('gradcam', 0, 0), pixelOf('gradcam', 1, 1)];
    expect(bright[0]).toBeGreaterThan(150);
    expect(Math.max(...dark)).toBeLessThan(60);
  });

  it('are red for the expression, blue against it, and the photo where nothing is', () => {
    const [against, neutral, half] = [
      pixelOf('occlusion', 0, 0),
      pixelOf('occlusion', 1, 0),
      pixelOf('occlusion', 1, 1),
    ];
    expect(against[2]).toBeGreaterThan(against[0]! + 80);
    expect(neutral).toEqual([100, 100, 100]);
    expect(half[0]).toBeGreaterThan(half[2]! + 20);
    expect(DIVERGING.over(0.5, 77)).toEqual([77, 77, 77]);
  });

  it('do not fail where a map says nothing', () => {
    const flat = { ...explanation, gradcam: { layer: 'x', width: 1, height: 1, data: new Float32Array(1) } };
    const { marks } = findPanels(flat, photo)[2]!.draw(10);
    expect(marks).toContain('>0<');
    expect(marks).not.toContain('NaN');
  });
});

describe('a grid of feature maps', () => {
  it('draws each map in the colours of its own range', () => {
    const { pictures } = drawFeatureGrid(explanation.features![0]!, 306);
    const { image } = pictures[0]!;
    const side = (image.width - 2 * 3) / 3;
    const colourIn = (channel: number, share: number): string => {
      const at = (Math.floor(image.height / 2) * image.width + Math.floor(channel * (side + 3) + share * side)) * 3;
      return hex([image.data[at]!, image.data[at + 1]!, image.data[at + 2]!]);
    };
    const [low, high] = [hex(VIRIDIS.colours[0]!), hex(VIRIDIS.colours.at(-1)!)];
    expect([colourIn(0, 0.25), colourIn(0, 0.75)]).toEqual([low, high]);
    expect([colourIn(1, 0.25), colourIn(1, 0.75)]).toEqual([high, low]);
    expect([colourIn(2, 0.25), colourIn(2, 0.75)]).toEqual([low, low]);
  });

  it.each([1, 7, 16, 32, 48, 64, 96, 192, 256, 997])('of %i maps is no wider than it may be', (channels) => {
    const maps = { layer: 'x', channels, width: 5, height: 5, data: new Float32Array(channels * 25) };
    const { image } = drawFeatureGrid(maps, 1320).pictures[0]!;
    expect(image.width).toBeLessThanOrEqual(1320);
    expect(image.width * image.height).toBeGreaterThanOrEqual(channels * 36 * 36);
  });
});

describe('a sheet', () => {
  it('is a PNG that holds all panels and grids', async () => {
    const { png } = await drawSheet(explanation, photo, 'a <strange> & "odd" name.png');
    const { format, width, height, channels } = await sharp(png).metadata();
    expect({ format, width, channels }).toEqual({ format: 'png', width: 1400, channels: 3 });
    const only = await drawSheet({ ...explanation, features: [] }, photo, 'x');
    expect((await sharp(only.png).metadata()).height).toBeLessThan(height!);
  });

  it('comes with each of its parts as a picture', async () => {
    const parts = await drawParts(explanation, photo);
    expect(parts.map(({ name }) => name)).toEqual([
      'photo',
      'input',
      'gradcam',
      'occlusion',
      'features-1',
      'features-2',
    ]);
    for (const { png } of parts) expect((await sharp(png).metadata()).format).toBe('png');
  });

  it('shows text as it is', async () => {
    expect(text(0, 0, 'a < b & c > d')).toContain('>a &lt; b &amp; c &gt; d<');
    const ink = async (content: string): Promise<number> => {
      const { channels } = await sharp(await renderPng(textFigure(200, 30, text(4, 20, content)))).stats();
      return 255 - channels[0]!.mean;
    };
    expect(await ink('<')).toBeGreaterThan(0);
    expect(await ink('')).toBe(0);
  });
});

function hex(colour: readonly number[]): string {
  return colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('');
}
