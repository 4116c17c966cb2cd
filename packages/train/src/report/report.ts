import type { CoveragePoint } from '@mememoji/vision/metrics/abstention';
import type { ReliabilityBin } from '@mememoji/vision/metrics/calibration';
import type { EpochMetrics } from '../checkpoint.ts';
import type { Split } from '../dataset.ts';
import type { Evaluation } from '../evaluate.ts';
import type { View } from '../views.ts';
import type { Operations } from './complexity.ts';
import type { Latency } from './latency.ts';

/** Everything that the evaluation of one model on one split found; what `evaluation.json` holds. Shares are 0..1. */
export interface Report {
  format: 1;
  /** ISO 8601. */
  created: string;
  model: ReportedModel;
  data: ReportedData;
  /** What all below is about but `accuracy` and `evaluations`, which have every view. */
  view: View;
  evaluations: Record<View, Evaluation>;
  accuracy: AccuracyRow[];
  ranks: RankRow[];
  reliability: { before: ReliabilityBin[]; after: ReliabilityBin[] };
  coverage: Coverage;
  distribution: ClassShare[];
  /** Some faces of each class, drawn by lot. */
  examples: FaceReading[];
  /** The faces that were read wrongly with the largest probability, that one first. */
  mistakes: FaceReading[];
  latency: Latency[];
  /** Where the folder of the training is known. */
  training: TrainingRun | null;
  environment: Environment;
}

export interface ReportedModel extends Operations {
  name: string;
  version: string;
  /** Name of the file, its size, and SHA-256 (hex) of it. */
  file: string;
  bytes: number;
  sha256: string;
  labels: string[];
  /** Width and height of the input in pixels. */
  input: [number, number];
  normalisation: string;
  temperature: number;
  uncertainBelow: number;
  /** What the file says of its training. */
  run: string;
  seed: number;
  epochs: number;
  date: string;
  recipe: string;
  trainingDataHash: string;
}

export interface ReportedData {
  path: string;
  sha256: string;
  split: Split;
  samples: number;
  /** Samples that equal no Training picture pixel for pixel; null for Training itself. */
  samplesWithoutDuplicates: number | null;
}

/** One way to count right answers. */
export interface AccuracyRow {
  view: View;
  /** 7, or 6 once disgust is counted as angry. */
  classes: number;
  /** Which faces are counted: all, or those that equal no Training picture. */
  faces: 'all' | 'without duplicates';
  samples: number;
  accuracy: number;
  /** 95% bootstrap interval. */
  low: number;
  high: number;
}

/** How often the truth stood first, second, third and so on. */
export interface RankRow {
  /** A label, or `all`. */
  class: string;
  samples: number;
  /** Entry r counts the samples with r classes before the truth. */
  counts: number[];
}

export interface Coverage {
  /** From the surest faces alone to all of them, thinned out to at most a few hundred points. */
  curve: CoveragePoint[];
  /** What the model's own threshold does; null if it calls every face uncertain. */
  threshold: CoveragePoint | null;
}

/** Shares of a class among the Training pictures, in the split, and among the answers for it. */
export interface ClassShare {
  class: string;
  /** Null where the data has no Training split. */
  training: number | null;
  truth: number;
  predicted: number;
}

/** What was read in one face. */
export interface FaceReading {
  /** Number of the row in the data's source, from 0. */
  row: number;
  truth: string;
  predicted: string;
  /** Probability of `predicted`. */
  confidence: number;
  uncertain: boolean;
  /** Whether the very same picture stands in Training; null for Training itself. */
  duplicate: boolean | null;
  probabilities: Record<string, number>;
}

/** What the folder of a training says. */
export interface TrainingRun {
  epochs: EpochMetrics[];
  status: string | null;
  seconds: number | null;
  trainingSamples: number | null;
}

/** Where the latency was measured. */
export interface Environment {
  node: string;
  onnxruntime: string;
  platform: string;
  processor: string;
  cores: number;
  /** Mean number of processes that wanted to run during the last minute (0 on Windows). */
  load: number;
}
