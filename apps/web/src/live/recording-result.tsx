import { useEffect, useMemo } from 'preact/hooks';
import { Icon } from '../components/icon.tsx';
import { toCsv } from '../export/csv.ts';
import { downloadFile, downloadText } from '../export/download.ts';
import { useText } from '../services.ts';
import type { Recording } from './recorder.ts';

interface Props {
  recording: Recording;
  onClose: () => void;
}

/** A recording that has ended: to look at, to take, or to forget. */
export function RecordingResult({ recording, onClose }: Props) {
  const t = useText();
  const { video, extension, frames } = recording;
  const address = useMemo(() => URL.createObjectURL(video), [video]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  const saveTable = (): void =>
    downloadText(
      toCsv(frames.map((frame) => ({ source: `mememoji.${extension}`, ...frame }))),
      'mememoji.csv',
      'text/csv',
    );
  return (
    <section class="recording-result" aria-label={t('record.result')}>
      <video src={address} controls playsInline muted aria-label={t('record.result')} />
      <div class="actions">
        <button type="button" class="primary" onClick={() => downloadFile(video, `mememoji.${extension}`)}>
          <Icon name="save" />
          {t('record.saveVideo')}
        </button>
        <button type="button" onClick={saveTable}>
          <Icon name="save" />
          {t('record.saveCsv')}
        </button>
        <button type="button" onClick={onClose}>
          <Icon name="trash" />
          {t('record.forget')}
        </button>
      </div>
    </section>
  );
}
