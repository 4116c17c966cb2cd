import { type Arithmetic, type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { checkClassifier } from './classifier.ts';
import { checkDetector } from './detector.ts';
import { MememojiError } from './error.ts';
import type { Session } from './session.ts';

/** Both networks, loaded and checked, and what the classifier says of itself. */
export interface Networks {
  detector: Session;
  classifier: Session;
  spec: ClassifierSpec;
}

/**
 * Loads the face detector and the classifier into whatever engine `createSession` stands for.
 * @param detector bytes of an ONNX file.
 * @param model the classifier, bytes of an ONNX file that describes itself.
 * @param createSession is told what a network computes in: one in 8 bits belongs on the processor.
 * @throws MememojiError `BAD_MODEL`; no session is left behind.
 */
export async function loadNetworks(
  detector: Uint8Array,
  model: Uint8Array,
  createSession: (bytes: Uint8Array, arithmetic: Arithmetic) => Promise<Session>,
): Promise<Networks> {
  const spec = readSpec(model);
  const classifier = await loadChecked(createSession(model, spec.arithmetic ?? 'float32'), (session) =>
    checkClassifier(session, spec),
  );
  try {
    return { classifier, spec, detector: await loadChecked(createSession(detector, 'float32'), checkDetector) };
  } catch (error) {
    await classifier.release();
    throw error;
  }
}

async function loadChecked(loading: Promise<Session>, check: (session: Session) => void): Promise<Session> {
  const session = await loading;
  try {
    check(session);
  } catch (error) {
    await session.release();
    throw error;
  }
  return session;
}

function readSpec(bytes: Uint8Array): ClassifierSpec {
  try {
    return parseClassifierSpec(readOnnxMetadata(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MememojiError('BAD_MODEL', reason, 'use a model written by `mememoji train`', { cause });
  }
}
