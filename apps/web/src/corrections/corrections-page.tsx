import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { explainError } from '../app-error.ts';
import { Emoji } from '../components/emoji.tsx';
import { Icon } from '../components/icon.tsx';
import { downloadFile, downloadText } from '../export/download.ts';
import { toNdjson } from '../export/ndjson.ts';
import { toZip } from '../export/zip.ts';
import { useServices, useText } from '../services.ts';
import { type Correction, cropName, describeCorrection } from './correction.ts';

/** What the person said of faces, kept on this device. */
export function CorrectionsPage() {
  const t = useText();
  const { corrections, notices } = useServices();
  useEffect(() => {
    corrections.load().catch((error: unknown) => notices.failed(explainError(error, t)));
  }, [corrections]);
  const list = corrections.list.value;
  return (
    <div class="page">
      <h1>{t('corrections.title')}</h1>
      <p class="lead">{t('corrections.lead')}</p>
      {list.length === 0 ? <p class="quiet empty">{t('corrections.none')}</p> : <List list={list} />}
    </div>
  );
}

function List({ list }: { list: readonly Correction[] }) {
  const t = useText();
  const saveLines = (): void =>
    downloadText(toNdjson(list.map(describeCorrection)), 'mememoji-corrections.ndjson', 'application/x-ndjson');
  const savePictures = async (): Promise<void> => downloadFile(await packCorrections(list), 'mememoji-corrections.zip');
  return (
    <>
      <div class="actions">
        <button type="button" onClick={savePictures}>
          <Icon name="save" />
          {t('corrections.zip')}
        </button>
        <button type="button" onClick={saveLines}>
          <Icon name="save" />
          {t('corrections.ndjson')}
        </button>
        <DeleteAll />
      </div>
      <p class="quiet small">{t('corrections.zipHint')}</p>
      <ul class="corrections">
        {list.map((correction) => (
          <Item key={correction.id} correction={correction} />
        ))}
      </ul>
    </>
  );
}

/** All pictures in folders by expression, and what is known of them in lines of JSON. */
async function packCorrections(list: readonly Correction[]): Promise<Blob> {
  const pictures = await Promise.all(
    list.map(async (correction) => ({ name: cropName(correction), content: await bytesOf(correction.crop.picture) })),
  );
  const lines = new TextEncoder().encode(toNdjson(list.map(describeCorrection)));
  return toZip([...pictures, { name: 'corrections.ndjson', content: lines }]);
}

async function bytesOf(file: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.arrayBuffer());
}

/** Asks once more: what is deleted is gone. */
function DeleteAll() {
  const t = useText();
  const { corrections, notices } = useServices();
  const asking = useSignal(false);
  const clear = (): void => {
    corrections.clear().then(
      () => notices.done(t('corrections.deleted')),
      (error: unknown) => notices.failed(explainError(error, t)),
    );
  };
  if (!asking.value) {
    return (
      <button type="button" onClick={() => (asking.value = true)}>
        <Icon name="trash" />
        {t('corrections.deleteAll')}
      </button>
    );
  }
  return (
    <>
      <button type="button" class="danger" onClick={clear}>
        {t('corrections.deleteSure')}
      </button>
      <button type="button" onClick={() => (asking.value = false)}>
        {t('corrections.keep')}
      </button>
    </>
  );
}

function Item({ correction }: { correction: Correction }) {
  const t = useText();
  const { corrections, notices, language } = useServices();
  const { id, expression, face, crop, time, source, sent } = correction;
  const address = useMemo(() => URL.createObjectURL(crop.picture), [crop.picture]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  const when = new Intl.DateTimeFormat(language.code.value, { dateStyle: 'medium', timeStyle: 'short' });
  const remove = (): void => {
    corrections.remove(id).catch((error: unknown) => notices.failed(explainError(error, t)));
  };
  return (
    <li class="correction">
      <img src={address} width={96} height={96} alt={t('corrections.picture', { source })} />
      <div>
        <p class="correction-said">
          <Emoji name={expression} size={28} />
          <strong>{t(`expression.${expression}`)}</strong>
        </p>
        <p class="quiet">{t('corrections.read', { expression: t(`expression.${face.dominant}`) })}</p>
        <p class="quiet small">
          {when.format(new Date(time))} ·{' '}
          {sent ? t('corrections.sentTo', { server: sent.server }) : t('corrections.onDevice')}
        </p>
      </div>
      <button
        type="button"
        class="bare"
        aria-label={t('corrections.delete', { expression: t(`expression.${expression}`), source })}
        onClick={remove}
      >
        <Icon name="trash" />
      </button>
    </li>
  );
}
