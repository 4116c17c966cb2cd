import type { Expression } from '@mememoji/vision/expression';
import { explainError } from '../app-error.ts';
import { Icon } from '../components/icon.tsx';
import { readPalette } from '../draw/palette.ts';
import { toCsv } from '../export/csv.ts';
import { downloadFile, downloadText, fileNameFor } from '../export/download.ts';
import { toNdjson } from '../export/ndjson.ts';
import { useServices, useText } from '../services.ts';
import { renderTimeline } from './timeline-picture.ts';
import { markFrames } from './video-export.ts';
import type { VideoSession } from './video-session.ts';

/** What can be taken away from a video. */
export function VideoExports({ session, shown }: { session: VideoSession; shown: ReadonlySet<Expression> }) {
  const t = useText();
  const { notices } = useServices();
  const { name, longestGap } = session;
  const { frames, tracks } = session.found.value;
  if (frames.length === 0) return null;
  const marked = () => markFrames(frames, session.marks.value);
  const saveCsv = (): void =>
    downloadText(toCsv(marked().map((frame) => ({ source: name, ...frame }))), fileNameFor(name, 'csv'), 'text/csv');
  const saveNdjson = (): void => downloadText(toNdjson(marked()), fileNameFor(name, 'ndjson'), 'application/x-ndjson');
  const savePicture = async (): Promise<void> => {
    const content = {
      ...{ title: name, duration: session.duration.value, longestGap, tracks, marks: session.marks.value, shown },
      nameOf: (expression: Expression) => t(`expression.${expression}`),
    };
    try {
      downloadFile(await renderTimeline(content, readPalette()), fileNameFor(name, 'png'));
    } catch (error) {
      notices.failed(explainError(error, t));
    }
  };
  return (
    <div class="actions">
      <button type="button" onClick={saveCsv}>
        <Icon name="save" />
        {t('video.csv')}
      </button>
      <button type="button" onClick={saveNdjson}>
        <Icon name="save" />
        {t('video.ndjson')}
      </button>
      <button type="button" onClick={savePicture}>
        <Icon name="picture" />
        {t('video.png')}
      </button>
    </div>
  );
}
