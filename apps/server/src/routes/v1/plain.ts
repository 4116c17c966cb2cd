import { EXPRESSIONS } from '@mememoji/vision/expression';
import type { z } from 'zod';
import type { feedbackItemSchema, predictionSchema } from '../../schemas/v1.ts';
import type { FeedbackRecord, PredictionRecord } from '../../store/predictions.ts';

/** A prediction as the API answers it. */
export function plainPrediction(record: PredictionRecord): z.output<typeof predictionSchema> {
  const { id, createdAt, model, image, faces } = record;
  return { id, created_at: createdAt.toISOString(), model, image, faces };
}

/** What was said of a face as the API answers it. The table's own check lets no other expression in. */
export function plainFeedback({ face, expression, createdAt }: FeedbackRecord): z.output<typeof feedbackItemSchema> {
  const known = EXPRESSIONS.find((name) => name === expression)!;
  return { face, expression: known, created_at: createdAt.toISOString() };
}
