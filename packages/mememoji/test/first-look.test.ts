import type { Detection } from '@mememoji/vision/blaze-face';
import type { PixelImage } from '@mememoji/vision/image';
import { DETECTION_PLANS, type DetectionMode, detectFaces } from 'mememoji/detector';
import { isEnough, WEAK_SCORE } from 'mememoji/first-look';
import type { Session } from 'mememoji/session';
import { describe, expect, it } from 'vitest';
import { cellImage, FakeSession } from './fakes.ts';

const POINT = { x: 0, y: 0 };
const LANDMARKS = { rightEye: POINT, leftEye: POINT, nose: POINT, mouth: POINT, rightEar: POINT, leftEar: POINT };
const SCREEN = { width: 640, height: 480 };

function candidate(score: number, x: number, side: number): Detection {
  return { score, box: { x, y: 50, width: side, height: side }, landmarks: LANDMARKS };
}

describe('isEnough', () => {
  const large = candidate(0.9, 100, 200);

  it('is content with large faces and nothing else', () => {
    expect(isEnough([large], 256, SCREEN, 0.5)).toBe(true);
    expect(isEnough([large, candidate(0.8, 400, 100)], 256, SCREEN, 0.5)).toBe(true);
  });

  it('is not where nothing was found', () => {
    expect(isEnough([], 256, SCREEN, 0.5)).toBe(false);
    expect(isEnough([candidate(0.4, 100, 200)], 256, SCREEN, 0.5)).toBe(false);
  });

  it('is not where a face is small, alone or beside a large one', () => {
    // 0.15 of 640 pixels are 96.
    expect(isEnough([candidate(0.9, 100, 95)], 256, SCREEN, 0.5)).toBe(false);
    expect(isEnough([candidate(0.9, 100, 97)], 256, SCREEN, 0.5)).toBe(true);
    expect(isEnough([large, candidate(0.6, 500, 40)], 256, SCREEN, 0.5)).toBe(false);
  });

  it('is not where something else might be a face', () => {
    expect(isEnough([large, candidate(WEAK_SCORE, 500, 40)], 256, SCREEN, 0.5)).toBe(false);
  });

  it('does not mind weaker copies of a face that it found', () => {
    expect(isEnough([large, candidate(0.3, 120, 200), candidate(0.2, 150, 60)], 256, SCREEN, 0.5)).toBe(true);
  });

  it('judges by the score that a face must reach', () => {
    expect(isEnough([large], 256, SCREEN, 0.95)).toBe(false);
    expect(isEnough([large, candidate(0.4, 400, 120)], 256, SCREEN, 0.3)).toBe(true);
  });

  it('is not where it may have overlooked a face that is large enough to be read', () => {
    // 12 pixels of 256 are 32 of 682.67.
    const face = candidate(0.9, 100, 300);
    expect(isEnough([face], 256, { width: 480, height: 682 }, 0.5)).toBe(true);
    expect(isEnough([face], 256, { width: 480, height: 683 }, 0.5)).toBe(false);
    expect(isEnough([face], 512, { width: 1280, height: 960 }, 0.5)).toBe(true);
  });
});

describe('detectFaces', () => {
  /** Sees in every look what it is told: faces of 0..1 of the input's width, with a score. */
  function seeing(faces: readonly { column: number; share: number; logit: number }[]): [Session, number[]] {
    const sizes: number[] = [];
    const session = new FakeSession('image', ['reg', 'cls'], ({ dims }) => {
      const [, , height, width] = dims as [number, number, number, number];
      sizes.push(width);
      const anchors = (width / 4) * (height / 4);
      const reg = new Float32Array(anchors * 16);
      const cls = new Float32Array(anchors).fill(-20);
      for (const { column, share, logit } of faces) {
        const anchor = Math.floor(height / 8) * (width / 4) + Math.floor((column * width) / 4);
        cls[anchor] = logit;
        reg.set([0, 0, share * width, share * width], anchor * 16);
      }
      return { reg: { data: reg, dims: [1, anchors, 16] }, cls: { data: cls, dims: [1, anchors, 1] } };
    });
    return [session, sizes];
  }

  async function look(
    mode: DetectionMode,
    faces: Parameters<typeof seeing>[0],
    image: PixelImage = cellImage(640, 480, []),
  ): Promise<{ sizes: number[]; faces: Detection[] }> {
    const [session, sizes] = seeing(faces);
    const found = await detectFaces(session, image, { ...DETECTION_PLANS[mode], minDetection: 0.5 });
    return { sizes, faces: found };
  }

  const LARGE = { column: 0.5, share: 0.4, logit: 3 };

  it('looks once at a small photo of a large face', async () => {
    const { sizes, faces } = await look('photo', [LARGE]);
    expect(sizes).toEqual([256]);
    expect(faces.map(({ box }) => Math.round(box.width))).toEqual([256]);
  });

  it.each([
    ['nothing was found', []],
    ['a face is small', [{ ...LARGE, share: 0.1 }]],
    ['something else might be a face', [LARGE, { column: 0.1, share: 0.05, logit: -2 }]],
  ] satisfies [string, Parameters<typeof seeing>[0]][])('looks on where %s', async (_, faces) => {
    expect((await look('photo', faces)).sizes).toEqual([256, 128, 640]);
  });

  it('looks on in a large photo, and always when it is to be thorough', async () => {
    expect((await look('photo', [LARGE], cellImage(1280, 960, []))).sizes).toEqual([256, 128, 768]);
    expect((await look('thorough', [LARGE])).sizes).toEqual([256, 128, 640]);
  });

  it('looks once at a frame of a video, whatever is in it', async () => {
    expect((await look('video', [])).sizes).toEqual([192]);
  });

  it('never takes a weak candidate for a face', async () => {
    const weak = { column: 0.1, share: 0.05, logit: -2 };
    const [photo, thorough] = [await look('photo', [LARGE, weak]), await look('thorough', [LARGE, weak])];
    expect(photo.faces).toHaveLength(1);
    expect(photo.faces).toEqual(thorough.faces);
  });
});
