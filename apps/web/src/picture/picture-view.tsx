import type { Analysis, Face } from '@mememoji/vision/result';
import { useSignal } from '@preact/signals';
import { useCallback } from 'preact/hooks';
import { explainError } from '../app-error.ts';
import { rankShown, usePercent } from '../components/expression-bars.tsx';
import { FaceCard } from '../components/face-card.tsx';
import { Icon } from '../components/icon.tsx';
import { PictureCanvas } from '../components/picture-canvas.tsx';
import type { OverlayStyle } from '../draw/overlay.ts';
import { useServices, useText } from '../services.ts';
import { PictureActions } from './picture-actions.tsx';
import type { PictureEntry } from './picture-list.ts';

interface Props {
  entry: PictureEntry;
  style: OverlayStyle;
  six: boolean;
}

/** One picture, and what was found in it. */
export function PictureView({ entry, style, six }: Props) {
  const t = useText();
  const { pictures } = useServices();
  const state = entry.state.value;
  return (
    <section class="picture" aria-busy={state.phase === 'reading'} aria-label={entry.name}>
      <header class="picture-head">
        <h2>{entry.name}</h2>
        <button
          type="button"
          class="bare"
          aria-label={t('picture.remove', { name: entry.name })}
          onClick={() => pictures.remove(entry.id)}
        >
          <Icon name="close" />
        </button>
      </header>
      {state.phase === 'reading' && <p class="quiet">{t('picture.reading')}</p>}
      {state.phase === 'failed' && <p role="alert">{explainError(state.error, t)}</p>}
      {state.phase === 'done' && (
        <Result
          name={entry.name}
          picture={state.picture}
          analysis={state.analysis}
          milliseconds={state.milliseconds}
          style={style}
          six={six}
        />
      )}
    </section>
  );
}

interface ResultProps {
  name: string;
  picture: ImageBitmap;
  analysis: Analysis;
  milliseconds: number;
  style: OverlayStyle;
  six: boolean;
}

function Result({ name, picture, analysis, milliseconds, style, six }: ResultProps) {
  const t = useText();
  const { faces, model } = analysis;
  const chosen = useSignal<number | undefined>(undefined);
  const label = useFaceLabel(six);
  return (
    <div class="picture-body">
      <div class="picture-side">
        <PictureCanvas
          picture={picture}
          faces={faces}
          style={style}
          label={label}
          chosen={chosen.value}
          name={t('picture.described', { name, faces: describeCount(faces.length, t) })}
          onChoose={(id) => (chosen.value = id)}
        />
        <PictureActions name={name} picture={picture} analysis={analysis} label={label} />
        <p class="quiet small">{t('picture.made', { model, milliseconds: Math.round(milliseconds) })}</p>
      </div>
      <div class="faces">
        <p class="faces-count" role="status">
          {describeCount(faces.length, t)}
        </p>
        {faces.length === 0 && <p class="quiet">{t('picture.noFaceHint')}</p>}
        {faces.map((face, i) => (
          <FaceCard
            key={face.id}
            subject={{ face, picture, source: name }}
            number={i + 1}
            model={model}
            six={six}
            chosen={chosen.value === face.id && faces.length > 1}
            onChoose={(id) => (chosen.value = id)}
          />
        ))}
      </div>
    </div>
  );
}

function describeCount(count: number, t: ReturnType<typeof useText>): string {
  if (count === 0) return t('faces.none');
  return count === 1 ? t('faces.one') : t('faces.many', { count });
}

/** "Happy 93%" as it stands over a box. */
export function useFaceLabel(six: boolean): (face: Face) => string {
  const t = useText();
  const percent = usePercent();
  const { language } = useServices();
  return useCallback(
    ({ expressions }) => {
      const [name, probability] = rankShown(expressions, six)[0]!;
      return `${t(`expression.${name}`)} ${percent(probability)}`;
    },
    [six, t, language.code.value],
  );
}
