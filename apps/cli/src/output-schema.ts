/**
 * What `analyze --format json` and `ndjson` print, as schemas: to check data that comes from elsewhere, and to describe it.
 * docs/analyze.schema.json is made of them.
 */
import { EXPRESSIONS, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import * as z from 'zod';

const probability = z.number().min(0).max(1);
const seconds = z.number().describe('seconds');
const point = z.object({ x: z.number(), y: z.number() }).describe('pixels of the upright picture, origin top left');

const landmarks = z
  .object({ rightEye: point, leftEye: point, nose: point, mouth: point, rightEar: point, leftEar: point })
  .describe("right and left are the person's own");

const box = z
  .object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
  .describe('pixels of the upright picture, origin top left; may reach beyond its edge');

const place = {
  id: z.int().describe('0, 1, ... from left to right; in a video that of the track'),
  box,
  detection: probability.describe('score of the face detector'),
  landmarks,
};

const verdict = {
  confidence: probability.describe('the probability of the likeliest expression'),
  doubts: z.array(z.enum(['unclear', 'small', 'turned', 'blurred'])).describe('why the answer should not be relied on'),
  uncertain: z.boolean().describe('whether there is any doubt'),
};

const seven = z.record(z.enum(EXPRESSIONS), probability).describe('probabilities, together 1');
const six = z.record(z.enum(SIX_EXPRESSIONS), probability).describe('with --six: probabilities, together 1');
const raw = 'probabilities of this frame alone, before smoothing';

const face = z.object({ ...place, expressions: seven, dominant: z.enum(EXPRESSIONS), ...verdict });
const sixFace = z.object({ ...place, expressions: six, dominant: z.enum(SIX_EXPRESSIONS), ...verdict });
const trackedFace = face.extend({ raw: seven.describe(raw) });
const sixTrackedFace = sixFace.extend({ raw: six.describe(raw) });

const media = {
  path: z.string().describe("as it was named; '-' is standard input"),
  width: z.int().positive().describe('pixels of the upright picture'),
  height: z.int().positive().describe('pixels of the upright picture'),
};

const moment = {
  frame: z.int().nonnegative().describe('number of the frame in the video, from 0 on'),
  timestamp: seconds.describe('when it is shown, in seconds'),
};
const trackedFaces = z.union([z.array(trackedFace), z.array(sixTrackedFace)]);

const error = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });

const failedSchema = z.object({ path: media.path, error }).describe('what could not be read');
const pictureSchema = z
  .object({ ...media, faces: z.union([z.array(face), z.array(sixFace)]) })
  .describe('a picture; no face is a success with an empty list');
const frameSchema = z.object({ ...media, ...moment, faces: trackedFaces }).describe('a frame of a video');
const videoSchema = z
  .object({
    ...media,
    frames: z.array(z.object({ ...moment, faces: trackedFaces })),
    error: error.optional().describe('why it broke off'),
  })
  .describe('a video');

/** One line of NDJSON. */
export const lineSchema = z.union([frameSchema, pictureSchema, failedSchema]);

/** The whole of JSON. */
export const outputSchema = z.array(z.union([videoSchema, pictureSchema, failedSchema]));
