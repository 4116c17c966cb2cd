/**
 * Trains in Node. Run: node --conditions=source examples/train-shapes/node.ts [MODEL.onnx]
 * Writes the trained net to MODEL.onnx if it is given.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { probeBlockSize } from '@mememoji/graph/blocks';
import { encodeModel } from '@mememoji/graph/codec';
import * as ort from 'onnxruntime-node';
import { sessionsOf } from './ort-session.ts';
import { buildClassifier } from './shapes.ts';
import { testAccuracy, train } from './train.ts';

const createSession = sessionsOf(ort, { intraOpNumThreads: 1, logSeverityLevel: 3 });

const blockSize = await probeBlockSize(createSession);
console.log(`ONNX Runtime takes channels in blocks of ${blockSize} here`);

const start = performance.now();
const values = await train(createSession, {
  blockSize,
  onStep(step, loss) {
    if (step === 1 || step % 40 === 0) console.log(`step ${String(step).padStart(3)}  loss ${loss.toFixed(4)}`);
  },
});
const accuracy = await testAccuracy(createSession, values);
const seconds = (performance.now() - start) / 1000;
console.log(`${(100 * accuracy).toFixed(1)}% of 600 new pictures are named rightly, after ${seconds.toFixed(1)} s`);

const [path] = process.argv.slice(2);
if (path !== undefined) {
  writeFileSync(`${path}.tmp`, encodeModel(buildClassifier(values)));
  renameSync(`${path}.tmp`, path);
}
