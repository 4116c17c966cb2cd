import type { VariableValues } from '@mememoji/graph/layers';
import { float32 } from '@mememoji/graph/tensor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { describe, expect, it } from 'vitest';
import { openClassifier } from '../src/classifier-session.ts';
import { firstState } from '../src/first-state.ts';
import { encodeInferenceModel } from '../src/inference-model.ts';
import { joinClassifiers, type Member } from '../src/join-classifiers.ts';
import { Random } from '../src/random.ts';
import { parseRecipe, type Recipe } from '../src/recipe.ts';
import { describeModel } from '../src/run-report.ts';
import { selectTrainingData } from '../src/training-data.ts';
import { buildTrainingGraph } from '../src/training-graph.ts';
import { CLASSES, CNN9, expectClose, pictures } from './helpers/tiny-net.ts';
import { numbersOf, tinyDataset, tinyRecipe } from './helpers/tiny-run.ts';

const RESIDUAL = { architecture: 'residual', stem: 4, widths: [4, 5], blocks: 1, places: 3 };
const DATA = tinyDataset(70);

/** A net with weights of its own, and a specification that says so. */
function member(model: Record<string, unknown>, seed: number, changes: Partial<ClassifierSpec> = {}): Member {
  const recipe = tinyRecipe({ name: `net-${seed}`, model, inputSize: 16, seed });
  const graph = buildTrainingGraph(recipe, CLASSES, 0);
  const random = new Random(seed);
  const values = [...graph.variables.keys()].map((name) => {
    const value = firstState(graph, seed)[name]!;
    return [
      name,
      float32(
        value.shape,
        numbersOf(value).map((each) => each + 0.3 * random.normal() ** 2),
      ),
    ] as const;
  });
  return { spec: { ...specOf(recipe), ...changes }, values: new Map(values) };
}

function specOf(recipe: Recipe): ClassifierSpec {
  const position = { fingerprint: `${recipe.seed}`.repeat(64), epoch: 0, batch: 0, steps: 0, lossSum: 0 };
  const past = { seconds: 0, epochSeconds: 0, history: [] };
  return describeModel(recipe, selectTrainingData(DATA, recipe), { ...position, ...past });
}

function jointRecipe(...members: Record<string, unknown>[]): Recipe {
  return parseRecipe({ name: 'both', model: { architecture: 'joint', members }, inputSize: 16, epochs: 1 });
}

async function logitsOf(recipe: Recipe, values: VariableValues, spec: ClassifierSpec): Promise<Float32Array> {
  const classifier = await openClassifier(encodeInferenceModel(recipe, values, spec));
  try {
    const { data, shape } = pictures(5);
    return await classifier.run(data as Float32Array, shape[0]!);
  } finally {
    await classifier.close();
  }
}

const recipeOf = ({ spec }: Member): Recipe => parseRecipe(JSON.parse(spec.training.recipe));

