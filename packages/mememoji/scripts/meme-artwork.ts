/**
 * Which emoji stands for each pure expression and each ordered pair. Most are one emoji of Fluent Emoji Flat, whose faces
 * share one outline and skin, so that the rest can be put together: the face of the stronger expression with a part of
 * another.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const ICONS = '@iconify-json/fluent-emoji-flat/icons.json';

/** Side of the coordinate system of every icon. */
const ICON_SIDE = 32;

/** An icon, or of it some elements of its drawing, or what lies within a rectangle. */
interface Part {
  icon: string;
  /** Positions of the elements that are drawn; all if left out. */
  elements?: readonly number[];
  /** x, y, width, height in units of the icon. */
  clip?: readonly [number, number, number, number];
  /** By how much it is moved, in the same units. */
  down?: number;
}

const whole = (icon: string): Part[] => [{ icon }];

const SKIN: Part = { icon: 'angry-face', elements: [0] };
const LAUGH: Part = { icon: 'grinning-face-with-smiling-eyes', elements: [2, 3] };
const TEAR: Part = { icon: 'crying-face', elements: [3] };
const SWEAT: Part = { icon: 'grinning-face-with-sweat', elements: [4] };
/** The skin of a face with the cold blue forehead of fear. */
const PALE: Part = { icon: 'fearful-face', elements: [0, 1] };

/** By the name that `memeName` gives. */
const ARTWORK: Readonly<Record<string, readonly Part[]>> = {
  angry: whole('pouting-face'),
  'angry-fear': [PALE, { icon: 'angry-face', elements: [1, 2] }],
  'angry-happy': whole('smiling-face-with-horns'),
  'angry-sad': [{ icon: 'angry-face' }, TEAR],
  'angry-surprise': whole('face-with-symbols-on-mouth'),
  'angry-neutral': whole('angry-face'),
  fear: whole('face-screaming-in-fear'),
  'fear-angry': whole('grimacing-face'),
  'fear-happy': [
    { icon: 'fearful-face', elements: [0, 1, 2, 3] },
    { ...LAUGH, down: 2.5 },
  ],
  'fear-sad': whole('anxious-face-with-sweat'),
  'fear-surprise': whole('fearful-face'),
  'fear-neutral': whole('worried-face'),
  happy: whole('grinning-face-with-smiling-eyes'),
  'happy-angry': [
    SKIN,
    { icon: 'angry-face', elements: [1, 2], clip: [0, 0, 32, 21.5], down: -4 },
    { ...LAUGH, down: 1.5 },
  ],
  'happy-fear': whole('grinning-face-with-sweat'),
  'happy-sad': whole('smiling-face-with-tear'),
  'happy-surprise': whole('star-struck'),
  'happy-neutral': whole('smiling-face-with-smiling-eyes'),
  sad: whole('loudly-crying-face'),
  'sad-angry': whole('persevering-face'),
  'sad-fear': whole('sad-but-relieved-face'),
  'sad-happy': whole('face-holding-back-tears'),
  'sad-surprise': whole('frowning-face-with-open-mouth'),
  'sad-neutral': whole('slightly-frowning-face'),
  surprise: whole('astonished-face'),
  'surprise-angry': whole('exploding-head'),
  'surprise-fear': whole('face-with-open-eyes-and-hand-over-mouth'),
  'surprise-happy': whole('grinning-face-with-big-eyes'),
  'surprise-sad': [{ icon: 'hushed-face' }, TEAR],
  'surprise-neutral': whole('face-with-open-mouth'),
  neutral: whole('neutral-face'),
  'neutral-angry': whole('unamused-face'),
  'neutral-fear': [{ icon: 'neutral-face' }, SWEAT],
  'neutral-happy': whole('slightly-smiling-face'),
  'neutral-sad': whole('pensive-face'),
  'neutral-surprise': whole('flushed-face'),
};

/** Drawings of the icons by name, as SVG. */
export type Icons = (name: string) => string;

/** The icons of the installed package. */
export function readIcons(): Icons {
  const file: unknown = JSON.parse(readFileSync(createRequire(import.meta.url).resolve(ICONS), 'utf8'));
  const icons = entry(file, 'icons');
  return (name) => {
    const body = entry(entry(icons, name), 'body');
    if (typeof body !== 'string') throw new Error(`${ICONS} has no drawing of '${name}'`);
    return body;
  };
}

function entry(value: unknown, key: string): unknown {
  return new Map(Object.entries(value ?? {})).get(key);
}

/** The emoji of that name as an SVG of `side` pixels. */
export function drawMeme(name: string, icons: Icons, side: number): string {
  const parts = ARTWORK[name];
  if (parts === undefined) throw new Error(`no artwork for '${name}'`);
  const drawn = parts.map((part, i) => drawPart(part, icons(part.icon), i)).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 ${ICON_SIDE} ${ICON_SIDE}">${drawn}</svg>`;
}

function drawPart({ icon, elements, clip, down }: Part, body: string, index: number): string {
  const drawing = elements === undefined ? body : chooseElements(icon, body, elements);
  const clipped = clip === undefined ? drawing : clipTo(clip, drawing, `clip${index}`);
  return down === undefined ? clipped : `<g transform="translate(0 ${down})">${clipped}</g>`;
}

function clipTo([x, y, width, height]: readonly [number, number, number, number], drawing: string, id: string): string {
  const rectangle = `<rect x="${x}" y="${y}" width="${width}" height="${height}"/>`;
  return `<clipPath id="${id}">${rectangle}</clipPath><g clip-path="url(#${id})">${drawing}</g>`;
}

/** The icons that are taken apart are a group of elements without children. */
function chooseElements(icon: string, body: string, elements: readonly number[]): string {
  const all = body.match(/<(?:path|circle|ellipse|rect)\b[^>]*\/>/g) ?? [];
  return elements
    .map((index) => {
      const element = all[index];
      if (element === undefined) throw new Error(`'${icon}' has no element ${index}`);
      return element;
    })
    .join('');
}
