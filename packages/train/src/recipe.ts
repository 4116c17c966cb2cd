import { readFile } from 'node:fs/promises';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { z } from 'zod';
import { type AugmentOptions, LIGHT_AUGMENTATION, SHADED_AUGMENTATION, STANDARD_AUGMENTATION } from './augment.ts';
import { TrainError } from './error.ts';
import { VIEWS } from './views.ts';
import type { ResidualOptions } from './zoo/residual.ts';
import { type ModelOptions, modelOptions, singleNets } from './zoo/zoo.ts';

/** See `Mixing` in batch.ts. */
const mixingSchema = z.strictObject({ alpha: z.number().gt(0), probability: z.number().min(0).max(1).default(1) });

/** Everything that decides the outcome of a training, but the data: a small JSON file, kept resolved in the run's folder. */
export const recipeSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i),
  description: z.string().default(''),
  seed: z.int().min(0).default(1),
  data: z
    .strictObject({
      /** Only these classes; all by default. */
      classes: z.array(z.enum(EXPRESSIONS)).min(2).optional(),
      /** Classes counted as another: `{ "disgust": "angry" }` gives the original's six. */
      merge: z.partialRecord(z.enum(EXPRESSIONS), z.enum(EXPRESSIONS)).default({}),
      /** Leave copies of test pictures and repeated pictures out of Training. */
      dropCopies: z.boolean().default(true),
      /** Leave out pictures that most FER+ voters found to be no face. */
      dropNonFaces: z.boolean().default(true),
      /** Share of Training, the same of each class. */
      fraction: z.number().gt(0).max(1).default(1),
      /** How often a class's pictures are seen in each epoch, for rare ones: `{ "disgust": 3 }`; once by default. */
      repeat: z.partialRecord(z.enum(EXPRESSIONS), z.int().min(1)).default({}),
    })
    .prefault({}),
  model: modelOptions,
  /** Side in pixels of the square pictures that the net is trained on, cut out of the data's. */
  inputSize: z.int().min(8).default(40),
  /** Side of those that it reads once trained; like `inputSize` by default. */
  evaluationSize: z.int().min(8).optional(),
  batchSize: z.int().min(2).default(64),
  epochs: z.int().min(1),
  optimizer: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('sgd'),
        momentum: z.number().min(0).lt(1).default(0.9),
        nesterov: z.boolean().default(true),
        weightDecay: z.number().min(0).default(5e-4),
      }),
      z.strictObject({ kind: z.literal('adam'), weightDecay: z.number().min(0).default(0) }),
      z.strictObject({ kind: z.literal('adamw'), weightDecay: z.number().min(0).default(0.01) }),
    ])
    .prefault({ kind: 'sgd' }),
  schedule: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('cosine'),
        peak: z.number().gt(0),
        warmupEpochs: z.number().min(0).default(1),
      }),
      z.strictObject({
        kind: z.literal('constant'),
        peak: z.number().gt(0),
        warmupEpochs: z.number().min(0).default(0),
      }),
      z.strictObject({
        kind: z.literal('steps'),
        peak: z.number().gt(0),
        warmupEpochs: z.number().min(0).default(0),
        at: z.array(z.number().gt(0)),
        factor: z.number().gt(0).lt(1).default(0.1),
      }),
    ])
    .prefault({ kind: 'cosine', peak: 0.05 }),
  /** `none`, `light` (mirrored, moved by the crop), `standard` or `shaded` (see `STANDARD_AUGMENTATION`, `SHADED_AUGMENTATION`). */
  augmentation: z.enum(['none', 'light', 'standard', 'shaded']).default('standard'),
  /** Last epochs, with light augmentation, without mixup and cutmix. */
  lightEpochs: z.int().min(0).default(0),
  /** Mixes whole pictures (Zhang et al., mixup: beyond empirical risk minimization, 2018), in this share of the batches. */
  mixup: mixingSchema.optional(),
  /** Mixes a box of one picture into another (Yun et al., CutMix, 2019), in this share of the batches that mixup leaves alone. */
  cutmix: mixingSchema.optional(),
  labelSmoothing: z.number().min(0).lt(1).default(0),
  /** Weight of the cross-entropy against the FER+ votes, on a classifier of its own that is left out of the model. */
  voteWeight: z.number().min(0).default(0),
  /**
   * Learn from the teachers named at the start too: this share of the loss is the divergence from what they say of each
   * picture, softened by the temperature.
   */
  distillation: z
    .strictObject({
      weight: z.number().gt(0).max(1).default(0.5),
      temperature: z.number().gt(0).default(2),
      /** What the teachers see of a picture. */
      view: z.enum(VIEWS).default('tencrop'),
      /**
       * Teachers see, in each step, the very pixels that the net sees, or those and their mirror image, instead of each picture once
       * before (Beyer et al., Knowledge distillation: a good teacher is patient and consistent, 2022).
       */
      consistent: z.boolean().default(false),
      /**
       * Multiplies the teachers' answer by what the FER+ votes tell of the picture's label, to this power, see `labelsOfVotes`; 0 leaves
       * them out.
       */
      votes: z.number().min(0).default(0),
    })
    .optional(),
  /**
   * Added to the logits of these classes once trained (Menon et al., Long-tail learning via logit adjustment, 2021): above 0 a
   * class is found more often, and more often wrongly.
   */
  logitAdjustment: z.partialRecord(z.enum(EXPRESSIONS), z.number()).default({}),
  /**
   * What the finished model's convolutions compute in (see `@mememoji/graph/quantise`): int8 makes it two to three times as fast and its
   * file half as large. Training computes in float32 either way.
   */
  arithmetic: z.enum(['float32', 'int8']).default('float32'),
  /**
   * Radius of sharpness-aware minimisation (see `@mememoji/graph/sharpness`): gradients are taken so far uphill of the weights, which
   * doubles a step's work. None by default.
   */
  sharpness: z.number().gt(0).optional(),
  /** Largest norm of the gradients. */
  clipNorm: z.number().gt(0).optional(),
  /** Decay of the moving average of the weights; the average is what is evaluated and exported. */
  averageDecay: z.number().gt(0).lt(1).optional(),
  /** Export the weights of the last epoch, or of that with the best validation accuracy. */
  keep: z.enum(['last', 'best']).default('last'),
  /** Stop after so many epochs without a better validation accuracy. */
  patience: z.int().min(1).optional(),
});

