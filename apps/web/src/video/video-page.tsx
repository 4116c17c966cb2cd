import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { EngineStatus } from '../components/engine-status.tsx';
import { useServices, useText } from '../services.ts';
import { VideoSession } from './video-session.ts';
import { VideoView } from './video-view.tsx';

/** A video file in, a timeline out. */
export function VideoPage() {
  const t = useText();
  const { engine, notices } = useServices();
  const session = useSignal<VideoSession | undefined>(undefined);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    engine.ready().catch(() => undefined);
    return () => session.value?.close();
  }, [engine]);
  const open = (file: File | undefined): void => {
    if (file === undefined) return;
    if (file.type !== '' && !file.type.startsWith('video/')) {
      notices.failed(t('video.notVideo'));
      return;
    }
    session.value?.close();
    session.value = new VideoSession(file, engine);
  };
  useDroppedFile(open);
  return (
    <div class="page">
      <h1>{t('video.title')}</h1>
      {session.value === undefined && <p class="lead">{t('video.lead')}</p>}
      <div class={session.value ? 'add small' : 'add'}>
        <div class="add-ways">
          <button type="button" class={session.value ? '' : 'primary'} onClick={() => input.current?.click()}>
            {t(session.value ? 'video.another' : 'video.choose')}
          </button>
          <input
            ref={input}
            type="file"
            accept="video/*"
            hidden
            aria-label={t('video.choose')}
            onChange={(event) => open(event.currentTarget.files?.[0])}
          />
        </div>
        {session.value === undefined && <p class="quiet">{t('video.ways')}</p>}
      </div>
      <EngineStatus engine={engine} />
      {session.value && <VideoView key={session.value.address} session={session.value} />}
    </div>
  );
}

/** Takes a file that is dropped anywhere on the page. */
function useDroppedFile(open: (file: File | undefined) => void): void {
  useEffect(() => {
    const over = new AbortController();
    addEventListener('dragover', (event) => event.preventDefault(), over);
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      open(event.dataTransfer?.files[0]);
    };
    addEventListener('drop', drop, over);
    return () => over.abort();
  }, [open]);
}
