import type { Expression } from '@mememoji/vision/expression';
import { effect, type Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { readPalette } from '../draw/palette.ts';
import { drawPlot, drawTimes, type PlotView } from '../draw/plot.ts';
import { contextOf } from '../export/picture-file.ts';
import { followSize } from '../observe-size.ts';
import { useServices, useText } from '../services.ts';
import type { LiveSession } from './live-session.ts';

/** Seconds that are seen. */
const WINDOW = 30;
/** Seconds without the face after which its lines are broken. */
const LONGEST_GAP = 0.7;

interface Props {
  session: LiveSession;
  /** Track whose expressions are drawn. */
  face: number | undefined;
  shown: Signal<ReadonlySet<Expression>>;
}

/** The expressions of one face over the last half minute. */
export function LivePlot({ session, face, shown }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const t = useText();
  const { theme } = useServices();
  const colours = theme.changes.value;
  useEffect(() => {
    const element = canvas.current!;
    const palette = readPalette();
    const draw = (): void => {
      const context = contextOf(element);
      const now = session.frame.value?.analysis.timestamp ?? 0;
      const unit = devicePixelRatio;
      const area = { x: 0, y: 8 * unit, width: element.width, height: element.height - 32 * unit };
      const to = Math.max(now, WINDOW);
      const view: PlotView = {
        from: to - WINDOW,
        to,
        area,
        unit,
        palette,
        shown: shown.value,
        longestGap: LONGEST_GAP,
      };
      context.clearRect(0, 0, element.width, element.height);
      drawPlot(context, face === undefined ? [] : session.history.samples(face, WINDOW + 2), view);
      drawTimes(context, view);
    };
    const forget = followSize(element, draw);
    const stop = effect(draw);
    return () => {
      stop();
      forget();
    };
  }, [session, face, shown, colours]);
  return <canvas ref={canvas} class="plot" role="img" aria-label={t('live.plot')} />;
}
