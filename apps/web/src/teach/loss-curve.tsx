import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { readPalette } from '../draw/palette.ts';
import { contextOf } from '../export/picture-file.ts';
import { followSize } from '../observe-size.ts';
import { useServices, useText } from '../services.ts';

interface Props {
  losses: readonly number[];
  /** How many there will be. */
  steps: number;
}

/** The loss by step, drawn as it comes. */
export function LossCurve({ losses, steps }: Props) {
  const t = useText();
  const { theme } = useServices();
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSignal(0);
  useEffect(() => followSize(canvas.current!, () => (size.value += 1)), [size]);
  useLayoutEffect(() => drawCurve(canvas.current!, losses, steps), [losses, steps, size.value, theme.changes.value]);
  const label = t('teach.lossCurve', { first: digits(losses[0]), last: digits(losses.at(-1)) });
  return <canvas ref={canvas} class="teach-curve" role="img" aria-label={label} data-losses={losses.length} />;
}

function digits(loss: number | undefined): string {
  return loss === undefined ? '…' : loss.toFixed(2);
}

/** From the first loss at the top to the least at the bottom; what the memory adds to all of them says nothing. */
function drawCurve(canvas: HTMLCanvasElement, losses: readonly number[], steps: number): void {
  const context = contextOf(canvas);
  const { width, height } = canvas;
  const palette = readPalette(canvas);
  const unit = devicePixelRatio;
  const margin = 6 * unit;
  context.clearRect(0, 0, width, height);
  context.strokeStyle = palette.line;
  context.lineWidth = unit;
  for (const y of [margin, height / 2, height - margin])
    strokeLine(context, [
      [0, y],
      [width, y],
    ]);
  const [most, least] = [Math.max(...losses), Math.min(...losses)];
  const place = (loss: number, i: number): [number, number] => [
    ((i + 0.5) / steps) * width,
    margin + ((most - loss) / (most - least || 1)) * (height - 2 * margin),
  ];
  context.strokeStyle = palette.series.sad;
  context.lineWidth = 2.5 * unit;
  context.lineJoin = 'round';
  strokeLine(context, losses.map(place));
}

function strokeLine(context: CanvasRenderingContext2D, points: readonly (readonly [number, number])[]): void {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.stroke();
}
