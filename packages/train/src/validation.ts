import type { SessionFactory } from '@mememoji/graph/session';
import { float32 } from '@mememoji/graph/tensor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { chooseThreshold } from '@mememoji/vision/metrics/abstention';
import { fitTemperature, negativeLogLikelihood } from '@mememoji/vision/metrics/calibration';
import { accuracy } from '@mememoji/vision/metrics/confusion';
import { softmax } from '@mememoji/vision/metrics/predictions';
import type { Classifier } from './classifier-session.ts';
import { TrainError } from './error.ts';
import { predictLogits } from './evaluate.ts';
import type { TrainingData } from './training-data.ts';

export interface Validation {
  accuracy: number;
  /** Mean negative log-likelihood in nats. */
  loss: number;
  /** [rows, classes]. */
  logits: Float32Array;
}

/** Runs an exported model over the validation rows, single view. @throws TrainError `DIVERGED` */
export async function validate(
  model: Uint8Array,
  spec: ClassifierSpec,
  data: TrainingData,
  createSession: SessionFactory,
): Promise<Validation> {
  const session = await createSession(model);
  const { input, output } = spec;
  const classifier: Classifier = {
    spec,
    close: () => session.close(),
    run: async (pixels, count) => {
      const results = await session.run({ [input.name]: float32([count, 1, input.height, input.width], pixels) });
      return Float32Array.from(results[output.name]!.data as Float32Array);
    },
  };
  try {
    const [logits] = await predictLogits(classifier, data.dataset, data.validation, { batchSize: 64 });
    if (logits!.some((value) => !Number.isFinite(value))) {
      const hint = 'lower the learning rate or clip the gradients';
      throw new TrainError('DIVERGED', 'the net no longer gives finite numbers', hint);
    }
    const predictions = withTargets(softmax(logits!, spec.labels.length), spec, data);
    return { accuracy: accuracy(predictions), loss: negativeLogLikelihood(predictions), logits: logits! };
  } finally {
    await session.close();
  }
}

/** A face is called uncertain so that those left are read rightly this often, on PublicTest, if at least half are left then. */
const TARGET = { targetAccuracy: 0.8, minimumCoverage: 0.5 };

/** Temperature, and with it the threshold of `uncertain`, from validation logits. */
export function calibrate(
  logits: Float32Array,
  spec: ClassifierSpec,
  data: TrainingData,
): Pick<ClassifierSpec, 'temperature' | 'uncertainBelow'> {
  const temperature = fitTemperature(withTargets(logits, spec, data));
  const probabilities = softmax(logits, spec.labels.length, temperature);
  return { temperature, uncertainBelow: chooseThreshold(withTargets(probabilities, spec, data), TARGET).threshold };
}

function withTargets(scores: Float32Array, { labels }: ClassifierSpec, { dataset, validation }: TrainingData) {
  return { scores, targets: Uint8Array.from(validation, (row) => dataset.targets[row]!), classes: labels.length };
}
