import { describe, expect, it } from 'vitest';
import { AppError, explainError } from '../src/app-error.ts';
import { placeInCrop } from '../src/corrections/correction.ts';
import { formatTime, timeToX } from '../src/draw/plot.ts';
import { squareAround } from '../src/geometry.ts';
import { fetchPicture, parseAddress } from '../src/picture/picture-sources.ts';
import { ServerFault } from '../src/server/server-fault.ts';
import { faceAt } from './faces.ts';

describe('parseAddress', () => {
  it.each([
    ['https://example.org/a.jpg', 'https://example.org/a.jpg'],
    ['  http://example.org/ä b', 'http://example.org/%C3%A4'],
    ['data:image/png;base64,AAAA', 'data:image/png;base64,AAAA'],
    ['javascript:alert(1)', undefined],
    ['file:///etc/passwd', undefined],
    ['example.org/a.jpg', undefined],
    ['https://', undefined],
    ['', undefined],
  ])('%s', (text, expected) => expect(parseAddress(text)).toBe(expected));
});

describe('fetchPicture', () => {
  const answer = (status: number) => async () => new Response('x', { status });

  it('names the picture by its address', async () => {
    const picture = await fetchPicture('https://example.org/my%20face.jpg?x=1', answer(200));
    expect(picture.name).toBe('my face.jpg');
    expect((await fetchPicture('https://example.org/', answer(200))).name).toBe('example.org');
  });

  it('sends neither cookies nor where it comes from', async () => {
    let seen: RequestInit | undefined;
    await fetchPicture('https://example.org/a', async (_, init) => {
      seen = init;
      return new Response('x');
    });
    expect(seen).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer' });
  });

  it('tells a site that forbids reading from one without the picture', async () => {
    await expect(fetchPicture('https://example.org/a', answer(404))).rejects.toMatchObject({ key: 'url.notFound' });
    const blocked = fetchPicture('https://example.org/a', async () => {
      throw new TypeError('Failed to fetch');
    });
    await expect(blocked).rejects.toMatchObject({ key: 'url.blocked' });
  });
});

describe('explainError', () => {
  const t = (key: string, values = {}) => `${key} ${JSON.stringify(values)}`;

  it('knows the errors of the app, of the library and of the server', () => {
    expect(explainError(new AppError('camera.none'), t)).toBe('camera.none {}');
    expect(explainError(Object.assign(new Error('x'), { code: 'MODEL_NOT_FOUND' }), t)).toBe('error.models {}');
    expect(explainError(new ServerFault(429, 'too many'), t)).toBe('error.server {"message":"too many"}');
    expect(explainError(new ServerFault(502, undefined), t)).toBe('error.server {"message":"502"}');
    expect(explainError(new Error('odd'), t)).toBe('error.other {"message":"odd"}');
    expect(explainError('odd', t)).toBe('error.other {"message":"odd"}');
  });
});

it('placeInCrop moves and shrinks a face with its piece', () => {
  const face = faceAt(0, 300, 200);
  const { box, landmarks } = placeInCrop(face, squareAround(face.box, 2), 100);
  expect(box).toEqual({ x: 25, y: 25, width: 50, height: 50 });
  expect(landmarks.nose).toEqual({ x: 50, y: 55 });
});

describe('times of a plot', () => {
  it.each([
    [0, 0, '0:00'],
    [65.4, 0, '1:05'],
    [65.3, 1, '1:05.3'],
    [59.96, 1, '1:00.0'],
    [-1, 0, '0:00'],
  ])('%d s with %d digits', (seconds, digits, expected) => expect(formatTime(seconds, digits)).toBe(expected));

  it('lie across the area in proportion', () => {
    const palette = { paper: '', ink: '', soft: '', line: '', accent: '', onAccent: '' };
    const series = { angry: '', disgust: '', fear: '', happy: '', sad: '', surprise: '', neutral: '' };
    const area = { x: 50, y: 0, width: 200, height: 10 };
    const view = {
      from: 10,
      to: 20,
      area,
      unit: 1,
      palette: { ...palette, series },
      shown: new Set<never>(),
      longestGap: 1,
    };
    expect([10, 15, 20].map((time) => timeToX(view, time))).toEqual([50, 150, 250]);
  });
});
