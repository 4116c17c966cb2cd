/**
 * Makes a shipped model of a finished run: measures it on FER2013 (PublicTest, and PrivateTest once), writes what was measured
 * into the model file's metadata, and puts file, record and card into this folder, with what the model shall not forget
 * while a person teaches it unless --no-memory is said. The run may be one of `mememoji models join` too.
 *
 *     node --conditions=source models/publish-classifier.ts --run runs/mememoji --data fer2013.csv.gz --name mememoji
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import { type Classifier, openClassifier } from '@mememoji/train/classifier-session';
import type { Dataset } from '@mememoji/train/dataset';
import { type Evaluation, evaluateClassifier } from '@mememoji/train/evaluate';
import { writeWhole } from '@mememoji/train/files';
import { openDataset } from '@mememoji/train/open-dataset';
import { VIEWS } from '@mememoji/train/views';
import { type ClassifierSpec, parseClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { writeCard } from './card.ts';
import { makeMemory } from './make-memory.ts';

/** What stands in `NAME.json` beside a shipped model. */
export interface ModelRecord {
  spec: ClassifierSpec;
  /** By split and view, as `mememoji evaluate --format json` prints them. */
  evaluations: Evaluation[];
  /** report.json of the run. */
  run: unknown;
  bytes: number;
}

const folder = import.meta.dirname;

async function main(): Promise<void> {
  const options = {
    run: { type: 'string' },
    data: { type: 'string' },
    name: { type: 'string' },
    version: { type: 'string', default: '1' },
    memory: { type: 'boolean', default: true },
  } as const;
  const { run, data, name, version, memory } = parseArgs({ options, allowNegative: true }).values;
  if (run === undefined || data === undefined || name === undefined)
    throw new Error('--run, --data and --name are needed');
  const model = decodeModel(await readFile(join(run, 'model.onnx')));
  const dataset = await openDataset(data, { votes: false });
  const classifier = await openClassifier(join(run, 'model.onnx'), { threads: 2 });
  const evaluations = await evaluateAll(classifier, dataset).finally(() => classifier.close());
  const spec: ClassifierSpec = {
    ...parseClassifierSpec(model.metadata),
    name,
    version,
    metrics: summarise(evaluations),
  };
  const bytes = encodeModel({ ...model, metadata: { ...model.metadata, [SPEC_KEY]: JSON.stringify(spec) } });
  const report: unknown = JSON.parse(await readFile(join(run, 'report.json'), 'utf8'));
  const record: ModelRecord = { spec, evaluations, run: report, bytes: bytes.length };
  await writeWhole(join(folder, `${name}.onnx`), [bytes]);
  if (memory) await writeWhole(join(folder, `${name}.memory`), [await makeMemory(bytes, dataset)]);
  await writeText(`${name}.json`, `${JSON.stringify(record, null, 2)}\n`);
  const curve = join(run, 'metrics.csv'); // of classifiers that were joined there is none
  if (existsSync(curve)) await writeText(`${name}.metrics.csv`, await readFile(curve, 'utf8'));
  await writeText(`${name}.md`, writeCard(record));
}

async function evaluateAll(classifier: Classifier, dataset: Dataset): Promise<Evaluation[]> {
  const evaluations: Evaluation[] = [];
  for (const split of ['PublicTest', 'PrivateTest'] as const) {
    for (const view of VIEWS) evaluations.push(await evaluateClassifier(classifier, dataset, { split, view }));
  }
  return evaluations;
}

/** The numbers that the model file itself publishes, single view but where the name says otherwise. */
function summarise(evaluations: readonly Evaluation[]): Record<string, number> {
  return Object.fromEntries(
    evaluations.flatMap(({ split, view, accuracy, accuracy6, macroF1, top2, nll, ece, accuracyWithoutDuplicates }) => {
      const prefix = `${split.charAt(0).toLowerCase()}${split.slice(1)}${view === 'single' ? '' : `.${view}`}`;
      const shown =
        view === 'single' ? { accuracy, accuracy6, macroF1, top2, nll, ece, accuracyWithoutDuplicates } : { accuracy };
      return Object.entries(shown).flatMap(([key, value]) =>
        value === null ? [] : [[`${prefix}.${key}`, value] as const],
      );
    }),
  );
}

async function writeText(file: string, text: string): Promise<void> {
  await writeWhole(join(folder, file), [Buffer.from(text)]);
}

if (import.meta.main) await main();
