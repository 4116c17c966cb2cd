import { z } from 'zod';
import { ServerError } from '../error.ts';

/** Every error of this server's own interface. */
export const errorSchema = z
  .object({
    code: z.string().describe('stable, for programs; docs/server.md lists them'),
    message: z.string(),
    hint: z.string().optional(),
  })
  .meta({ id: 'Error' });

/** Answers that every route may give besides its own. */
export const errorResponses = { '4xx': errorSchema, '5xx': errorSchema };

export const idSchema = z.string().describe('id of a prediction');

/** A truth value in a query or a form. */
export const booleanSchema = z.union([z.boolean(), z.stringbool()]);

/** A time as it is answered: ISO 8601 in UTC. */
export const timeSchema = z.iso.datetime().describe('ISO 8601, UTC');

/** @throws ServerError `BAD_REQUEST` that names what is wrong */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = issue?.path.join('.');
  throw new ServerError('BAD_REQUEST', `${name ? `${name}: ` : ''}${issue?.message ?? 'wrong input'}`);
}
