import type { Face } from '@mememoji/vision/result';
import { useEffect, useRef } from 'preact/hooks';
import { drawOverlay, drawPicture, memeOfFace, type OverlayStyle } from '../draw/overlay.ts';
import { readPalette } from '../draw/palette.ts';
import { contextOf } from '../export/picture-file.ts';
import { boxToView, fitPicture, pointFromView } from '../geometry.ts';
import { followSize } from '../observe-size.ts';
import { useServices } from '../services.ts';

interface Props {
  picture: ImageBitmap;
  faces: readonly Face[];
  style: OverlayStyle;
  label: (face: Face) => string;
  chosen: number | undefined;
  /** What the picture is, for those who do not see it. */
  name: string;
  onChoose: (id: number | undefined) => void;
}

/** A picture with what was found over it, in the pixels of the screen. A click chooses the face below it. */
export function PictureCanvas({ picture, faces, style, label, chosen, name, onChoose }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { art, theme } = useServices();
  const colours = theme.changes.value;

  useEffect(() => {
    const element = canvas.current!;
    const palette = readPalette();
    let live = true;
    const draw = (unit: number): void => {
      if (!live) return;
      const context = contextOf(element);
      const viewport = fitPicture(picture, element);
      context.clearRect(0, 0, element.width, element.height);
      context.imageSmoothingQuality = 'high';
      drawPicture(context, viewport, picture);
      drawOverlay(context, viewport, faces, { style, art, palette, label, chosen, unit });
    };
    const forget = followSize(element, (_, pixelRatio) => draw(pixelRatio));
    if (style === 'memes') {
      Promise.all(faces.map((face) => art.get(memeOfFace(face)))).then(
        () => draw(devicePixelRatio),
        () => undefined,
      );
    }
    return () => {
      live = false;
      forget();
    };
  }, [picture, faces, style, label, chosen, art, colours]);

  const choose = (event: MouseEvent): void => {
    const { clientWidth, clientHeight } = canvas.current!;
    const viewport = fitPicture(picture, { width: clientWidth, height: clientHeight });
    const at = pointFromView(viewport, { x: event.offsetX, y: event.offsetY });
    const hit = at && faces.find((face) => isWithin(boxToView(viewport, face.box), event.offsetX, event.offsetY));
    onChoose(hit?.id);
  };
  // The cards beside the picture do the same by keyboard.
  return (
    <canvas
      ref={canvas}
      class="picture-canvas"
      role="img"
      aria-label={name}
      style={{ '--ratio': picture.width / picture.height }}
      onClick={choose}
    />
  );
}

function isWithin(box: { x: number; y: number; width: number; height: number }, x: number, y: number): boolean {
  return x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height;
}