export type Recipe = z.infer<typeof recipeSchema>;

/** A recipe without what is done to the finished model alone: all that the trained weights depend on. */
export function trainedBy(recipe: Recipe): Omit<Recipe, 'arithmetic'> {
  const { arithmetic, ...rest } = recipe;
  return { ...rest, logitAdjustment: {} };
}

/** Reads a recipe file. @throws TrainError `BAD_RECIPE` naming the first wrong entry, `FILE_NOT_FOUND`, `UNREADABLE_FILE` */
export async function readRecipe(path: string): Promise<Recipe> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw new TrainError('UNREADABLE_FILE', `cannot read ${path}`, undefined, { cause });
    throw new TrainError('FILE_NOT_FOUND', `there is no recipe ${path}`, 'recipes are in examples/recipes', { cause });
  });
  return parseRecipe(parseJson(text, path), path);
}

const consistentRecipe = recipeSchema
  .refine(({ model, inputSize, evaluationSize = inputSize }) => evaluationSize === inputSize || takesAnySize(model), {
    path: ['evaluationSize'],
    error:
      'layers that see each place by itself (of cnn9, and `places`) take only the size that they were trained with',
  })
  .refine(({ distillation }) => !(distillation?.consistent === true && distillation.view === 'tencrop'), {
    path: ['distillation', 'view'],
    error: "consistent teachers see 'single' or 'flip': there is nothing around the pixels of a step",
  })
  .refine(({ model }) => residualNets(model).every(fitsStages), {
    path: ['model', 'blocks'],
    error: 'as many numbers as there are widths, or one for all',
  })
  .refine(({ model }) => residualNets(model).every((net) => !net.mirror || makesPairs(net)), {
    path: ['model', 'mirror'],
    error: 'an odd number of channels, in stem or widths, does not make pairs',
  })
  .refine(({ model }) => residualNets(model).every(({ mirror, gates, places }) => !(mirror && gates + places > 0)), {
    path: ['model', 'mirror'],
    error: 'gates and places do not keep mirrored pairs',
  });

function takesAnySize(model: ModelOptions): boolean {
  return singleNets(model).every((net) => net.architecture === 'residual' && net.places === 0);
}

function residualNets(model: ModelOptions): readonly ResidualOptions[] {
  return singleNets(model).filter((net) => net.architecture === 'residual');
}

function fitsStages({ blocks, widths }: ResidualOptions): boolean {
  return typeof blocks === 'number' || blocks.length === widths.length;
}

function makesPairs({ stem, widths }: ResidualOptions): boolean {
  return [stem, ...widths].every((channels) => channels % 2 === 0);
}

/** Fills in the defaults of a recipe. @throws TrainError `BAD_RECIPE` naming the first wrong entry */
export function parseRecipe(value: unknown, source = 'the recipe'): Recipe {
  const result = consistentRecipe.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new TrainError('BAD_RECIPE', `${source}: ${issue?.path.join('.') || 'recipe'}: ${issue?.message}`);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TrainError('BAD_RECIPE', `${path} is not JSON`, undefined, { cause });
  }
}

/** The augmentation of an epoch, from 0. */
export function augmentationAt(recipe: Recipe, epoch: number): AugmentOptions {
  if (recipe.augmentation === 'none') return {};
  const light = recipe.augmentation === 'light' || epoch >= recipe.epochs - recipe.lightEpochs;
  if (light) return LIGHT_AUGMENTATION;
  return recipe.augmentation === 'shaded' ? SHADED_AUGMENTATION : STANDARD_AUGMENTATION;
}
