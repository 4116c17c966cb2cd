import * as ort from 'onnxruntime-web';
import { readFileSync } from 'node:fs';
ort.env.wasm.numThreads = 1;
if (process.env.SIMD) (ort.env.wasm as any).simd = process.env.SIMD;
const files = process.argv.slice(2);
const ss = []; for (const f of files) ss.push(await ort.InferenceSession.create(readFileSync(f), { executionProviders: ['wasm'], graphOptimizationLevel: 'all' }));
for (const b of [1]) {
  const best = files.map(() => [] as number[]);
  for (let r = 0; r < 5; r++) for (const [i, s] of ss.entries()) {
    const n = 10; const x = () => new ort.Tensor('float32', Float32Array.from({ length: b * 1600 }, () => Math.random() * 255), [b, 1, 40, 40]); await s.run({ pixels: x() });
    const t = performance.now(); for (let k = 0; k < n; k++) await s.run({ pixels: x() }); best[i]!.push((performance.now() - t) / n / b);
  }
  console.log(b, files.map((f, i) => f.split('/').slice(-2).join('/') + ' ' + best[i]!.sort((a, b) => a - b)[1]!.toFixed(3)).join('   '));
}
