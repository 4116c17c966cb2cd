/** The worker in which the page teaches a model and looks into it: the training engine, on ONNX Runtime's WASM. */
import { Explainer } from '@mememoji/train/explain/explainer';
import { sessionsOf } from '@mememoji/train/onnx-session';
import { Tutor } from '@mememoji/train/tuning/tutor';
import * as ort from 'onnxruntime-web/wasm';
import type { LabAnswer, LabCalls, LabFiles, LabKind, LabMessage, Step } from './protocol.ts';

interface Lab {
  tutor: Tutor;
  explainer: Explainer;
}

type Handlers = {
  [K in LabKind]: (request: LabCalls[K]['request'], onStep: (step: Step) => void) => Promise<LabCalls[K]['result']>;
};

/** Occlusion and gradients of one face take a moment; integrated gradients would take many. */
const METHODS = ['features', 'gradcam', 'occlusion'] as const;

function createHandlers(): Handlers {
  let lab: Lab | undefined;
  const opened = (): Lab => {
    if (lab === undefined) throw new Error('the lab has not been opened');
    return lab;
  };
  return {
    open: async (files) => {
      lab = await openLab(files);
      return lab.tutor.split.spec;
    },
    features: ({ pixels }) => opened().tutor.features(pixels),
    teach: ({ examples, memoryWeight, when }, onStep) =>
      opened().tutor.teach(examples, when, {
        memoryWeight,
        onStep: (step, loss, steps) => onStep({ step, loss, steps }),
      }),
    explain: ({ pixels }) => opened().explainer.explain(pixels, { methods: METHODS }),
  };
}

async function openLab({ model, memory, script, binary }: LabFiles): Promise<Lab> {
  ort.env.wasm.wasmPaths = { mjs: script, wasm: binary };
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const createSession = sessionsOf(ort, { executionProviders: ['wasm'], logSeverityLevel: 3 });
  return {
    tutor: await Tutor.open(model, memory, createSession),
    explainer: new Explainer(model, createSession, { layers: 'pooling' }),
  };
}

async function answer<K extends LabKind>(handlers: Handlers, { id, kind, request }: LabMessage<K>): Promise<LabAnswer> {
  try {
    return { id, result: await handlers[kind](request, (progress) => send({ id, progress })) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
    return { id, error: { code, message: error instanceof Error ? error.message : String(error) } };
  }
}

function send(message: LabAnswer): void {
  postMessage(message);
}

const handlers = createHandlers();
let last = Promise.resolve();
addEventListener('message', ({ data }: MessageEvent<LabMessage<LabKind>>) => {
  last = last.then(async () => send(await answer(handlers, data)));
});
