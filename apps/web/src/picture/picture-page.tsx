import { useSignal } from '@preact/signals';
import { useCallback, useEffect } from 'preact/hooks';
import { AppError, explainError } from '../app-error.ts';
import { EngineStatus } from '../components/engine-status.tsx';
import { Icon } from '../components/icon.tsx';
import { Segmented } from '../components/segmented.tsx';
import { OVERLAY_STYLES, type OverlayStyle } from '../draw/overlay.ts';
import { useServices, useText } from '../services.ts';
import { AddPicture } from './add-picture.tsx';
import { fetchPicture, type Offered, readOffered } from './picture-sources.ts';
import { PictureView } from './picture-view.tsx';
import { ThroughServer } from './through-server.tsx';

/** Pictures in, faces out. */
export function PicturePage() {
  const t = useText();
  const { pictures, memory, engine } = useServices();
  const style = useSignal<OverlayStyle>('boxes');
  const six = useSignal(memory.getItem('classes') === 'six');
  const { take, fetchFrom, blocked } = usePictureSources();
  const dropping = useDropAndPaste(take);
  const entries = pictures.entries.value;
  return (
    <div class={dropping.value ? 'page dropping' : 'page'}>
      {entries.length === 0 ? <Welcome /> : <h1 class="unseen">{t('nav.picture')}</h1>}
      <AddPicture small={entries.length > 0} onTake={take} onAddress={fetchFrom} />
      {blocked.value && <ThroughServer address={blocked.value} onEnd={() => (blocked.value = undefined)} />}
      <EngineStatus engine={engine} />
      {entries.length > 0 && (
        <div class="toolbar">
          <Segmented
            name={t('overlay.name')}
            value={style.value}
            choices={OVERLAY_STYLES.map((value) => ({ value, label: t(`overlay.${value}`) }))}
            onChoose={(value) => (style.value = value)}
          />
          <Segmented
            name={t('classes.name')}
            value={six.value ? 'six' : 'seven'}
            choices={(['seven', 'six'] as const).map((value) => ({ value, label: t(`classes.${value}`) }))}
            onChoose={(value) => {
              six.value = value === 'six';
              memory.setItem('classes', value);
            }}
          />
        </div>
      )}
      {entries.map((entry) => (
        <PictureView key={entry.id} entry={entry} style={style.value} six={six.value} />
      ))}
    </div>
  );
}

function Welcome() {
  const t = useText();
  return (
    <header class="hero">
      <h1>{t('picture.headline')}</h1>
      <p class="lead">{t('picture.lead')}</p>
      <p class="privacy">
        <Icon name="lock" />
        <span>{t('privacy.line')}</span>
      </p>
    </header>
  );
}

/** What is done with whatever the person offers. */
function usePictureSources() {
  const t = useText();
  const { pictures, notices, server } = useServices();
  const blocked = useSignal<string | undefined>(undefined);
  const fetchFrom = useCallback(
    async (address: string): Promise<void> => {
      blocked.value = undefined;
      try {
        pictures.add([await fetchPicture(address)]);
      } catch (error) {
        const throughServer =
          error instanceof AppError && error.key === 'url.blocked' && server.info.value !== undefined;
        if (throughServer) blocked.value = address;
        else notices.failed(explainError(error, t));
      }
    },
    [t],
  );
  const take = useCallback(
    ({ pictures: found, address }: Offered): void => {
      if (found.length > 0) pictures.add(found);
      else if (address !== undefined) void fetchFrom(address);
      else notices.failed(t('picture.nothing'));
    },
    [t, fetchFrom],
  );
  return { take, fetchFrom, blocked };
}

/** Takes what is dropped anywhere on the page, and what is pasted outside of text fields. */
function useDropAndPaste(take: (offered: Offered) => void) {
  const t = useText();
  const dropping = useSignal(false);
  useEffect(() => {
    const over = (event: DragEvent): void => {
      event.preventDefault();
      dropping.value = true;
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) dropping.value = false;
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      dropping.value = false;
      take(readOffered(event.dataTransfer, t('picture.pasted')));
    };
    const paste = (event: ClipboardEvent): void => {
      if (event.target instanceof HTMLInputElement) return;
      take(readOffered(event.clipboardData, t('picture.pasted')));
    };
    const abort = new AbortController();
    addEventListener('dragover', over, abort);
    addEventListener('dragleave', leave, abort);
    addEventListener('drop', drop, abort);
    addEventListener('paste', paste, abort);
    return () => abort.abort();
  }, [take, t]);
  return dropping;
}
