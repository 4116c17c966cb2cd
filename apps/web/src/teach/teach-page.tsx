import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { explainError } from '../app-error.ts';
import { Icon } from '../components/icon.tsx';
import { Segmented } from '../components/segmented.tsx';
import { Consent } from '../live/consent.tsx';
import { useServices, useText } from '../services.ts';
import { countByExpression } from './face-samples.ts';
import { LessonResult } from './lesson-result.tsx';
import { LossCurve } from './loss-curve.tsx';
import type { Care } from './plan.ts';
import { Posing } from './posing.tsx';
import { TaughtStatus } from './taught-status.tsx';
import './teach.css';
import { TeachSession } from './teach-session.ts';

/** The person teaches the model how this face shows things; in this browser, in seconds. */
export function TeachPage() {
  const t = useText();
  const { engine, taught, corrections } = useServices();
  const session = useMemo(() => new TeachSession(engine, taught), [engine, taught]);
  const failed = useFailure();
  useEffect(() => {
    corrections.load().catch(failed);
    return () => session.close();
  }, [session, corrections]);
  const stage = session.stage.value;
  return (
    <div class="page teach">
      <h1>{t('teach.title')}</h1>
      <p class="lead">{t('teach.lead')}</p>
      <TaughtStatus session={session} />
      {(stage.phase === 'idle' || stage.phase === 'starting' || stage.phase === 'failed') && (
        <Beginning session={session} />
      )}
      {stage.phase === 'posing' && <Posing session={session} stage={stage} />}
      {stage.phase === 'ready' && <Ready session={session} />}
      {stage.phase === 'teaching' && <Teaching session={session} steps={stage.steps} />}
      {stage.phase === 'done' && <LessonResult session={session} lesson={stage.lesson} />}
    </div>
  );
}

/** Before the camera starts, or instead of it. */
function Beginning({ session }: { session: TeachSession }) {
  const t = useText();
  const { corrections } = useServices();
  const wanted = useSignal<ReadonlySet<Expression>>(new Set(EXPRESSIONS));
  const stage = session.stage.value;
  const list = corrections.list.value;
  return (
    <>
      <ol class="teach-steps">
        <li>{t('teach.step1')}</li>
        <li>{t('teach.step2')}</li>
        <li>{t('teach.step3')}</li>
      </ol>
      <ExpressionChoice chosen={wanted} />
      <Consent
        error={stage.phase === 'failed' ? stage.error : undefined}
        starting={stage.phase === 'starting'}
        onStart={() => void session.pose(wanted.value)}
      />
      <section class="teach-other">
        <h2>{t('teach.fromCorrections')}</h2>
        <p class="quiet">
          {list.length === 0 ? t('teach.noCorrections') : t('teach.someCorrections', { count: list.length })}
        </p>
        <button
          type="button"
          disabled={list.length === 0 || stage.phase === 'starting'}
          onClick={() => void session.useCorrections(list)}
        >
          <Icon name="pencil" />
          {t('teach.useCorrections')}
        </button>
      </section>
    </>
  );
}

/** The expressions that are asked for; at least one. */
function ExpressionChoice({ chosen }: { chosen: Signal<ReadonlySet<Expression>> }) {
  const t = useText();
  const toggle = (name: Expression): void => {
    const next = new Set(chosen.value);
    if (!next.delete(name)) next.add(name);
    if (next.size > 0) chosen.value = next;
  };
  return (
    <fieldset class="teach-choice">
      <legend>{t('teach.which')}</legend>
      {EXPRESSIONS.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={chosen.value.has(name)}
            disabled={chosen.value.size === 1 && chosen.value.has(name)}
            onChange={() => toggle(name)}
          />
          {t(`expression.${name}`)}
        </label>
      ))}
    </fieldset>
  );
}

/** What was collected, and how freely the model may change. */
function Ready({ session }: { session: TeachSession }) {
  const t = useText();
  const care = useSignal<Care>('careful');
  const counts = [...countByExpression(session.samples.value)];
  return (
    <section class="teach-card">
      <h2>{t('teach.ready')}</h2>
      <ul class="teach-counts">
        {counts.map(([name, count]) => (
          <li key={name}>
            {t(`expression.${name}`)} <span class="number">{count}</span>
          </li>
        ))}
      </ul>
      <Segmented
        name={t('teach.care')}
        value={care.value}
        choices={(['careful', 'bold'] as const).map((value) => ({ value, label: t(`teach.${value}`) }))}
        onChoose={(value) => (care.value = value)}
      />
      <p class="quiet small">{t(`teach.${care.value}Hint`)}</p>
      <div class="actions">
        <button type="button" class="primary" onClick={() => void session.teach(care.value)}>
          <Icon name="spark" />
          {t('teach.start')}
        </button>
        <button type="button" onClick={() => session.stop()}>
          {t('teach.discard')}
        </button>
      </div>
    </section>
  );
}

function Teaching({ session, steps }: { session: TeachSession; steps: number }) {
  const t = useText();
  const losses = session.losses.value;
  return (
    <section class="teach-card" aria-busy="true">
      <h2>{t('teach.learning')}</h2>
      <p class="number">{t('teach.step', { step: losses.length, steps })}</p>
      <LossCurve losses={losses} steps={steps} />
    </section>
  );
}

/** What went wrong, in a sentence. */
export function useFailure(): (error: unknown) => void {
  const t = useText();
  const { notices } = useServices();
  return (error) => notices.failed(explainError(error, t));
}
