import type { Face } from '@mememoji/vision/result';
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { OverlayStyle } from '../draw/overlay.ts';
import { readPalette } from '../draw/palette.ts';
import { contextOf } from '../export/picture-file.ts';
import { followSize } from '../observe-size.ts';
import { useServices, useText } from '../services.ts';
import { createOverlay } from './live-overlay.ts';
import type { LiveSession } from './live-session.ts';
import { paintFrame } from './paint-frame.ts';

interface Props {
  session: LiveSession;
  style: OverlayStyle;
  mirror: boolean;
  label: (face: Face) => string;
}

/** What the camera sees, with what was found in that very frame. */
export function LiveCanvas({ session, style, mirror, label }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const t = useText();
  const { art, theme } = useServices();
  const colours = theme.changes.value;
  useEffect(() => {
    const element = canvas.current!;
    const overlay = createOverlay(session, { style, label, art, palette: readPalette() });
    const draw = (): void => {
      const frame = session.frame.value;
      if (frame) paintFrame(element, frame, { ...overlay, unit: devicePixelRatio }, mirror);
      else contextOf(element).clearRect(0, 0, element.width, element.height);
    };
    const forget = followSize(element, draw);
    const stop = effect(draw);
    return () => {
      stop();
      forget();
    };
  }, [session, style, mirror, label, art, colours]);
  return <canvas ref={canvas} class="live-canvas" role="img" aria-label={t('live.canvas')} />;
}
