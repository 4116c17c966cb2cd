import { Random } from '@mememoji/train/random';

/** Side of the drawn faces in pixels, as the shipped model wants them. */
export const SIDE = 40;

/** How a drawn face shows a label: mouth, brows and eyes, in pixels. */
interface Features {
  /** How far the ends of the mouth lie above its middle, and how far it is open. */
  bend: number;
  open: number;
  /** How far the brows lie below their place, and how far their inner ends lie below the outer ones. */
  brow: number;
  tilt: number;
  /** Radius of the eyes. */
  eye: number;
}

/** In the order of the shipped model's labels: angry, disgust, fear, happy, sad, surprise, neutral. */
const SHOWN: readonly Features[] = [
  { bend: -3, open: 0, brow: 4, tilt: 3, eye: 1.2 },
  { bend: -2, open: 1, brow: 2, tilt: 1, eye: 1.4 },
  { bend: -1, open: 3, brow: -3, tilt: -3, eye: 3 },
  { bend: 5, open: 2, brow: 0, tilt: 0, eye: 1.6 },
  { bend: -5, open: 0, brow: -2, tilt: -3, eye: 1.6 },
  { bend: 0, open: 5, brow: -5, tilt: 0, eye: 3.4 },
  { bend: 0, open: 0, brow: 0, tilt: 0, eye: 2 },
];

/** A drawn face, grey 0..255, each time in another place and light; for tests that need faces of a person who is none. */
export function drawFace(label: number, random: Random): Float32Array {
  const shown = SHOWN[label]!;
  const [dx, dy, light] = [random.normal(), random.normal(), 0.8 + 0.4 * random.uniform()];
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [(i % SIDE) - SIDE / 2 - dx, Math.floor(i / SIDE) - SIDE / 2 - dy];
    return Math.min(255, Math.max(0, skin(x, y, shown) * light + 5 * random.normal()));
  });
}

/** Grey of a point; x to the right and y down from the middle of the face. */
function skin(x: number, y: number, { bend, open, brow, tilt, eye }: Features): number {
  const side = Math.abs(x) - 6;
  const across = (x / 8) ** 2;
  const isHead = (x / 16) ** 2 + (y / 19) ** 2 < 1;
  const isEye = Math.hypot(side, y + 5) < eye;
  const isBrow = Math.abs(side) < 4 && Math.abs(y + 10 - 0.4 * brow + (tilt * side) / 4) < 1.2;
  const isMouth = across < 1 && Math.abs(y - 9 + bend * (across - 0.5)) < 1.2 + open * (1 - across);
  if (!isHead) return 40;
  return isEye || isBrow || isMouth ? 50 : 190;
}

/** What a drawn person poses: `each` faces of every label in two stretches of time. */
export function posedFaces(
  labels: readonly number[],
  each: number,
): { label: number; segment: number; pixels: Float32Array }[] {
  const random = new Random(2);
  const plan = labels.flatMap((label) =>
    [0, 1].flatMap((segment) => Array.from({ length: each }, () => ({ label, segment }))),
  );
  return plan.map((one) => ({ ...one, pixels: drawFace(one.label, random) }));
}
