import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { explainError } from '../app-error.ts';
import { type Correction, createId, cutFace } from '../corrections/correction.ts';
import type { FaceInPicture } from '../face-in-picture.ts';
import { type Services, useServices, useText } from '../services.ts';
import { Emoji } from './emoji.tsx';

interface Props {
  subject: FaceInPicture;
  model: string;
}

/** Lets the person say what a face really shows. */
export function CorrectionForm({ subject, model }: Props) {
  const services = useServices();
  const t = useText();
  const said = useSignal<Correction | undefined>(undefined);
  const withPicture = useSignal(false);
  const server = services.server.info.value;

  const say = async (expression: Expression): Promise<void> => {
    try {
      const correction = await makeCorrection(subject, model, expression, said.value);
      said.value = await keepCorrection(services, correction, withPicture.value);
      services.notices.done(t(said.value.sent ? 'correct.sent' : 'correct.kept'));
    } catch (error) {
      services.notices.failed(explainError(error, t));
    }
  };

  return (
    <details class="panel">
      <summary>
        {said.value ? t('correct.said', { expression: t(`expression.${said.value.expression}`) }) : t('correct.open')}
      </summary>
      <ExpressionChoice value={said.value?.expression} onChoose={say} />
      {server && (
        <label class="check">
          <input
            type="checkbox"
            checked={withPicture.value}
            onChange={(event) => (withPicture.value = event.currentTarget.checked)}
          />
          <span>{t('correct.withPicture', { server: server.host })}</span>
        </label>
      )}
      <p class="quiet small">{t(server ? 'correct.whereServer' : 'correct.whereDevice')}</p>
    </details>
  );
}

function ExpressionChoice({
  value,
  onChoose,
}: {
  value: Expression | undefined;
  onChoose: (name: Expression) => void;
}) {
  const t = useText();
  const group = useId();
  return (
    <fieldset class="expression-choice">
      <legend>{t('correct.question')}</legend>
      {EXPRESSIONS.map((name) => (
        <label key={name}>
          <input type="radio" name={group} checked={value === name} onChange={() => onChoose(name)} />
          <span class="expression-face">
            <Emoji name={name} size={36} />
            {t(`expression.${name}`)}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** Who changes their mind gives the same correction again. */
async function makeCorrection(
  subject: FaceInPicture,
  model: string,
  expression: Expression,
  before: Correction | undefined,
): Promise<Correction> {
  const { face, source, picture } = subject;
  const image = { width: picture.width, height: picture.height };
  const crop = before?.crop ?? (await cutFace(subject));
  return { id: before?.id ?? createId(), time: new Date().toISOString(), model, source, image, expression, face, crop };
}

/** On the device always, so that it can be taught from and deleted here; on the server too where there is one. */
async function keepCorrection(
  { corrections, server, notices, language }: Services,
  correction: Correction,
  withPicture: boolean,
): Promise<Correction> {
  await corrections.put(correction);
  if (server.info.value === undefined) return correction;
  try {
    const sent = { ...correction, sent: await server.sendCorrection(correction, withPicture) };
    await corrections.put(sent);
    return sent;
  } catch (error) {
    notices.failed(
      language.translate.value('correct.notSent', { message: explainError(error, language.translate.value) }),
    );
    return correction;
  }
}
