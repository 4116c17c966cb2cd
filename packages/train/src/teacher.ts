import { softmax } from '@mememoji/vision/metrics/predictions';
import type { Classifier } from './classifier-session.ts';
import type { Dataset } from './dataset.ts';
import { TrainError } from './error.ts';
import { predictLogits } from './evaluate.ts';
import type { View } from './views.ts';

export interface TeachOptions {
  /** Softens the teachers' probabilities: softmax(logits / temperature). */
  temperature: number;
  /** What the teachers see of each picture. */
  view: View;
  onProgress?: (done: number, total: number) => void;
}

/**
 * What teachers say of pictures, as targets for a net that learns from them (Hinton et al., Distilling the knowledge in a
 * neural network, 2015): the mean over teachers and views.
 * @param rows one may stand several times, and is asked about once
 * @returns [dataset.count, classes] probabilities, zeros for rows not asked for
 * @throws TrainError `BAD_CLASSES` if a teacher's labels are not those of the data
 */
export async function teach(
  teachers: readonly Classifier[],
  dataset: Dataset,
  rows: Uint32Array,
  { temperature, view, onProgress }: TeachOptions,
): Promise<Float32Array> {
  const classes = dataset.labels.length;
  const pictures = Uint32Array.from(new Set(rows));
  const taught = new Float32Array(dataset.count * classes);
  for (const [i, teacher] of teachers.entries()) {
    const columns = columnsOf(teacher, dataset);
    const told = (done: number, total: number) => onProgress?.(i * total + done, teachers.length * total);
    const views = await predictLogits(teacher, dataset, pictures, { view, onProgress: told });
    for (const logits of views) {
      const probabilities = softmax(logits, classes, temperature);
      const share = 1 / (teachers.length * views.length);
      probabilities.forEach((probability, at) => {
        taught[pictures[Math.floor(at / classes)]! * classes + columns[at % classes]!]! += share * probability;
      });
    }
  }
  return taught;
}

/** For each of a teacher's labels its number in the data. @throws TrainError `BAD_CLASSES` if they are not the same */
export function columnsOf({ spec }: Pick<Classifier, 'spec'>, { labels }: Pick<Dataset, 'labels'>): number[] {
  const columns = spec.labels.map((label) => labels.indexOf(label));
  if (columns.length === labels.length && !columns.includes(-1)) return columns;
  const message = `the teacher ${spec.name} knows ${spec.labels.join(', ')}, the data has ${labels.join(', ')}`;
  throw new TrainError('BAD_CLASSES', message, 'choose teachers of the same classes');
}
