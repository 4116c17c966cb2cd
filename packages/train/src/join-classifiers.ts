import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { VariableValues } from '@mememoji/graph/layers';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { TrainError } from './error.ts';
import type { TrainedClassifier } from './finish-classifier.ts';
import { parseRecipe, type Recipe } from './recipe.ts';
import { CLASSIFIER_BIAS, CLASSIFIER_WEIGHT } from './training-graph.ts';
import { memberPrefix } from './zoo/joint.ts';

/** A trained classifier that becomes a part of a joint one. */
export interface Member {
  spec: ClassifierSpec;
  /** Its weights by their names. */
  values: VariableValues;
}

export interface JoinOptions {
  /** What the joint classifier is called. */
  name: string;
  /** Added to the joint logits of these classes, as a recipe's entry of that name is; nothing by default. */
  logitAdjustment?: Recipe['logitAdjustment'];
  /** In which its convolutions compute; float32 by default. */
  arithmetic?: Recipe['arithmetic'];
}

/** What a member brings: one net, or those of a joint one. */
interface Part {
  nets: Recipe['model'][];
  origins: NonNullable<ClassifierSpec['training']['members']>;
  /** Variables of the nets, by the names that they have in a joint net whose net number `first` is the first of these. */
  variables(first: number): VariableValues;
  /** Of the dense layer that gives the sum of what its nets say, each divided by its own temperature. */
  weight: TensorData;
  bias: TensorData;
}

/**
 * Makes one classifier of several that were trained apart. Its logits are the mean of theirs, each divided by its own temperature, so that
 * a net that is merely surer does not outvote the others; since the logits are linear in the features, that is one dense layer over
 * the features of all. Of a joint classifier each net counts as one, as if it had been named itself.
 * @returns its recipe names the nets; nothing was trained by it
 * @throws TrainError `BAD_MODEL` if they are fewer than two, or do not read the same pictures with the same labels
 */
export function joinClassifiers(members: readonly Member[], options: JoinOptions): TrainedClassifier {
  checkMembers(members);
  const parts = members.map(partOf);
  const nets = parts.flatMap((part) => part.nets);
  const recipe = describeNets(members, parts, options);
  const values = new Map<string, TensorData>();
  let first = 0;
  for (const part of parts) {
    for (const [name, value] of part.variables(first)) values.set(name, value);
    first += part.nets.length;
  }
  const added = addedTo(members[0]!.spec.labels, recipe.logitAdjustment);
  const weights = parts.map(({ weight }) => weight);
  const biases = parts.map(({ bias }) => bias);
  values.set(CLASSIFIER_WEIGHT, scaled(sideBySide(weights), 1 / nets.length));
  values.set(CLASSIFIER_BIAS, sum([scaled(sum(biases), 1 / nets.length), added]));
  return { recipe, values, spec: describeJoined(members, parts, recipe) };
}

function checkMembers(members: readonly Member[]): void {
  const [first] = members;
  if (first === undefined || members.length < 2)
    throw new TrainError('BAD_MODEL', 'one classifier cannot be joined', 'name two or more');
  for (const { spec } of members) {
    for (const key of ['labels', 'input', 'normalisation'] as const) {
      if (isDeepStrictEqual(spec[key], first.spec[key])) continue;
      const hint = 'join models that were trained for the same pictures and labels';
      throw new TrainError('BAD_MODEL', `${spec.name} and ${first.spec.name} differ in their ${key}`, hint);
    }
  }
}

function partOf({ spec, values }: Member): Part {
  const { model, logitAdjustment } = parseRecipe(JSON.parse(spec.training.recipe));
  const nets = model.architecture === 'joint' ? model.members : [model];
  const [weight, bias] = [CLASSIFIER_WEIGHT, CLASSIFIER_BIAS].map((name) => {
    const value = values.get(name);
    if (value === undefined) throw new TrainError('BAD_MODEL', `${spec.name} has no dense layer '${name}'`);
    return value;
  }) as [TensorData, TensorData];
  const { name, version, training } = spec;
  // Where nothing was trained jointly, each net was divided by its temperature when they were joined, and what was added is no net's.
  const { members: origins = [{ name, version, ...training }] } = training;
  const isJoined = training.members !== undefined;
  const factor = nets.length / (isJoined ? 1 : spec.temperature);
  const added = addedTo(spec.labels, isJoined ? logitAdjustment : {});
  return {
    nets,
    origins,
    variables: (first) => variablesOf(values, model, first),
    weight: scaled(weight, factor),
    bias: scaled(sum([bias, scaled(added, -1)]), factor),
  };
}

