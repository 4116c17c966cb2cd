import type { Evaluation } from '@mememoji/train/evaluate';
import { parseRecipe } from '@mememoji/train/recipe';
import type { ClassifierSpec, TrainingOrigin } from '@mememoji/vision/classifier-spec';
import type { ModelRecord } from './publish-classifier.ts';
import { recipeFile } from './recipe-file.ts';

type Member = NonNullable<ClassifierSpec['training']['members']>[number];

/** The model card of a shipped classifier, Markdown. Every number comes from the record. */
export function writeCard({ spec, evaluations, bytes }: ModelRecord): string {
  const { training, input, labels, name } = spec;
  const { members } = training;
  const { arithmetic } = parseRecipe(JSON.parse(training.recipe));
  const computes = arithmetic === 'int8' ? 'convolutions computed in 8 bits' : 'weights stored as float16';
  const privateTest = evaluations.find(({ split, view }) => split === 'PrivateTest' && view === 'single');
  if (privateTest === undefined) throw new Error('the record has no evaluation of PrivateTest');
  return `# ${name}.onnx

A classifier of facial expressions: a grey face of ${input.width}x${input.height} pixels in, ${labels.length} logits out (${labels.join(', ')}).
${(bytes / 1e6).toFixed(2)} MB, ${computes}. It reads faces, not feelings: an expression is what a face shows, whoever shows it and why.

## Training

| | |
|---|---|
| data | FER2013, Training split, without copies of test pictures, repeated pictures and what FER+ voters found to be no face; FER+ votes as a second target |
| SHA-256 of the data (unpacked) | \`${training.dataHash}\` |
${members === undefined ? describeTraining(name, training) : members.map(describeMember).join('\n')}
| chosen on | PublicTest: the temperature ${spec.temperature.toFixed(3)} and the threshold ${spec.uncertainBelow.toFixed(3)} of \`uncertain\` |
| preprocessing | ${spec.normalisation}; framing of a photo's face: see [docs/framing.md](../docs/framing.md) |

To train it again: [docs/training.md](../docs/training.md).

## Held-out results

Nothing was chosen by PrivateTest; it was measured when all else was fixed. Reproduce a row with
\`npx mememoji evaluate --model ${name} --data fer2013.csv --split PrivateTest --view single\`.

${resultsTable(evaluations)}

Single view, PrivateTest, per class:

${classTable(privateTest)}

Confusion (rows: truth, columns: prediction):

${confusionTable(privateTest)}

Calibration: expected calibration error ${privateTest.ece.toFixed(3)} after temperature scaling, ${privateTest.eceUncalibrated.toFixed(3)} before (15 bins). Faces whose
likeliest expression stays below the threshold are called uncertain: ${percent(privateTest.uncertainShare)} of PrivateTest; on the others it is right in
${percent(privateTest.accuracyWhenCertain ?? Number.NaN)}.

## Known failures

${failures(privateTest)} FER2013's labels are noisy: people agree with them in about 65% of the pictures. The data
holds pictures that a search engine found in 2013; nobody has measured this model by age, skin colour, pose, light or covering.

## What it must not be used for

No conclusion about what a person feels, means or is like. No use at work or in schools to infer emotions of people (EU AI Act,
Art. 5(1)(f)), no decision about a person, no use on people who were not told.

## Licences

The weights are this project's own, MIT. FER2013 is the data set of the 2013 challenge (Goodfellow et al.); FER+ votes are
Microsoft's, MIT. Neither is part of this repository.
`;
}

function describeTraining(name: string, { run, seed, epochs, date }: TrainingOrigin): string {
  return `| recipe | [examples/recipes/${name}.json](../examples/recipes/${name}.json), also in the file's metadata |
| run | \`${run}\`, seed ${seed}, ${epochs} epochs, ${date} |`;
}

/** A part of a joint net, which was trained by itself. */
function describeMember({ name, version, run, seed, epochs, date }: Member, index: number): string {
  const file = recipeFile(name, version);
  const recipe = `[examples/recipes/${file}](../examples/recipes/${file})`;
  return `| net ${index + 1} | ${name} ${version}, ${recipe}: run \`${run}\`, seed ${seed}, ${epochs} epochs, ${date} |`;
}

/** The classes that are missed most, and the mistakes that are most common. */
function failures({ labels, recall, confusion }: Evaluation): string {
  const weakest = labels.toSorted((a, b) => (recall[a] ?? 1) - (recall[b] ?? 1)).slice(0, 2);
  const found = weakest.map((label) => `${label} (${percent(recall[label] ?? Number.NaN)} found)`);
  const mistakes = labels.flatMap((truth, row) =>
    labels.flatMap((guess, column) => (row === column ? [] : [{ truth, guess, count: confusion[row]![column]! }])),
  );
  const common = mistakes.toSorted((a, b) => b.count - a.count).slice(0, 3);
  const named = common.map(({ truth, guess, count }) => `${truth} taken for ${guess} (${count})`);
  return `The weakest classes are ${found.join(' and ')}; the most common mistakes ${named.join(', ')}.`;
}

function resultsTable(evaluations: readonly Evaluation[]): string {
  const rows = evaluations.map(
    ({ split, view, accuracy, accuracyInterval, accuracy6, macroF1, top2, nll, ece, accuracyWithoutDuplicates }) => [
      split,
      view,
      `${percent(accuracy)} (${percent(accuracyInterval[0])} to ${percent(accuracyInterval[1])})`,
      percent(accuracy6),
      macroF1.toFixed(3),
      percent(top2),
      nll.toFixed(3),
      ece.toFixed(3),
      accuracyWithoutDuplicates === null ? '' : percent(accuracyWithoutDuplicates),
    ],
  );
  return table(
    ['split', 'view', '7 classes (95% interval)', '6 classes', 'macro-F1', 'top 2', 'NLL', 'ECE', 'without duplicates'],
    rows,
  );
}

function classTable({ labels, precision, recall, f1, support }: Evaluation): string {
  const rows = labels.map((label) => [
    label,
    ...[precision, recall, f1].map((values) => (values[label] ?? Number.NaN).toFixed(3)),
    String(support[label]),
  ]);
  return table(['expression', 'precision', 'recall', 'F1', 'pictures'], rows);
}

function confusionTable({ labels, confusion }: Evaluation): string {
  return table(
    ['', ...labels],
    labels.map((label, row) => [label, ...confusion[row]!.map(String)]),
  );
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}
