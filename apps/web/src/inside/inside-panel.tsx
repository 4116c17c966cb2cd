import type { Explanation } from '@mememoji/train/explain/explanation';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { explainError } from '../app-error.ts';
import { usePercent } from '../components/expression-bars.tsx';
import type { FaceInPicture } from '../face-in-picture.ts';
import { facePixels, PictureReader } from '../lab/face-pixels.ts';
import { Lab } from '../lab/lab.ts';
import { useServices, useText } from '../services.ts';
import './inside.css';
import { FeatureCanvas, HeatCanvas, PictureCanvas } from './map-canvas.tsx';

type State = { phase: 'computing' } | { phase: 'done'; explanation: Explanation } | { phase: 'failed'; error: unknown };

/** What the net sees in a face, and what it reads the expression from. */
export function InsidePanel({ subject }: { subject: FaceInPicture }) {
  const t = useText();
  const { taught } = useServices();
  const state = useSignal<State>({ phase: 'computing' });
  const model = taught.current.value?.bytes;
  useEffect(() => {
    let wanted = true;
    const set = (value: State): void => {
      if (wanted) state.value = value;
    };
    set({ phase: 'computing' });
    explain(subject, model).then(
      (explanation) => set({ phase: 'done', explanation }),
      (error: unknown) => set({ phase: 'failed', error }),
    );
    return () => {
      wanted = false;
    };
  }, [subject.face, subject.picture, model, state]);
  if (state.value.phase === 'computing') return <p class="quiet">{t('inside.computing')}</p>;
  if (state.value.phase === 'failed') return <p role="alert">{explainError(state.value.error, t)}</p>;
  return <Maps explanation={state.value.explanation} />;
}

async function explain({ face, picture }: FaceInPicture, model: Uint8Array | undefined): Promise<Explanation> {
  const image = new PictureReader().read(picture);
  const lab = await Lab.open(model);
  try {
    return await lab.explain(facePixels(image, face, lab.spec));
  } finally {
    lab.close();
  }
}

function Maps({ explanation }: { explanation: Explanation }) {
  const t = useText();
  const percent = usePercent();
  const { expression, probabilities, picture, gradcam, occlusion, features = [] } = explanation;
  const name = t(`expression.${expression}`);
  return (
    <div class="inside">
      <p class="quiet small">
        {t('inside.explained', { expression: name, probability: percent(probabilities[expression] ?? 0) })}
      </p>
      <div class="inside-heat">
        <figure>
          <PictureCanvas picture={picture} label={t('inside.input')} />
          <figcaption>{t('inside.input')}</figcaption>
        </figure>
        {gradcam && (
          <figure>
            <HeatCanvas
              picture={picture}
              map={gradcam}
              scale="sequential"
              label={t('inside.gradcam', { expression: name })}
            />
            <figcaption>{t('inside.gradcam', { expression: name })}</figcaption>
          </figure>
        )}
        {occlusion && (
          <figure>
            <HeatCanvas
              picture={picture}
              map={occlusion}
              scale="diverging"
              label={t('inside.occlusion', { expression: name })}
            />
            <figcaption>{t('inside.occlusion', { expression: name })}</figcaption>
          </figure>
        )}
      </div>
      {features.map((maps) => (
        <figure key={maps.layer}>
          <FeatureCanvas
            maps={maps}
            label={t('inside.features', { channels: maps.channels, size: `${maps.width} × ${maps.height}` })}
          />
          <figcaption>
            {t('inside.features', { channels: maps.channels, size: `${maps.width} × ${maps.height}` })}
          </figcaption>
        </figure>
      ))}
      <p class="quiet small">{t('inside.honest')}</p>
    </div>
  );
}