/** Variables of the nets of a model as they are called in a joint net where `first` nets stand before those. */
function variablesOf(values: VariableValues, model: Recipe['model'], first: number): VariableValues {
  const prefixes = model.architecture === 'joint' ? model.members.map((_, i) => memberPrefix(i)) : [''];
  const renamed = prefixes.flatMap((prefix, i) =>
    [...values]
      .filter(([key]) => key.startsWith(prefix) && key !== CLASSIFIER_WEIGHT && key !== CLASSIFIER_BIAS)
      .map(([key, value]) => [memberPrefix(first + i) + key.slice(prefix.length), value] as const),
  );
  return new Map(renamed);
}

/** Classes and rows are chosen as for the first of them. */
function describeNets(
  members: readonly Member[],
  parts: readonly Part[],
  { name, logitAdjustment = {}, arithmetic = 'float32' }: JoinOptions,
): Recipe {
  const [{ spec }] = members as [Member];
  const { data, epochs } = parseRecipe(JSON.parse(spec.training.recipe));
  const names = parts.flatMap(({ origins }) => origins.map((origin) => `${origin.name} ${origin.version}`));
  return parseRecipe({
    name,
    description: `Side by side: ${names.join(', ')}.`,
    data,
    model: { architecture: 'joint', members: parts.flatMap(({ nets }) => nets) },
    inputSize: spec.input.height,
    epochs,
    logitAdjustment,
    arithmetic,
  });
}

function addedTo(labels: ClassifierSpec['labels'], adjustment: Recipe['logitAdjustment']): TensorData {
  return float32(
    [labels.length],
    labels.map((label) => adjustment[label] ?? 0),
  );
}

/** Matrices [C, F1], [C, F2], ... as one [C, F1 + F2 + ...]. */
function sideBySide(matrices: readonly TensorData[]): TensorData {
  const rows = matrices[0]!.shape[0]!;
  const widths = matrices.map(({ shape }) => shape[1]!);
  const width = widths.reduce((total, each) => total + each, 0);
  const data = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let column = row * width;
    matrices.forEach((matrix, i) => {
      const own = widths[i]!;
      data.set((matrix.data as Float32Array).subarray(row * own, (row + 1) * own), column);
      column += own;
    });
  }
  return float32([rows, width], data);
}

function sum(vectors: readonly TensorData[]): TensorData {
  const [first, ...others] = vectors;
  const data = Float32Array.from(first!.data as Float32Array, (value, i) =>
    others.reduce((total, { data: more }) => total + (more as Float32Array)[i]!, value),
  );
  return float32(first!.shape, data);
}

function scaled({ shape, data }: TensorData, factor: number): TensorData {
  return float32(
    shape,
    (data as Float32Array).map((value) => factor * value),
  );
}

function describeJoined(members: readonly Member[], parts: readonly Part[], recipe: Recipe): ClassifierSpec {
  const [{ spec }] = members as [Member];
  const origins = parts.flatMap((part) => part.origins);
  const hash = createHash('sha256').update(JSON.stringify([recipe, ...origins.map(({ run }) => run)]));
  return {
    ...spec,
    name: recipe.name,
    version: '1',
    temperature: 1,
    uncertainBelow: 0,
    metrics: {},
    training: {
      run: hash.digest('hex').slice(0, 12),
      seed: recipe.seed,
      epochs: origins.reduce((total, { epochs }) => total + epochs, 0),
      recipe: JSON.stringify(recipe),
      dataHash: spec.training.dataHash,
      date: origins
        .map(({ date }) => date)
        .toSorted()
        .at(-1)!,
      members: origins,
    },
  };
}
