import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { FaceCard } from '../components/face-card.tsx';
import type { FaceInPicture } from '../face-in-picture.ts';
import { useServices, useText } from '../services.ts';
import { facesAt } from './interpolate.ts';
import type { VideoSession } from './video-session.ts';

interface Props {
  session: VideoSession;
  video: RefObject<HTMLVideoElement | null>;
  /** Counts up whenever the video comes to stand. */
  still: number;
}

/** The faces of the moment at which the video stands. */
export function StillFaces({ session, video, still }: Props) {
  const t = useText();
  const { engine } = useServices();
  const subjects = useSignal<readonly FaceInPicture[]>([]);
  const { frames } = session.found.value;
  useEffect(() => {
    const player = video.current;
    if (player === null || player.videoWidth === 0 || !player.paused) return;
    const faces = facesAt(frames, player.currentTime, session.longestGap);
    if (faces.length === 0) {
      subjects.value = [];
      return;
    }
    let wanted = true;
    createImageBitmap(player).then(
      (picture) => {
        if (wanted) subjects.value = faces.map((face) => ({ face, picture, source: session.name }));
        else picture.close();
      },
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [session, video, still, frames]);
  const state = engine.state.value;
  const model = state.phase === 'ready' ? `${state.analyzer.spec.name} ${state.analyzer.spec.version}` : '';
  return (
    <aside class="video-faces" aria-label={t('video.faces')}>
      {subjects.value.length === 0 && <p class="quiet">{t('video.noFaceHere')}</p>}
      {subjects.value.map((subject) => (
        <FaceCard
          key={subject.face.id}
          subject={subject}
          number={subject.face.id + 1}
          model={model}
          six={false}
          chosen={false}
          onChoose={() => undefined}
        />
      ))}
    </aside>
  );
}
