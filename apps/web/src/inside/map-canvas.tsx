import { paintBlocks } from '@mememoji/train/explain/draw/raster';
import type { FeatureMaps, Heatmap } from '@mememoji/train/explain/explanation';
import type { PixelImage } from '@mememoji/vision/image';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { contextOf } from '../export/picture-file.ts';
import { paintFeatures, paintHeat, type ScaleName } from './paint-maps.ts';

/** Side of a drawn face, in pixels of its canvas. */
const SIDE = 240;

/** What the net is given, pixel for pixel. */
export function PictureCanvas({ picture, label }: { picture: Heatmap; label: string }) {
  return (
    <Painted
      label={label}
      paint={() => paintBlocks(picture, SIDE, SIDE, (value) => [value, value, value])}
      deps={[picture]}
    />
  );
}

/** A heat map over the face. */
export function HeatCanvas({
  picture,
  map,
  scale,
  label,
}: {
  picture: Heatmap;
  map: Heatmap;
  scale: ScaleName;
  label: string;
}) {
  return <Painted label={label} paint={() => paintHeat(picture, map, scale, SIDE)} deps={[picture, map, scale]} />;
}

/** All feature maps of a layer. */
export function FeatureCanvas({ maps, label }: { maps: FeatureMaps; label: string }) {
  return <Painted label={label} paint={() => paintFeatures(maps)} deps={[maps]} />;
}

interface Props {
  label: string;
  paint: () => PixelImage;
  deps: readonly unknown[];
}

function Painted({ label, paint, deps }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => show(canvas.current!, paint()), deps);
  return <canvas ref={canvas} class="inside-map" role="img" aria-label={label} />;
}

function show(canvas: HTMLCanvasElement, { width, height, data }: PixelImage): void {
  Object.assign(canvas, { width, height });
  const shown = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    shown.data.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
    shown.data[4 * i + 3] = 255;
  }
  contextOf(canvas).putImageData(shown, 0, 0);
}
