import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { VariableValues } from '@mememoji/graph/layers';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { TrainError } from './error.ts';
import { parseRecipe, type Recipe } from './recipe.ts';
import { CLASSIFIER_BIAS, CLASSIFIER_WEIGHT } from './training-graph.ts';
import { memberPrefix } from './zoo/joint.ts';

/** A trained classifier that becomes a part of a joint one. */
export interface Member {
  spec: ClassifierSpec;
  /** Its weights by their names. */
  values: VariableValues;
}

/** A joint classifier, to be calibrated and exported as the outcome of a training is. */
export interface JoinedClassifier {
  /** What a training of the joint net begins with: names the nets; nothing was trained by it. */
  recipe: Recipe;
  values: VariableValues;
  /** Not calibrated, nor measured. */
  spec: ClassifierSpec;
}

export interface JoinOptions {
  /** What the joint classifier is called. */
  name: string;
  /** Added to the joint logits of these classes, as a recipe's entry of that name is; nothing by default. */
  logitAdjustment?: Recipe['logitAdjustment'];
}

/**
 * Makes one classifier of several that were trained apart. Its logits are the mean of theirs, each divided by its own temperature, so that
 * a net that is merely surer does not outvote the others; since the logits are linear in the features, that is one dense layer over
 * the features of all.
 * @throws TrainError `BAD_MODEL` if they are fewer than two, joint themselves, or do not read the same pictures with the same labels
 */
export function joinClassifiers(members: readonly Member[], options: JoinOptions): JoinedClassifier {
  checkMembers(members);
  const recipe = describeNets(members, options);
  const values = new Map<string, TensorData>();
  members.forEach((member, i) => {
    for (const [name, value] of member.values) values.set(memberPrefix(i) + name, value);
    values.delete(memberPrefix(i) + CLASSIFIER_WEIGHT);
    values.delete(memberPrefix(i) + CLASSIFIER_BIAS);
  });
  const parts = members.map(({ spec, values: own }) => shareOf(spec, own, members.length));
  values.set(CLASSIFIER_WEIGHT, sideBySide(parts.map(({ weight }) => weight)));
  const added = members[0]!.spec.labels.map((label) => recipe.logitAdjustment[label] ?? 0);
  values.set(
    CLASSIFIER_BIAS,
    sum([...parts.map(({ bias }) => bias), float32([added.length], Float32Array.from(added))]),
  );
  return { recipe, values, spec: describeJoined(members, recipe) };
}

function checkMembers(members: readonly Member[]): void {
  const [first] = members;
  if (first === undefined || members.length < 2)
    throw new TrainError('BAD_MODEL', 'one classifier cannot be joined', 'name two or more');
  for (const { spec } of members) {
    if (spec.training.members !== undefined)
      throw new TrainError('BAD_MODEL', `${spec.name} is joint itself`, 'name the files that it was made of');
    for (const key of ['labels', 'input', 'normalisation'] as const) {
      if (isDeepStrictEqual(spec[key], first.spec[key])) continue;
      const hint = 'join models that were trained for the same pictures and labels';
      throw new TrainError('BAD_MODEL', `${spec.name} and ${first.spec.name} differ in their ${key}`, hint);
    }
  }
}

/** Classes and rows are chosen as for the first of them. */
function describeNets(members: readonly Member[], { name, logitAdjustment = {} }: JoinOptions): Recipe {
  const recipes = members.map(({ spec }) => parseRecipe(JSON.parse(spec.training.recipe)));
  const [{ data, epochs }] = recipes as [Recipe];
  const names = members.map(({ spec }) => `${spec.name} ${spec.version}`);
  return parseRecipe({
    name,
    description: `Side by side: ${names.join(', ')}.`,
    data,
    model: { architecture: 'joint', members: recipes.map(({ model }) => model) },
    inputSize: members[0]!.spec.input.height,
    epochs,
    logitAdjustment,
  });
}

/** What a member adds to the joint logits. */
function shareOf({ name, temperature }: ClassifierSpec, values: VariableValues, count: number) {
  const scaled = (variable: string): TensorData => {
    const value = values.get(variable);
    if (value === undefined) throw new TrainError('BAD_MODEL', `${name} has no dense layer '${variable}'`);
    const numbers = value.data as Float32Array;
    return float32(
      value.shape,
      numbers.map((each) => each / (count * temperature)),
    );
  };
  return { weight: scaled(CLASSIFIER_WEIGHT), bias: scaled(CLASSIFIER_BIAS) };
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

function describeJoined(members: readonly Member[], recipe: Recipe): ClassifierSpec {
  const [{ spec }] = members as [Member];
  const origins = members.map((each) => each.spec.training);
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
      members: members.map(({ spec: { name, version, training } }) => ({ name, version, ...training })),
    },
  };
}