describe('a joint classifier', () => {
  const first = member(RESIDUAL, 1, { temperature: 0.5 });
  const second = member(CNN9, 2, { temperature: 2 });
  it('gives the mean of its members, each by its own temperature', async () => {
    const { recipe, values, spec } = joinClassifiers([first, second], { name: 'both' });
    const joined = await logitsOf(recipe, values, spec);
    const [a, b] = await Promise.all([first, second].map((each) => logitsOf(recipeOf(each), each.values, each.spec)));
    expect(joined).toHaveLength(a!.length);
    joined.forEach((logit, i) => {
      // Weights are stored as float16.
      expect(Math.abs(logit - (a![i]! / 0.5 + b![i]! / 2) / 2)).toBeLessThan(0.02 * (1 + Math.abs(logit)));
    });
    expect(new Set(joined.map((logit) => Math.round(100 * logit))).size).toBeGreaterThan(CLASSES);
  });

  it('tells of the trainings that made it, and is not calibrated', () => {
    const { recipe, spec } = joinClassifiers([first, second], { name: 'both' });
    expect(recipe.model).toEqual(jointRecipe(RESIDUAL, CNN9).model);
    expect(JSON.parse(spec.training.recipe)).toEqual(recipe);
    expect(spec).toMatchObject({ name: 'both', temperature: 1, uncertainBelow: 0, metrics: {} });
    expect(spec.training.members?.map(({ name, seed }) => [name, seed])).toEqual([
      ['net-1', 1],
      ['net-2', 2],
    ]);
    expect(spec.training.members![1]!.recipe).toBe(second.spec.training.recipe);
    expect(spec.training.run).not.toBe(joinClassifiers([first, member(CNN9, 3)], { name: 'both' }).spec.training.run);
  });

  it('takes a joint one for the nets that it is made of, without what was added to their logits', async () => {
    const third = member(RESIDUAL, 3, { temperature: 1.5 });
    const logitAdjustment = { fear: 3, sad: -2 };
    const both = joinClassifiers([second, third], { name: 'both', logitAdjustment });
    const calibrated = { ...both, spec: { ...both.spec, temperature: 0.7 } };
    const nested = joinClassifiers([first, calibrated], { name: 'three', logitAdjustment });
    const flat = joinClassifiers([first, second, third], { name: 'three', logitAdjustment });
    expect(nested.recipe).toEqual(flat.recipe);
    expect(nested.spec).toEqual(flat.spec);
    expect([...nested.values.keys()].sort()).toEqual([...flat.values.keys()].sort());
    for (const [name, value] of flat.values) expectClose(nested.values.get(name)!, value, name, 1e-5);
  });

  it('takes one that was trained jointly for as many nets as it has, by its own temperature', async () => {
    const trained = member({ architecture: 'joint', members: [CNN9, RESIDUAL] }, 4, { temperature: 2 });
    const { recipe, values, spec } = joinClassifiers([trained, first], { name: 'three' });
    expect(recipe.model).toEqual(jointRecipe(CNN9, RESIDUAL, RESIDUAL).model);
    expect(spec.training.members?.map(({ name }) => name)).toEqual(['net-4', 'net-1']);
    const joined = await logitsOf(recipe, values, spec);
    const [a, b] = await Promise.all([trained, first].map((each) => logitsOf(recipeOf(each), each.values, each.spec)));
    joined.forEach((logit, i) => {
      const expected = (2 * (a![i]! / 2) + b![i]! / 0.5) / 3;
      expect(Math.abs(logit - expected)).toBeLessThan(0.02 * (1 + Math.abs(logit)));
    });
  });

  it('refuses one alone, and members that read other pictures or labels', () => {
    expect(() => joinClassifiers([first], { name: 'one' })).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }));
    const input = { ...second.spec.input, width: 20 };
    const stranger = { ...second, spec: { ...second.spec, input } };
    expect(() => joinClassifiers([first, stranger], { name: 'both' })).toThrow('net-2 and net-1 differ in their input');
    const labels = second.spec.labels.toReversed();
    const reversed = { ...second, spec: { ...second.spec, labels } };
    expect(() => joinClassifiers([first, reversed], { name: 'both' })).toThrow('differ in their labels');
  });
});

describe('the recipe of a joint net', () => {
  it('is refused where a member is', () => {
    expect(() => jointRecipe(CNN9)).toThrow('model.members');
    expect(() => jointRecipe(CNN9, { ...RESIDUAL, blocks: [1] })).toThrow('as many numbers as there are widths');
    expect(() => jointRecipe(CNN9, { ...RESIDUAL, mirror: true })).toThrow('model.mirror');
    const nested = { architecture: 'joint', members: [CNN9, CNN9] };
    expect(() => jointRecipe(CNN9, nested)).toThrow('model.members');
    const places = { ...jointRecipe(RESIDUAL, CNN9), evaluationSize: 20 };
    expect(() => parseRecipe(places)).toThrow('evaluationSize');
  });
});
