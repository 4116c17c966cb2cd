/** What a page and its lab say to each other. */

import type { Explanation } from '@mememoji/train/explain/explanation';
import type { Example } from '@mememoji/train/tuning/examples';
import type { Lesson } from '@mememoji/train/tuning/tutor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';

export interface LabFiles {
  /** The classifier, an ONNX file that describes itself. */
  model: Uint8Array;
  /** Its memory; see docs/teach.md. */
  memory: Uint8Array;
  /** Absolute addresses of ONNX Runtime. */
  script: string;
  binary: string;
}

/** What can be asked of a lab, and what it answers. */
export interface LabCalls {
  open: { request: LabFiles; result: ClassifierSpec };
  /** Pixels are grey 0..255, faces of the size that the model wants, one after the other. */
  features: { request: { pixels: Float32Array }; result: Float32Array };
  /** Tells of each step while it goes on. */
  teach: { request: { examples: readonly Example[]; memoryWeight: number; when: Date }; result: Lesson };
  explain: { request: { pixels: Float32Array }; result: Explanation };
}

export type LabKind = keyof LabCalls;

export interface LabMessage<K extends LabKind> {
  id: number;
  kind: K;
  request: LabCalls[K]['request'];
}

/** How far a lesson is: steps from 1, the loss before the step. */
export interface Step {
  step: number;
  steps: number;
  loss: number;
}

export type LabAnswer =
  | { id: number; result: LabCalls[LabKind]['result'] }
  | { id: number; progress: Step }
  | { id: number; error: { code: string; message: string } };
