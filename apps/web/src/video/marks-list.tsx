import { Icon } from '../components/icon.tsx';
import { formatTime } from '../draw/plot.ts';
import { useText } from '../services.ts';
import type { VideoSession } from './video-session.ts';

interface Props {
  session: VideoSession;
  onSeek: (seconds: number) => void;
}

/** The moments that the person marked, each with a note. */
export function MarksList({ session, onSeek }: Props) {
  const t = useText();
  const { marks } = session;
  if (marks.value.length === 0) return null;
  const rename = (timestamp: number, note: string): void => {
    marks.value = marks.value.map((mark) => (mark.timestamp === timestamp ? { timestamp, note } : mark));
  };
  return (
    <ol class="marks" aria-label={t('marks.name')}>
      {marks.value.map(({ timestamp, note }) => (
        <li key={timestamp}>
          <button type="button" class="link number" onClick={() => onSeek(timestamp)}>
            {formatTime(timestamp, 1)}
          </button>
          <input
            type="text"
            value={note}
            placeholder={t('marks.note')}
            aria-label={t('marks.noteAt', { time: formatTime(timestamp, 1) })}
            onInput={(event) => rename(timestamp, event.currentTarget.value)}
          />
          <button
            type="button"
            class="bare"
            aria-label={t('marks.remove', { time: formatTime(timestamp, 1) })}
            onClick={() => (marks.value = marks.value.filter((mark) => mark.timestamp !== timestamp))}
          >
            <Icon name="trash" />
          </button>
        </li>
      ))}
    </ol>
  );
}
