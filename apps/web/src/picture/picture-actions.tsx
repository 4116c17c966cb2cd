import type { Analysis, Face } from '@mememoji/vision/result';
import { explainError } from '../app-error.ts';
import { Icon, type IconName } from '../components/icon.tsx';
import { readPalette } from '../draw/palette.ts';
import { copyText } from '../export/clipboard.ts';
import { toCsv } from '../export/csv.ts';
import { downloadFile } from '../export/download.ts';
import { useServices, useText } from '../services.ts';
import { renderPicture } from './render-picture.ts';

/** As the original called it. */
const FILE_NAME = 'myMemeMoji.png';

interface Props {
  name: string;
  picture: ImageBitmap;
  analysis: Analysis;
  label: (face: Face) => string;
}

/** What can be taken away from a picture. */
export function PictureActions({ name, picture, analysis, label }: Props) {
  const t = useText();
  const { art, notices } = useServices();
  const attempt = (what: () => Promise<void>) => (): void => {
    what().catch((error: unknown) => notices.failed(explainError(error, t)));
  };
  const withMemes = (): Promise<Blob> =>
    renderPicture(picture, analysis.faces, { style: 'memes', art, palette: readPalette(), label });
  const save = attempt(async () => downloadFile(await withMemes(), FILE_NAME));
  const share = attempt(async () => {
    await shareFile(new File([await withMemes()], FILE_NAME, { type: 'image/png' }));
  });
  const copy = (write: () => string): (() => void) =>
    attempt(async () => {
      await copyText(write());
      notices.done(t('copy.done'));
    });
  return (
    <div class="actions">
      <Action icon="save" label={t('picture.save')} onClick={save} />
      {canShareFiles() && <Action icon="share" label={t('picture.share')} onClick={share} />}
      <Action icon="copy" label={t('copy.json')} onClick={copy(() => JSON.stringify(analysis, undefined, 2))} />
      <Action
        icon="copy"
        label={t('copy.csv')}
        onClick={copy(() => toCsv([{ source: name, frame: 0, timestamp: undefined, faces: analysis.faces }]))}
      />
    </div>
  );
}

function Action({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button type="button" onClick={onClick}>
      <Icon name={icon} />
      {label}
    </button>
  );
}

function canShareFiles(): boolean {
  const file = new File([], FILE_NAME, { type: 'image/png' });
  return navigator.canShare?.({ files: [file] }) === true;
}

/** Who closes the system's sheet without sharing has not failed. */
async function shareFile(file: File): Promise<void> {
  try {
    await navigator.share({ files: [file] });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'AbortError')) throw error;
  }
}
